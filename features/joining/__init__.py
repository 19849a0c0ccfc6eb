"""Checks across tables: which ids they share, who is a customer at the as-of moment, which ids are not one person."""
