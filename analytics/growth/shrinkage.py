"""Segments that shrank by more than a fifth over a record."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analytics.history import NOT_ASSIGNABLE, UNASSIGNED

FIFTH = 0.2
LEAST_MONEY = 0.001  # of everyone's: what moves in less is of no weight
CUSTOMERS = "customers"


@dataclass(frozen=True, slots=True)
class Shrinkage:
    """A segment with less of a measure, "customers" or money, at the last month end than at the first comparable."""

    segment: str
    measure: str
    first_month: str
    last_month: str
    before: float
    after: float

    @property
    def share(self) -> float:
        """The share that was lost: more than a fifth."""
        return 1 - self.after / self.before

    def sentence(self, name: str) -> str:
        """What happened, of a segment of this name."""
        what = "shrank by" if self.measure == CUSTOMERS else f"lost in {self.measure}"
        unit = f" {CUSTOMERS}" if self.measure == CUSTOMERS else ""
        return (
            f"“{name}” {what} {100 * self.share:.0f} %: {self.before:,.0f}{unit} at the end of {self.first_month}, "
            f"{self.after:,.0f} at the end of {self.last_month}"
        )


@dataclass(frozen=True, slots=True)
class ShrunkSegments:
    """The segments that lost more than a fifth of a measure; too_few : those of too few customers to compare."""

    shrunk: tuple[Shrinkage, ...] = ()
    too_few: tuple[str, ...] = ()
    first_month: str = ""


def shrunk_segments(sizes: pd.DataFrame, money_title: str, floor: int) -> ShrunkSegments:
    """The segments that lost more than a fifth of their customers, or of their money, in the order of the table.

    sizes : the table `SIZES`. floor : customers; a segment that has fewer at the first month end is too small, since
    they vary too much by chance. Hollow month ends are not compared, nor are customers in no segment, and money of less
    than a thousandth of everyone's.
    """
    comparable = sizes[~sizes.hollow.astype(bool)]
    months = comparable.month.drop_duplicates().tolist()
    if len(months) < 2:
        return ShrunkSegments()
    first = comparable[comparable.month == months[0]].set_index("segment")
    last = comparable[comparable.month == months[-1]].set_index("segment")
    shrunk = []
    segments = first.drop(index=[NOT_ASSIGNABLE, UNASSIGNED], errors="ignore")
    least = {CUSTOMERS: 0.0, "money": LEAST_MONEY * float(first.money.sum())}
    for segment in segments.index[segments.customers >= floor]:
        for column, measure in ((CUSTOMERS, CUSTOMERS), ("money", money_title)):
            before, after = float(first.loc[segment, column]), float(last.loc[segment, column])
            if before > least[column] and after < (1 - FIFTH) * before:
                shrunk.append(Shrinkage(segment, measure, months[0], months[-1], before, after))
    too_few = segments.index[(segments.customers > 0) & (segments.customers < floor)]
    return ShrunkSegments(tuple(shrunk), tuple(too_few), months[0])
