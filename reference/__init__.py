"""The generated tables of the documentation: each is derived from the code that it describes."""
