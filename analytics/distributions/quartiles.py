"""Quartiles of the numbers of a vector in each segment, of the customers whose value is known."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm, rankdata

from analytics.distributions.labelled import Labelled
from analytics.intervals.marks import marks
from analytics.record import QUARTILES
from segment_model.contract import Column, Kind, Role

Floats = npt.NDArray[np.float64]
NO_NUMBERS = (Kind.CATEGORY, Kind.FLAG)


def quartiles(labelled: Labelled, columns: Iterable[Column], floor: int = 10) -> pd.DataFrame:
    """The table `QUARTILES` of the numbers among `columns`: everyone, then each segment.

    A segment in which fewer than `floor` customers have a value has no quartiles. A mark says that the values of a
    segment tend to be higher or lower than those of all other customers (Mann-Whitney).
    """
    tables = [_rows(labelled, column, floor) for column in columns if column.kind not in NO_NUMBERS]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(QUARTILES))


def _rows(labelled: Labelled, column: Column, floor: int) -> pd.DataFrame:
    values = labelled.frame[column.name].to_numpy(dtype=np.float64)
    known = ~np.isnan(values)
    answered = labelled.counts(known)
    codes = labelled.codes[known]
    groups = [values[known], *(values[known][codes == code] for code in range(len(labelled.groups)))]
    cuts = np.array([np.quantile(g, (0.25, 0.5, 0.75)) if len(g) >= max(floor, 1) else [np.nan] * 3 for g in groups])
    higher, p = rank_differences(values[known], codes, len(labelled.groups))
    compared = (answered[1:] >= max(floor, 1)) & (answered[0] - answered[1:] >= max(floor, 1))
    own = marks(higher, np.where(compared, p, np.nan), column.role is Role.BASIS)
    frame = pd.DataFrame(
        {
            "column": column.name,
            "segment": np.array(labelled.everyone_and_groups, dtype=object),
            "n": labelled.counts(np.ones(len(values), dtype=bool)),
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
    n = len(values)
    own = np.bincount(codes, minlength=groups).astype(float)
    rest = n - own
    ranks = rankdata(values)
    tied = np.unique(values, return_counts=True)[1].astype(float)
    u = np.bincount(codes, weights=ranks, minlength=groups) - own * (own + 1) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        ties = (tied**3 - tied).sum() / (n * (n - 1.0)) if n > 1 else np.nan
        spread = np.sqrt(own * rest / 12 * (n + 1 - ties))
        z = np.maximum(np.abs(u - own * rest / 2) - 0.5, 0.0) / spread
        higher = u / (own * rest) - 0.5
    return np.where(spread > 0, higher, np.nan), np.where(spread > 0, 2 * norm.sf(z), np.nan)
