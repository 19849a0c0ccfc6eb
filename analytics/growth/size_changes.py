"""Segments that grew or shrank by more than a fifth over a record, in customers or in money."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analytics.history import NOT_ASSIGNABLE, UNASSIGNED

FIFTH = 0.2
LEAST_CUSTOMERS = 10  # of a segment, at either month end: fewer vary too much by chance
LEAST_MONEY = 0.001  # of everyone's: what moves in less is of no weight
MOST_CHANGES = 6
CUSTOMERS, MONEY = "customers", "money"


@dataclass(frozen=True, slots=True)
class SizeChange:
    """A segment's `measure` (CUSTOMERS or MONEY) at the first and the last comparable month end.

    weight : the change over everyone's amount, at the month end at which that is larger.
    """

    segment: str
    measure: str
    first_month: str
    last_month: str
    before: float
    after: float
    weight: float

    @property
    def ratio(self) -> float | None:
        """After / before; None of fewer than `LEAST_CUSTOMERS` customers before, or of no money."""
        least = LEAST_CUSTOMERS if self.measure == CUSTOMERS else 0.0
        return self.after / self.before if self.before >= least and self.before > 0 else None


def size_changes(sizes: pd.DataFrame) -> tuple[SizeChange, ...]:
    """The segments that have a fifth more or less customers or money than at first, at most six: those that weigh most.

    sizes : the table `SIZES`. Left out are month ends that are hollow, segments that have fewer than `LEAST_CUSTOMERS`
    at both, customers in no segment, and money of less than a thousandth of everyone's.
    """
    comparable = sizes[~sizes.hollow.astype(bool)]
    months = comparable.month.drop_duplicates().tolist()
    if len(months) < 2:
        return ()
    first = comparable[comparable.month == months[0]].set_index("segment")
    last = comparable[comparable.month == months[-1]].set_index("segment")
    most = pd.concat([first[CUSTOMERS], last[CUSTOMERS]], axis=1).max(axis=1)
    compared = first.index[first.index.map(most) >= LEAST_CUSTOMERS].difference([NOT_ASSIGNABLE, UNASSIGNED])
    changes = []
    for measure, least in ((CUSTOMERS, 0.0), (MONEY, LEAST_MONEY)):
        whole = max(float(first[measure].sum()), float(last[measure].sum()))
        for segment in compared:
            before, after = float(first.loc[segment, measure]), float(last.loc[segment, measure])
            if max(before, after) > least * whole and abs(after - before) > FIFTH * before:
                weight = abs(after - before) / whole
                changes.append(SizeChange(segment, measure, months[0], months[-1], before, after, weight))
    return tuple(sorted(changes, key=lambda change: -change.weight)[:MOST_CHANGES])
