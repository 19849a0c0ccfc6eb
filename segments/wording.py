"""Numbers and differences in plain words."""

from __future__ import annotations

import math

from segments.contract import Column


def plain_number(value: float) -> str:
    """A number as people say it: three digits that matter, thousands separated, no trailing zeros."""
    if math.isnan(value):
        return "unknown"
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    rounded = round(value, 2 - magnitude)
    if magnitude >= 2 or rounded == round(rounded):
        return f"{rounded:,.0f}"
    text = f"{rounded:,.{max(0, 2 - magnitude)}f}"
    return text.rstrip("0").rstrip(".")


def plain_value(value: float | str | None, column: Column) -> str:
    """A value with its unit: "12 days", "31 %", "retail"."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "unknown"
    if isinstance(value, str):
        return value
    if column.kind == "share":
        return f"{plain_number(100 * value)} %"
    if column.kind == "flag":
        return "yes" if value >= 0.5 else "no"
    if column.kind == "number" and column.unit.startswith("of "):
        return f"{plain_number(100 * value)} % {column.unit}"
    number = plain_number(value)
    unit = column.unit.removesuffix("s") if number == "1" else column.unit
    return f"{number} {unit}".strip()


def direction(column: Column, upwards: bool) -> str:
    """The plain words for a high or a low value; made from the column's name where none were declared."""
    words = column.high if upwards else column.low
    return words or f"{'high' if upwards else 'low'} {column.title}"
