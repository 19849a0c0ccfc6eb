"""Numbers and differences in plain words."""

from __future__ import annotations

import math
from decimal import Decimal

from segment_model.contract import YEAR, Column

MOST_DIGITS = 6  # decimals
HUGE, MINUTE = 1e15, 1e-6  # larger and smaller numbers are written in powers of ten


def plain_number(value: float) -> str:
    """A number as people say it: three digits that matter, thousands separated, no trailing zeros; huge and minute
    ones in powers of ten.
    """
    if math.isnan(value):
        return "unknown"
    if value == 0:
        return "0"
    if not MINUTE <= abs(value) < HUGE:
        return f"{value:.3g}"
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
    if column.kind == "flag":
        return "yes" if value >= 0.5 else "no"
    if is_year(column):
        return _year(value)
    if column.kind == "share":
        return _percent(value)
    if in_percent(column):
        return f"{_percent(value)} {column.unit}"
    number = plain_number(value)
    unit = column.unit.removesuffix("s") if number == "1" else column.unit
    return f"{number} {unit}".strip()


def _percent(value: float) -> str:
    """A share in percent, also where a hundred times the share exceeds a double."""
    return f"{plain_number(100 * value) if abs(value) < HUGE else f'{Decimal(value) * 100:.2e}'} %"


def _year(value: float) -> str:
    """A year without a separator; with decimals where it lies between two."""
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.2f}".rstrip("0")


def is_year(column: Column) -> bool:
    """Whether the numbers of a column are years, which are written without a separator: 2010."""
    return column.unit == YEAR


def in_words_of_change(before: float | str | None, after: float | str | None, column: Column) -> str:
    """A change in words: "frequency: 3 more orders (from 4 to 7)"."""
    has_distance = column.kind != "flag" and not is_year(column)
    if isinstance(before, str) or isinstance(after, str) or before is None or after is None or not has_distance:
        return f"{column.title}: {exact_value(after, column)} instead of {exact_value(before, column)}"
    share = in_percent(column)
    gap, old, new = _change(before, after, 100 if share else 1)
    unit = "percentage points" if share else column.unit
    unit = unit.removesuffix("s") if gap == "1" else unit
    percent = " %" if share else ""
    ends = f"(from {old}{percent} to {new}{percent})"
    if column.kind == "count":
        return f"{column.title}: {' '.join([gap, 'more' if after > before else 'fewer', unit]).strip()} {ends}"
    return f"{column.title}: {' '.join([gap, unit]).strip()} {'more' if after > before else 'less'} {ends}"


def _change(before: float, after: float, times: int) -> tuple[str, str, str]:
    """The difference and both ends, each `times` as large, with as many decimals as tell the ends apart."""
    old, new = times * before, times * after
    digits = _digits(new)
    while round(old, digits) == round(new, digits) and digits < MOST_DIGITS:
        digits += 1
    old, new = round(old, digits), round(new, digits)
    if max(abs(old), abs(new)) < HUGE and (old != new or before == after):
        return _shown(abs(round(new - old, digits))), _shown(old), _shown(new)
    # the numbers exceed a double, or are too small for these decimals
    first, last = Decimal(before) * times, Decimal(after) * times
    return _shown(abs(last - first)), _shown(first), _shown(last)


def in_percent(column: Column) -> bool:
    """Whether the numbers of a column are shares, which are written in percent."""
    return column.kind == "share" or (column.kind == "number" and column.unit.startswith("of "))


def exact_value(value: float | str | None, column: Column) -> str:
    """A value with its unit and all digits of a rounded number: "1,234.5 USD"."""
    if not isinstance(value, float) or column.kind == "flag" or is_year(column):
        return plain_value(value, column)
    if in_percent(column):
        return f"{_all_digits(value, 100)} %"
    shown = _all_digits(value)
    return f"{shown} {column.unit.removesuffix('s') if shown == '1' else column.unit}".strip()


def _all_digits(value: float, times: int = 1) -> str:
    rounded = round(times * value, _digits(times * value))
    if abs(rounded) < HUGE and (rounded or not value):
        return _shown(rounded)
    return _shown(Decimal(value) * times)


def _digits(value: float) -> int:
    """Decimals to show: all of a rounded value; of any other two, or as many as show three digits that matter."""
    shortest = repr(round(value, MOST_DIGITS + 3)).partition(".")[2]
    if "e" not in shortest and len(shortest) <= MOST_DIGITS:
        return len(shortest.rstrip("0"))
    return min(MOST_DIGITS, max(2, 2 - math.floor(math.log10(abs(value)))))


def _shown(value: float | Decimal) -> str:
    """A number that was rounded before with all its digits; a huge or minute one in powers of ten."""
    double = float(value)
    if value and not MINUTE <= abs(double) < HUGE:
        return f"{value:.2e}" if math.isinf(double) else f"{double:.3g}"
    text = f"{value:,.{MOST_DIGITS}f}"
    return text.rstrip("0").rstrip(".")
