"""Quartiles of the numbers of a vector in each segment, of the customers whose value is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm, rankdata

from analytics.distributions.labelled import Labelled
from analytics.distributions.level_shares import has_levels
from analytics.intervals.marks import marks
from analytics.record import QUARTILES
from segment_model.contract import Column, Role

Floats = npt.NDArray[np.float64]
QUARTERS = (0.25, 0.5, 0.75)


@dataclass(frozen=True)
class NumberSummary:
    """What is known of a number by group.

    answered : (groups,) customers whose value is known, of everyone and each segment. cuts : (groups, 3) quartiles,
    missing without any. higher, p : (segments,) as of `rank_differences`.
    """

    answered: npt.NDArray[np.int64]
    cuts: Floats
    higher: Floats
    p: Floats


def quartiles(labelled: Labelled, columns: Iterable[Column], floor: int) -> pd.DataFrame:
    """The table `QUARTILES` of the numbers among `columns`: everyone, then each segment.

    A segment in which fewer than `floor` customers have a value has no quartiles. A mark says that the values of a
    segment tend to be higher or lower than those of all other customers (Mann-Whitney).
    """
    n = labelled.counts(np.ones(len(labelled.codes), dtype=bool))
    summaries = [(column, _summary(labelled, column)) for column in columns if not has_levels(column)]
    return quartiles_of_summaries(labelled.everyone_and_groups, n, summaries, floor)


def quartiles_of_summaries(
    groups: tuple[str, ...],
    n: npt.NDArray[np.int64],
    summaries: Iterable[tuple[Column, NumberSummary]],
    floor: int,
) -> pd.DataFrame:
    """The table `QUARTILES` of what is known of each number, whoever computed it.

    groups : everyone, then the segments. n : (groups,) customers.
    """
    tables = [_rows(groups, n, column, summary, max(floor, 1)) for column, summary in summaries]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(QUARTILES))


def _summary(labelled: Labelled, column: Column) -> NumberSummary:
    values = labelled.frame[column.name].to_numpy(dtype=np.float64)
    known = ~np.isnan(values)
    codes = labelled.codes[known]
    groups = [values[known], *(values[known][codes == code] for code in range(len(labelled.groups)))]
    cuts = np.array([np.quantile(group, QUARTERS) if len(group) else [np.nan] * 3 for group in groups])
    return NumberSummary(labelled.counts(known), cuts, *rank_differences(values[known], codes, len(labelled.groups)))


def _rows(
    groups: tuple[str, ...], n: npt.NDArray[np.int64], column: Column, summary: NumberSummary, floor: int
) -> pd.DataFrame:
    answered = summary.answered
    compared = (answered[1:] >= floor) & (answered[0] - answered[1:] >= floor)
    own = marks(summary.higher, np.where(compared, summary.p, np.nan), column.role is Role.BASIS)
    cuts = np.where((answered >= floor)[:, None], summary.cuts, np.nan)
    frame = pd.DataFrame(
        {
            "column": column.name,
            "segment": np.array(groups, dtype=object),
            "n": n,
            "answered": answered,
            **{name: cuts[:, place] for place, name in enumerate(("lower", "median", "upper"))},
            "mark": np.append(np.array([""], dtype=object), own),
        }
    )
    return frame.loc[:, list(QUARTILES)]


def rank_differences(values: Floats, codes: npt.NDArray[np.intp], groups: int) -> tuple[Floats, Floats]:
    """Of each group against all others: by how much its values are higher (the probability that a value of the group
    exceeds one of the others, less one half), and the p-value of the Mann-Whitney test.

    The normal approximation with its corrections for ties and continuity, of all groups by one ranking; missing where
    a group or the rest is empty, or all values are equal.
    """
    own = np.bincount(codes, minlength=groups).astype(float)
    tied = np.unique(values, return_counts=True)[1].astype(float)
    rank_sums = np.bincount(codes, weights=rankdata(values), minlength=groups).astype(float)
    return _differences(own, rank_sums, tied)


def rank_differences_of_counts(counts: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    """As `rank_differences`, by (values, groups) customers of each group who have each value, in ascending order."""
    tied = counts.sum(axis=1).astype(float)
    ranks = np.cumsum(tied) - (tied - 1) / 2
    return _differences(counts.sum(axis=0).astype(float), ranks @ counts, tied[tied > 0])


def _differences(own: Floats, rank_sums: Floats, tied: Floats) -> tuple[Floats, Floats]:
    """own, rank_sums : (groups,) customers and their ranks added up. tied : how many have each value."""
    n = tied.sum()
    rest = n - own
    u = rank_sums - own * (own + 1) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        ties = (tied**3 - tied).sum() / (n * (n - 1.0)) if n > 1 else np.nan
        spread = np.sqrt(own * rest / 12 * (n + 1 - ties))
        z = np.maximum(np.abs(u - own * rest / 2) - 0.5, 0.0) / spread
        higher = u / (own * rest) - 0.5
    return np.where(spread > 0, higher, np.nan), np.where(spread > 0, 2 * norm.sf(z), np.nan)
