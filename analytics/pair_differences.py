"""Differences between any two segments in each figure, with their intervals."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.groups import SEGMENT
from analytics.intervals.differences import limits_of_difference

PAIR_DIFFERENCES = ("figure", "period", "first", "second", "difference", "low", "high")


def pair_differences(figures: pd.DataFrame) -> pd.DataFrame:
    """A row for each figure, period and ordered pair of segments that both have the figure with an interval.

    figures : the table `FIGURES`. difference : first - second; low and high are the ends of its 95 % interval, of this
    pair alone (`intervals.differences`). A customer who was in both segments in the months of a figure counts as two,
    which makes the interval too wide rather than too narrow.
    """
    own = figures[(figures["grouping"] == SEGMENT) & figures[["value", "low", "high"]].notna().all(axis=1)]
    keys = ["figure", "period"]
    own = own[[*keys, "group", "value", "low", "high"]]
    pairs = own.merge(own, on=keys, suffixes=("_first", "_second"))
    pairs = pairs[pairs["group_first"] != pairs["group_second"]]
    first, second = (
        (_numbers(pairs[f"value_{side}"]), _numbers(pairs[f"low_{side}"]), _numbers(pairs[f"high_{side}"]))
        for side in ("first", "second")
    )
    low, high = limits_of_difference(first, second)
    named = pairs.rename(columns={"group_first": "first", "group_second": "second"})
    return named.assign(difference=first[0] - second[0], low=low, high=high).reset_index(drop=True)[
        list(PAIR_DIFFERENCES)
    ]


def _numbers(column: pd.Series[float]) -> npt.NDArray[np.float64]:
    return np.asarray(column, dtype=np.float64)
