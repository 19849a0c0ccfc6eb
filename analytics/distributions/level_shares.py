"""Shares of the levels of categories and of flags in each segment, of the customers whose value is known."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.distributions.labelled import Labelled
from analytics.groups import MOST_LEVELS, OTHER
from analytics.intervals.marks import marks
from analytics.intervals.shares import share_differences, wilson
from analytics.record import SHARES
from segment_model.contract import Column, Kind, Role

YES = "yes"


def level_shares(labelled: Labelled, columns: Iterable[Column], floor: int = 10) -> pd.DataFrame:
    """The table `SHARES` of the categories and flags among `columns`: everyone, then each segment.

    The eight commonest levels of a category are shown, the rest together as "other"; of a flag the level "yes". A
    segment in which fewer than `floor` customers have a value has no share. Marks compare a segment's share with that
    of all other customers, over all segments and levels of a column.
    """
    tables = []
    for column in columns:
        if column.kind in (Kind.CATEGORY, Kind.FLAG):
            levels = _levels(labelled.frame[column.name], column)
            tables.append(_rows(labelled, column, levels, floor))
    whole = [table for table in tables if len(table)]
    return pd.concat(whole, ignore_index=True) if whole else pd.DataFrame(columns=list(SHARES))


def _levels(values: pd.Series, column: Column) -> pd.Series:
    """The level of each customer, missing where it is not known; of a flag "yes" and "no"."""
    if column.kind is Kind.FLAG:
        return values.map({1.0: YES, 0.0: "no"})
    known = values.astype("str")
    counts = known.value_counts()
    ordered = sorted(counts.index, key=lambda level: (-counts[level], level))
    return known.where(known.isna() | known.isin(ordered[:MOST_LEVELS]), OTHER)


def _rows(labelled: Labelled, column: Column, levels: pd.Series, floor: int) -> pd.DataFrame:
    known = levels.notna().to_numpy()
    n, answered = labelled.counts(np.ones(len(levels), dtype=bool)), labelled.counts(known)
    listed = _in_order(levels) if column.kind is Kind.CATEGORY else [YES]
    customers = np.array([labelled.counts((levels == level).to_numpy(dtype=bool)) for level in listed])
    if not len(customers):
        return pd.DataFrame(columns=list(SHARES))
    return share_rows(
        column.name, labelled.everyone_and_groups, listed, n, answered, customers, floor, column.role is Role.BASIS
    )


def share_rows(
    name: str,
    groups: tuple[str, ...],
    levels: list[str],
    n: npt.NDArray[np.int64],
    answered: npt.NDArray[np.int64],
    customers: npt.NDArray[np.int64],
    floor: int,
    defines: bool = False,
) -> pd.DataFrame:
    """The rows of one column.

    groups : everyone, then the segments. n, answered : (groups,) counts. customers : (levels, groups) of each level.
    """
    enough = answered >= max(floor, 1)
    share = np.where(enough, customers / np.maximum(answered, 1), np.nan)
    low, high = wilson(np.where(enough, customers, np.nan), np.broadcast_to(answered, customers.shape))
    rest, rest_answered = customers[:, :1] - customers[:, 1:], answered[0] - answered[1:]
    difference, p = share_differences(customers[:, 1:], answered[1:], rest, rest_answered)
    compared = enough[1:] & (rest_answered >= max(floor, 1))
    own = marks(difference, np.where(compared, p, np.nan), defines)
    wide = len(groups)
    frame = pd.DataFrame(
        {
            "column": name,
            "segment": np.tile(np.array(groups, dtype=object), len(levels)),
            "level": np.repeat(np.array(levels, dtype=object), wide),
            "n": np.tile(n, len(levels)),
            "answered": np.tile(answered, len(levels)),
            "customers": customers.ravel(),
            "share": share.ravel(),
            "low": low.ravel(),
            "high": high.ravel(),
            "mark": np.column_stack([np.full(len(levels), "", dtype=object), own]).ravel(),
        }
    )
    return frame.loc[:, list(SHARES)]


def _in_order(levels: pd.Series) -> list[str]:
    """The commonest level first; "other" last."""
    counts = levels.value_counts()
    return sorted(counts.index, key=lambda level: (level == OTHER, -counts[level], level))
