"""Marks of the rows that the condition `where` does not choose; they are counted in the pass that keeps the table."""

from __future__ import annotations

import ibis.expr.types as ir

MARK = "where: "  # begins the name of each mark; with a blank, so that no column has such a name
NOT_CHOSEN = f"{MARK}not chosen"


def choice_marks(table: ir.Table) -> list[str]:
    """The names of the marks in a table; none where it has no condition."""
    return [name for name in table.columns if name.startswith(MARK)]


def own_columns(table: ir.Table) -> tuple[str, ...]:
    """The names of the user's own columns."""
    return tuple(name for name in table.columns if not name.startswith(MARK))


def chosen_of(table: ir.Table) -> ir.Table:
    """The chosen rows of a table with marks, without the marks; a table without marks as it is."""
    marks = choice_marks(table)
    return table.filter(~table[NOT_CHOSEN]).drop(*marks) if marks else table
