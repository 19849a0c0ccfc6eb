"""Files of raw tables: which they are, how they are written, and what is wrong with those that cannot be read."""
