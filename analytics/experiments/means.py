"""Differences in mean money by the studentised bootstrap, whose samples are drawn from both arms together.

Money is skewed, so that Student's test is wrong where the arms differ in size, and a bootstrap of each arm by itself
where few customers pay anything. The deviations of both arms from their means are therefore pooled: samples of the two
sizes are drawn from the pool, and the difference of their means over its standard error (Welch's) has the distribution
that chance alone gives. Without an effect the arms are alike, and the level is exact except for the drawing. (P. Hall,
The Bootstrap and Edgeworth Expansion, 1992, chapter 3; Chung and Romano, Annals of Statistics 41, 2013.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from analytics.experiments.comparison import KEYS, Comparison, GroupColumns, Key, by_group
from analytics.intervals.pair_sums import Numbers

MEAN = "mean"
FEWEST = 2  # customers of whom a spread can be known
DRAWS, FEWEST_DRAWS = 4_999, 999
MOST_DRAWN = 200_000_000  # customers of all samples of a pair; larger arms get fewer samples, down to FEWEST_DRAWS
AT_ONCE = 2_000_000  # customers drawn at a time, which bounds the memory
SEED = 20_261_130
TAIL = 0.025


@dataclass(frozen=True)
class Means:
    """customers : the money of each customer whose window is over, by KEYS. draws : samples of the bootstrap."""

    customers: Mapping[Key, Numbers]
    draws: int = DRAWS
    measure: str = MEAN

    @classmethod
    def of_rows(cls, rows: pd.DataFrame, columns: GroupColumns) -> Means:
        """Out of a row a customer: `experiment`, `arm`, the columns of groups, `counts` and `own` money."""
        grouped = by_group(rows, columns).groupby(list(KEYS))
        money: dict[Key, Numbers] = {}
        for (experiment, arm, grouping, group), part in grouped:
            own = part.loc[part["counts"], "own"].to_numpy(dtype=np.float64)
            money[str(experiment), str(arm), str(grouping), str(group)] = own
        return cls(money)

    @property
    def keys(self) -> Sequence[Key]:
        return list(self.customers)

    def compared(self, keys: Sequence[Key], of_control: Sequence[Key]) -> Comparison:
        nobody = np.zeros(0)
        pairs = [
            _Pair(self.customers.get(own, nobody), self.customers.get(rest, nobody), self.draws)
            for own, rest in zip(keys, of_control, strict=True)
        ]
        limits = [pair.limits_and_p() for pair in pairs]
        error = np.array([pair.error for pair in pairs])
        return Comparison(
            n=np.array([float(len(pair.own)) for pair in pairs]),
            n_control=np.array([float(len(pair.rest)) for pair in pairs]),
            outcome=np.array([_mean(pair.own) for pair in pairs]),
            outcome_control=np.array([_mean(pair.rest) for pair in pairs]),
            low=np.array([low for low, _, _ in limits]),
            high=np.array([high for _, high, _ in limits]),
            p=np.array([p for _, _, p in limits]),
            variance=error**2,
            error=error,
        )


@dataclass(frozen=True)
class _Pair:
    """The money of the customers of an arm, and that of control's."""

    own: Numbers
    rest: Numbers
    draws: int

    @cached_property
    def error(self) -> float:
        """Welch's standard error of the difference; NaN where an arm has too few customers."""
        if min(len(self.own), len(self.rest)) < FEWEST:
            return float("nan")
        return math.sqrt(self.own.var(ddof=1) / len(self.own) + self.rest.var(ddof=1) / len(self.rest))

    def limits_and_p(self) -> tuple[float, float, float]:
        """The ends of the 95 % interval of the difference of the means, and the p-value that agrees with it."""
        if np.isnan(self.error):
            return float("nan"), float("nan"), float("nan")
        difference = _mean(self.own) - _mean(self.rest)
        if self.error == 0:  # all customers of an arm paid alike, so that nothing is left to chance
            return difference, difference, float(difference == 0)
        drawn = self._drawn()
        observed = difference / self.error
        rank = max(1, math.ceil(TAIL * (len(drawn) + 1)) - 1)  # so that 0 lies outside where p < 0.05
        lowest, highest = np.partition(drawn, [rank - 1, len(drawn) - rank])[[rank - 1, len(drawn) - rank]]
        beyond = min((drawn >= observed).sum(), (drawn <= observed).sum())
        p = min(1.0, 2 * (1 + int(beyond)) / (1 + len(drawn)))
        return difference - float(highest) * self.error, difference - float(lowest) * self.error, p

    def _drawn(self) -> Numbers:
        """The studentised differences of samples in which the arm has no effect."""
        pool = np.sort(np.concatenate([self.own - self.own.mean(), self.rest - self.rest.mean()]))
        draws = min(self.draws, max(FEWEST_DRAWS, MOST_DRAWN // len(pool)))
        generator = np.random.default_rng(SEED)
        parts = []
        for begin in range(0, draws, step := max(1, AT_ONCE // len(pool))):
            size = min(step, draws - begin)
            moments = [_moments(generator, pool, size, len(arm)) for arm in (self.own, self.rest)]
            (mean, error), (other_mean, other_error) = moments
            spread = np.sqrt(error + other_error)
            parts.append(np.divide(mean - other_mean, spread, out=np.zeros(size), where=spread > 0))
        return np.concatenate(parts)


def _moments(generator: np.random.Generator, pool: Numbers, draws: int, size: int) -> tuple[Numbers, Numbers]:
    """The mean of each sample, and the square of its standard error."""
    sample = pool[generator.integers(0, len(pool), (draws, size))]
    return sample.mean(axis=1), sample.var(axis=1, ddof=1) / size


def _mean(money: Numbers) -> float:
    return float(money.mean()) if len(money) else float("nan")
