"""Looks at files and proposes settings for them: which table is which, and which column is which of ours."""
