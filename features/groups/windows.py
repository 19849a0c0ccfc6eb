"""Windows of days that end with the last day before the as-of moment, within which rows count."""

from __future__ import annotations

import ibis.expr.types as ir

from features.as_of import AnyAsOf


def in_window(rows: ir.Table, as_of: AnyAsOf, days: int | None) -> ir.BooleanColumn | None:
    """Which rows lie within so many days; None where all count, as engines filter aggregates slowly."""
    return None if days is None else as_of.last_day - rows.day < days


def window_words(days: int | None) -> str:
    """The window as it ends a description."""
    return "" if days is None else f", in the last {days} days" if days > 1 else ", on the last day"


def both(first: ir.BooleanColumn | None, second: ir.BooleanColumn | None) -> ir.BooleanColumn | None:
    """Rows that meet two conditions, of which None is met by all."""
    if first is None or second is None:
        return second if first is None else first
    return first & second
