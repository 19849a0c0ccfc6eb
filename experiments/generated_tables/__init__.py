"""Generated customer tables: with planted groups, and without any structure."""
