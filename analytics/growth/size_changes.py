"""Segments that grew or shrank by more than a fifth over a record, in customers or in money."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analytics.history import NOT_ASSIGNABLE, UNASSIGNED

FIFTH = 0.2
LEAST_MONEY = 0.001  # of everyone's: what moves in less is of no weight
MOST_CHANGES = 6
CUSTOMERS, MONEY = "customers", "money"


@dataclass(frozen=True, slots=True)
class SizeChange:
    """A segment's `measure` (CUSTOMERS or MONEY) at the first and the last comparable month end.

    weight : the change over everyone's amount, at the month end at which that is larger. ratio : after / before; None
    of fewer customers before than the floor, or of no money.
    """

    segment: str
    measure: str
    first_month: str
    last_month: str
    before: float
    after: float
    weight: float
    ratio: float | None


def size_changes(sizes: pd.DataFrame, floor: int) -> tuple[SizeChange, ...]:
    """The segments that have a fifth more or less customers or money than at first, at most six: those that weigh most.

    sizes : the table `SIZES`. floor : customers. Left out are month ends of short history, segments that are too small,
    customers in no segment, and money of less than a thousandth of everyone's.
    """
    ends = _first_and_last(sizes)
    if ends is None:
        return ()
    first, last = ends
    months = str(first.month.iloc[0]), str(last.month.iloc[0])
    compared = first.index.difference([*too_small_segments(sizes, floor), NOT_ASSIGNABLE, UNASSIGNED])
    changes = []
    for measure, least in ((CUSTOMERS, 0.0), (MONEY, LEAST_MONEY)):
        whole = max(float(first[measure].sum()), float(last[measure].sum()))
        for segment in compared:
            before, after = float(first.loc[segment, measure]), float(last.loc[segment, measure])
            if max(before, after) > least * whole and abs(after - before) > FIFTH * before:
                few = before < floor if measure == CUSTOMERS else before <= 0
                ratio, weight = None if few else after / before, abs(after - before) / whole
                changes.append(SizeChange(segment, measure, *months, before, after, weight, ratio))
    return tuple(sorted(changes, key=lambda change: -change.weight)[:MOST_CHANGES])


def too_small_segments(sizes: pd.DataFrame, floor: int) -> tuple[str, ...]:
    """The segments with fewer customers than the floor at both month ends, which vary too much by chance."""
    ends = _first_and_last(sizes)
    if ends is None:
        return ()
    most = pd.concat([end[CUSTOMERS] for end in ends], axis=1).max(axis=1)
    small = most.index[(most > 0) & (most < floor)].difference([NOT_ASSIGNABLE, UNASSIGNED], sort=False)
    return tuple(str(segment) for segment in small)


def _first_and_last(sizes: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame] | None:
    """By segment, the rows of the first and of the last month end of no short history; None without two of them."""
    comparable = sizes[~sizes.short_history.astype(bool)]
    months = comparable.month.drop_duplicates().tolist()
    if len(months) < 2:
        return None
    by_segment = comparable.set_index("segment")
    return by_segment[by_segment.month == months[0]], by_segment[by_segment.month == months[-1]]
