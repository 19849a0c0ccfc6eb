"""What the names of columns and files say: their words, and what the words are about."""
