"""Segments that shrank by more than a fifth over a record."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

FIFTH = 0.2
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


def shrunk_segments(sizes: pd.DataFrame, money_title: str, floor: int = 10) -> tuple[Shrinkage, ...]:
    """The segments that lost more than a fifth of their customers, or of their money, in the order of the table.

    sizes : the table `SIZES`. Hollow month ends are not compared, nor are segments of fewer than `floor` customers.
    """
    comparable = sizes[~sizes.hollow.astype(bool)]
    months = comparable.month.drop_duplicates().tolist()
    if len(months) < 2:
        return ()
    first = comparable[comparable.month == months[0]].set_index("segment")
    last = comparable[comparable.month == months[-1]].set_index("segment")
    shrunk = []
    for segment in first.index[first.customers >= floor]:
        for column, measure in ((CUSTOMERS, CUSTOMERS), ("money", money_title)):
            before, after = float(first.loc[segment, column]), float(last.loc[segment, column])
            if before > 0 and after < (1 - FIFTH) * before:
                shrunk.append(Shrinkage(segment, measure, months[0], months[-1], before, after))
    return tuple(shrunk)
