"""Which role a table has, and our column for each of theirs in that role."""
