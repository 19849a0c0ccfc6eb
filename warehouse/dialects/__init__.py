"""Dialects of SQL: quoting, limits, and the functions that each engine documents."""
