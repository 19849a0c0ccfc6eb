"""Texts and names in SQL, and in the conditions of the settings, which quote as SQL does."""

from __future__ import annotations


def quoted(text: str) -> str:
    """A text as a literal, whose only escape is the doubled quote."""
    return "'" + text.replace("'", "''") + "'"


def quoted_name(name: str) -> str:
    """The name of a column or table, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'
