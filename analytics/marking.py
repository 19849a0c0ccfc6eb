"""Rates with their intervals, and which groups differ from all others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from analytics.groups import SEGMENT
from analytics.history import EVERYONE
from analytics.intervals.differences import marks_of
from analytics.intervals.estimates import Estimate
from analytics.intervals.pair_sums import PairSums
from analytics.options import Z_95
from analytics.record import Definition

EstimateOf = Callable[[PairSums], Estimate]


@dataclass(frozen=True, slots=True)
class Marking:
    """Who can get a mark.

    segments : the ids of the model. shaped : the columns of the vector that shape its segments. floor : a group of
    fewer customers gets none. conditions : by grouping, the columns of the vector that a condition reads.
    """

    segments: Sequence[str]
    shaped: frozenset[str]
    floor: int
    conditions: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def marked(self, rows: pd.DataFrame, definition: Definition, sums: PairSums, estimate: EstimateOf) -> pd.DataFrame:
        """The rows of one figure and period with the mark of each group against all others of its grouping.

        sums : of each row. A figure that measures what shaped the segments, or what a condition reads, gets the mark
        that says so.
        """
        marks = rows.mark.to_numpy(dtype=object).copy()
        for grouping in dict.fromkeys(rows.grouping):
            if grouping == EVERYONE:
                continue
            places = np.flatnonzero(rows.grouping == grouping)
            own = sums.at(places)
            rest = own.total().minus(own)
            looked_at = (own.n >= self.floor) & (rest.n >= self.floor)
            if grouping == SEGMENT:
                looked_at &= rows.group.iloc[places].isin(list(self.segments)).to_numpy()
            shaping = self.shaped if grouping == SEGMENT else self.conditions.get(grouping, frozenset())
            defines = not shaping.isdisjoint(definition.columns)
            marks[places] = marks_of(estimate(own), estimate(rest), looked_at, defines)
        return rows.assign(mark=marks)


def with_interval(rows: pd.DataFrame, sums: PairSums, estimate: EstimateOf) -> pd.DataFrame:
    """The rows with the ends of the 95 % interval of each, out of its sums."""
    low, high = estimate(sums).limits(Z_95)
    return rows.assign(low=low, high=high)
