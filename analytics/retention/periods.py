"""The periods of cohorts: months, or quarters by the calendar, that lie wholly within a record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import ibis.expr.types as ir

from analytics.month_ends import MonthEnds

QUARTER = 3  # months
SETTLED_AFTER = 3  # months: at their end a cohort is split by segment


@dataclass(frozen=True, slots=True)
class Periods:
    """Consecutive periods of `length` months each; the first begins with the month end at position `offset`."""

    labels: tuple[str, ...]
    length: int
    offset: int

    @classmethod
    def of(cls, ends: MonthEnds, kind: Literal["month", "quarter"]) -> Periods:
        """All months of a record, or its whole quarters such as "2017-Q1"; none where it is too short."""
        if kind == "month":
            return cls(ends.months, 1, 0)
        offset = next((p for p, day in enumerate(ends.dates) if day.month % QUARTER == 1), len(ends.dates))
        starts = ends.dates[offset : len(ends.dates) - QUARTER : QUARTER]
        return cls(tuple(f"{day.year}-Q{day.month // QUARTER + 1}" for day in starts), QUARTER, offset)

    def __len__(self) -> int:
        return len(self.labels)

    def of_position(self, position: ir.IntegerValue) -> ir.IntegerValue:
        """The number of the period, from 0, that holds the month which ends at a position; outside of the periods
        less than 0, or their number and more."""
        month = position - 1 - self.offset
        return month if self.length == 1 else ((month + QUARTER).cast("float64") / QUARTER).floor().cast("int64") - 1

    def is_at_end(self, position: ir.IntegerValue) -> ir.BooleanValue:
        """Whether the month that ends at a position is the last of its period."""
        return (position - self.offset) % self.length == 0

    def end(self, number: ir.IntegerValue) -> ir.IntegerValue:
        """The position at which a period ends."""
        return number * self.length + (self.offset + self.length)

    def settled(self, number: ir.IntegerValue) -> ir.IntegerValue:
        """The position at which the third month from a period's beginning ends."""
        return number * self.length + (self.offset + SETTLED_AFTER)
