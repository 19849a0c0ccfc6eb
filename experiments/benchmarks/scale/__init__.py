"""How time and memory grow with the rows: whole commands at three sizes, and features against pandas and SQL."""
