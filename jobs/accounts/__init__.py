"""Lists of accounts: in order of their worth, and split into the arms of an experiment."""
