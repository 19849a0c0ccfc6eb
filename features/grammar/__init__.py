"""The grammar of text in tables and requests: regular expressions and readers in plain Python, without an engine."""
