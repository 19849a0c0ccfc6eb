"""Kinds of columns, inferred from the values of a table of one row a customer."""
