"""Texts and names in SQL, and in the conditions of the settings, which quote as SQL does."""

from __future__ import annotations


def quoted(text: str) -> str:
    """A text as a literal, whose only escape is the doubled quote."""
    return "'" + text.replace("'", "''") + "'"


def quoted_name(name: str, mark: str = '"') -> str:
    """The name of a column or table, whatever it holds; Spark's mark is the backtick."""
    return mark + name.replace(mark, mark * 2) + mark
