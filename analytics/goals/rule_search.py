"""Searches rules whose customers reach a goal more often than the others of their group, without false discoveries.

Each rule is tested in each segment and among everyone by Fisher's exact test. The tests are corrected twice, each time
as Benjamini and Hochberg do (1995): the segments by their Simes p-values, then the rules of the segments that stay, at
a level lowered by the share of segments that stay (Benjamini and Bogomolov, Journal of the Royal Statistical Society B
76, 2014), so that many true rules in one segment leave no room for false ones in another. A rule that stays has the
interval of its ratio at the level of that selection, which must exclude 1. Each half of the customers, drawn by a
stable hash, must show the same side by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import gammaln
from scipy.stats import false_discovery_control, norm

from analytics.goals.rule_columns import HALF, Rule
from analytics.history import EVERYONE
from analytics.intervals.marks import LEVEL
from analytics.intervals.ratios import ratio_limits, ratio_of_shares

OF_A_HALF = 0.1  # of a two-sided test: each half shows the side at 5 %
CLOSE = 0.2  # a larger p-value of the score test is not computed exactly: no rule stays with it
KEPT = ("segment", "place", "n", "reached", "rest_n", "rest_reached", "ratio", "low", "high", "p")


@dataclass(frozen=True, slots=True)
class CountedRules:
    """The rules of one column. counts : `n` and `reached`, a row for each `segment`, `half` and `bin`."""

    rules: tuple[Rule, ...]
    counts: pd.DataFrame


def proven_rules(columns: Sequence[CountedRules], segments: Sequence[str], floor: int) -> pd.DataFrame:
    """The rules that hold, the surest first: `KEPT`, where `place` counts the rules of all columns in order.

    A ratio is of the rate of those who meet the rule to that of the others in the segment (or of EVERYONE, for all
    customers). Rules of fewer customers than the floor on either side are not looked at.
    """
    rows = _all_rules(columns, segments)
    if not len(rows):
        return pd.DataFrame(columns=list(KEPT))
    rows = rows[(rows.n >= floor) & (rows.rest_n >= floor)].reset_index(drop=True)
    if not len(rows):
        return pd.DataFrame(columns=list(KEPT))
    rows = rows.assign(p=_exact_p(rows, ""))
    chosen = rows.assign(level=_level_of_selection(rows)).dropna(subset="level").reset_index(drop=True)
    names = ("reached", "n", "rest_reached", "rest_n")
    reached, n, others, m = (chosen[name].to_numpy(dtype=np.float64) for name in names)
    low, high = ratio_limits(reached, n, others, m, norm.isf(chosen.level.to_numpy() / 2))
    chosen = chosen.assign(ratio=ratio_of_shares(reached, n, others, m), low=low, high=high)
    chosen = chosen[((chosen.low > 1) | (chosen.high < 1)) & _in_both_halves(chosen)]
    return chosen.sort_values(["p", "place"]).loc[:, list(KEPT)].reset_index(drop=True)


def _level_of_selection(rows: pd.DataFrame) -> pd.Series[float]:
    """The level at which each rule that is selected has its interval; missing for all others."""
    corrected = rows.groupby("segment").p.transform(lambda p: false_discovery_control(p.to_numpy()))
    simes = corrected.groupby(rows.segment).min()
    segments = simes[false_discovery_control(simes.to_numpy()) < LEVEL].index
    level = LEVEL * len(segments) / len(simes)
    kept = rows.segment.isin(segments) & (corrected < level)
    share = kept.groupby(rows.segment).transform("mean")
    return (level * share).where(kept)


def _all_rules(columns: Sequence[CountedRules], segments: Sequence[str]) -> pd.DataFrame:
    """A row for each rule and segment, with the counts of all and of each half (`n_0`, `n_1` and so on)."""
    frames, first = [], 0
    for column in columns:
        rows = _of_column(column, segments)
        frames.append(rows.assign(place=rows["place"] + first))
        first += len(column.rules)
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _of_column(column: CountedRules, segments: Sequence[str]) -> pd.DataFrame:
    bins = sorted(column.counts.bin.unique())
    names = [*segments, EVERYONE]
    totals = np.stack([_cube(column.counts, name, bins, segments) for name in ("n", "reached")])
    meets = np.array([[place in rule.bins for place in bins] for rule in column.rules], dtype=np.int64)
    own = np.einsum("cshb,rb->crsh", totals, meets)  # c: n and reached, r: rules, s: segments, h: halves
    rest = totals.sum(axis=3)[:, None] - own
    counts = {
        f"{prefix}{name}_{half}": side[place, :, :, half].ravel()
        for prefix, side in (("", own), ("rest_", rest))
        for place, name in enumerate(("n", "reached"))
        for half in (0, 1)
    }
    wide = pd.DataFrame(counts)
    for name in ("n", "reached", "rest_n", "rest_reached"):
        wide[name] = wide[f"{name}_0"] + wide[f"{name}_1"]
    places = np.repeat(np.arange(len(column.rules)), len(names))
    return wide.assign(place=places, segment=names * len(column.rules))


def _cube(counts: pd.DataFrame, name: str, bins: Sequence[int], segments: Sequence[str]) -> np.ndarray:
    """Counts by segment, half and bin, with everyone as the last segment."""
    groups = [*dict.fromkeys([*segments, *counts.segment])]
    cube = np.zeros((len(groups), 2, len(bins)), dtype=np.int64)
    rows = pd.Index(groups).get_indexer(pd.Index(counts["segment"]))
    places = pd.Index(bins).get_indexer(pd.Index(counts["bin"]))
    np.add.at(cube, (rows, counts[HALF].to_numpy(dtype=np.int64), places), counts[name].to_numpy(dtype=np.int64))
    return np.concatenate([cube[: len(segments)], cube.sum(axis=0, keepdims=True)])


def _in_both_halves(rows: pd.DataFrame) -> np.ndarray:
    """Whether each half alone shows the side of the whole."""
    agree = np.ones(len(rows), dtype=bool)
    for half in (0, 1):
        suffix = f"_{half}"
        rate = rows[f"reached{suffix}"] / rows[f"n{suffix}"].where(rows[f"n{suffix}"] > 0)
        rest = rows[f"rest_reached{suffix}"] / rows[f"rest_n{suffix}"].where(rows[f"rest_n{suffix}"] > 0)
        same = ((rate > rest) == (rows.ratio > 1)).to_numpy()
        agree &= same & (_exact_p(rows, suffix) < OF_A_HALF)
    return agree


def _exact_p(rows: pd.DataFrame, suffix: str) -> np.ndarray:
    """Fisher's exact test, two-sided by doubling the smaller tail; the score test's p-value where that is not small."""
    names = ("n", "reached", "rest_n", "rest_reached")
    n, reached, m, others = (rows[f"{name}{suffix}"].to_numpy(dtype=np.int64) for name in names)
    pooled = (reached + others) / np.maximum(n + m, 1)
    variance = pooled * (1 - pooled) * (1 / np.maximum(n, 1) + 1 / np.maximum(m, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.abs(reached / np.maximum(n, 1) - others / np.maximum(m, 1)) / np.sqrt(variance)
    p = np.where(variance > 0, 2 * norm.sf(score), 1.0)
    for place in np.flatnonzero(p < CLOSE):
        p[place] = _doubled_tail(int(reached[place]), int(n[place]), int(others[place]), int(m[place]))
    return p


def _doubled_tail(reached: int, n: int, others: int, m: int) -> float:
    """Twice the probability of so many or more of all who reach it among n of n + m, or of so many or fewer, whichever
    is less.

    As `scipy.stats.hypergeom` has it, which takes a second for thousands of rules.
    """
    total = reached + others
    ends = (reached, min(n, total)) if reached * m > others * n else (max(0, total - m), reached)
    counts = np.arange(ends[0], ends[1] + 1)
    logs = _log_choose(n, counts) + _log_choose(m, total - counts) - _log_choose(n + m, np.array([total]))
    return min(1.0, 2 * float(np.exp(logs).sum()))


def _log_choose(n: int, k: np.ndarray) -> np.ndarray:
    chosen: np.ndarray = gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0)
    return chosen


def best_of_each(rules: pd.DataFrame, segments: Sequence[str]) -> Mapping[str, pd.Series]:
    """By segment the surest rule whose customers reach the goal more often than the others of the segment."""
    more = rules[(rules.ratio > 1) & rules.segment.isin([*segments])]
    return {str(segment): own.iloc[0] for segment, own in more.groupby("segment", sort=False)}
