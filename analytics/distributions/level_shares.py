"""Shares of the levels of categories and of flags in each segment, of the customers whose value is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.distributions.labelled import Labelled
from analytics.groups import MOST_LEVELS, OTHER
from analytics.intervals.marks import marks
from analytics.intervals.shares import share_differences, wilson
from analytics.record import SHARES
from segment_model.contract import Column, Kind, Role

YES, NO = "yes", "no"
NUMBERED = re.compile(r"(?:(under|below|less than|up to|<)\s*)?(\d[\d,]*(?:\.\d+)?)", re.IGNORECASE)
LevelCounts = Mapping[str, npt.NDArray[np.int64]]


def level_shares(labelled: Labelled, columns: Iterable[Column], floor: int) -> pd.DataFrame:
    """The table `SHARES` of the categories and flags among `columns`: everyone, then each segment.

    The eight commonest levels of a category are shown, the rest together as "other"; of a flag the level "yes". A
    segment in which fewer than `floor` customers have a value has no share. Marks compare a segment's share with that
    of all other customers, over all segments and levels of a column.
    """
    n = labelled.counts(np.ones(len(labelled.codes), dtype=bool))
    groups = labelled.everyone_and_groups
    return shares_of_counts(groups, n, [(c, _counts(labelled, c)) for c in columns if has_levels(c)], floor)


def has_levels(column: Column) -> bool:
    """Whether a column has shares of levels, and no quartiles."""
    return column.kind in (Kind.CATEGORY, Kind.FLAG)


def shares_of_counts(
    groups: tuple[str, ...],
    n: npt.NDArray[np.int64],
    counted_levels: Iterable[tuple[Column, LevelCounts]],
    floor: int,
) -> pd.DataFrame:
    """The table `SHARES` by counts, whoever counted.

    groups : everyone, then the segments. n : (groups,) customers. counted_levels : of each column its known levels,
    those of a flag "yes" and "no", with (groups,) customers each; beyond the eight commonest together as "other".
    """
    tables = [_rows(groups, column, n, counts, floor) for column, counts in counted_levels]
    whole = [table for table in tables if len(table)]
    return pd.concat(whole, ignore_index=True) if whole else pd.DataFrame(columns=list(SHARES))


def _counts(labelled: Labelled, column: Column) -> LevelCounts:
    """The known levels of a column and their customers; of many levels the commonest, and the rest together."""
    values = labelled.frame[column.name]
    levels = values.map({1.0: YES, 0.0: NO}) if column.kind is Kind.FLAG else values.astype("str")
    codes, names = pd.factorize(levels)
    groups = len(labelled.groups)
    known = codes >= 0
    places = codes[known] * groups + labelled.codes[known]
    table = np.bincount(places, minlength=len(names) * groups).reshape(len(names), groups)
    whole = np.column_stack([table.sum(axis=1), table]).astype(np.int64)
    return _pooled(dict(zip(map(str, names), whole, strict=True)))


def _rows(
    groups: tuple[str, ...], column: Column, n: npt.NDArray[np.int64], counts: LevelCounts, floor: int
) -> pd.DataFrame:
    answered = sum(counts.values(), np.zeros(len(groups), dtype=np.int64))
    shown = _in_order(counts)
    if column.kind is Kind.FLAG:
        shown = {YES: counts.get(YES, np.zeros(len(groups), dtype=np.int64))}
    if not shown:
        return pd.DataFrame(columns=list(SHARES))
    customers = np.array(list(shown.values()))
    return share_rows(column.name, groups, list(shown), n, answered, customers, floor, column.role is Role.BASIS)


def _pooled(counts: LevelCounts) -> LevelCounts:
    """The commonest levels; the rest together as "other"."""
    ordered = sorted(counts, key=lambda level: (-counts[level][0], level))
    pooled: dict[str, npt.NDArray[np.int64]] = {}
    for place, level in enumerate(ordered):
        name = level if place < MOST_LEVELS else OTHER
        pooled[name] = pooled[name] + counts[level] if name in pooled else counts[level]
    return pooled


def _in_order(counts: LevelCounts) -> LevelCounts:
    """Levels that all begin with a number by that number, such as ages; else the commonest first. "other" is last."""
    numbers = {level: match for level in counts if (match := NUMBERED.match(level)) is not None}
    by_number = len(numbers) == len(counts.keys() - {OTHER})

    def place(pair: tuple[str, npt.NDArray[np.int64]]) -> tuple[bool, float, float, str]:
        level, customers = pair
        if level == OTHER or not by_number:
            return level == OTHER, 0.0, -float(customers[0]), level
        below, number = numbers[level].groups()
        return False, float(number.replace(",", "")), 0.0 if below else 1.0, level

    return dict(sorted(counts.items(), key=place))


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
