"""What a record says of a named condition beside its figures: its overlap with the segments."""
