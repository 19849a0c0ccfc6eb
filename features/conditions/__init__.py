"""Conditions as in SQL: a small grammar, its typed tree, and the expression of a tree over columns."""
