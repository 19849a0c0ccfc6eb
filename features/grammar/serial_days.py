"""Numbers that may be days as spreadsheets count them, from 1899-12-30: 45123 is 2023-07-16."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

FIRST, LAST = date(2000, 1, 1), date(2040, 12, 31)  # days that a table of customers is about
DAY_0 = date(1899, 12, 30)


@dataclass(frozen=True, slots=True)
class SerialDays:
    """The days of the least and of the largest of the numbers."""

    first: date
    last: date


def serial_days(least: float, largest: float) -> SerialDays | None:
    """The days that numbers between these two may be; None if they hardly are."""
    if not (FIRST - DAY_0).days <= least <= largest < (LAST - DAY_0).days + 1:
        return None
    return SerialDays(DAY_0 + timedelta(days=int(least)), DAY_0 + timedelta(days=int(largest)))
