"""Figures with intervals: shares, ratios of sums over customers, and money retained.

Each estimate is an array with one element a group, and `limits(z)` gives its ends at z standard deviations of the
normal distribution (1.96 for 95 %); where a group has no value, its ends are NaN.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from analytics.intervals.pair_sums import Numbers, PairSums

Level = float | Numbers  # of standard deviations: for all groups, or each its own
FEWEST = 2  # customers of whom a spread can be known


class Estimate(Protocol):
    """A figure of several groups."""

    @property
    def value(self) -> Numbers: ...

    def limits(self, z: Level) -> tuple[Numbers, Numbers]:
        """The lower and the upper end."""


@dataclass(frozen=True)
class Share:
    """A share of `trials`, by Wilson's score interval (Wilson, 1927); `trials` need not be whole."""

    successes: Numbers
    trials: Numbers

    @property
    def value(self) -> Numbers:
        return _divided(self.successes, self.trials)

    def limits(self, z: Level) -> tuple[Numbers, Numbers]:
        n = np.where(self.trials > 0, self.trials, np.nan)
        share = self.successes / n
        centre = (share + z * z / (2 * n)) / (1 + z * z / n)
        spread = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        return np.clip(centre - spread, 0, share), np.clip(centre + spread, share, 1)


def clustered_share(sums: PairSums) -> Share:
    """A share of repeated trials: x of y trials of each customer succeeded.

    The trials count as so many independent ones as have the same variance of the share (Kish's effective size), at
    most as many as there are.
    """
    share = _divided(sums.x, sums.y)
    variance = _variance(sums, share)
    with np.errstate(divide="ignore", invalid="ignore"):
        effective = np.where(variance > 0, share * (1 - share) / variance, sums.y)
    trials = np.minimum(effective, sums.y)
    return Share(share * trials, trials)


@dataclass(frozen=True)
class RatioOfSums:
    """sum(x) / sum(y) over customers: the delta method, corrected for skewness.

    Money is skewed: of 100 customers with log-normal money the plain interval covers the truth in 85 to 90 % of draws
    instead of 95. Hall's transformation mends most of it (P. Hall, "On the removal of skewness by transformation",
    Journal of the Royal Statistical Society B 54, 1992).
    """

    sums: PairSums

    @property
    def value(self) -> Numbers:
        return _divided(self.sums.x, self.sums.y)

    def limits(self, z: Level) -> tuple[Numbers, Numbers]:
        sums, ratio = self.sums, self.value
        variance = _variance(sums, ratio)
        error = np.sqrt(variance)
        thirds = sums.xxx - 3 * ratio * sums.xxy + 3 * ratio**2 * sums.xyy - ratio**3 * sums.yyy
        squares = np.maximum(_squares(sums, ratio), 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            skewness = np.where(squares > 0, (thirds / sums.n) / (squares / sums.n) ** 1.5, 0)
            bend = skewness / np.sqrt(sums.n)
        return ratio - _unbent(z, bend) * error, ratio - _unbent(-z, bend) * error


@dataclass(frozen=True)
class Retained:
    """1 + sum(x) / sum(y): the share of money y that customers kept, where x is what each gained or, below 0, lost.

    Losses are rare, so that of few customers often none has one, which does not show that nobody ever leaves. As
    Agresti and Coull do for shares (The American Statistician 52, 1998), z² customers with the mean money are added for
    the limits: half of them keep it, half lose it. most : no larger value is possible; 1 where nobody can gain.
    """

    sums: PairSums
    most: float = math.inf

    @property
    def value(self) -> Numbers:
        return 1 + _divided(self.sums.x, self.sums.y)

    def limits(self, z: Level) -> tuple[Numbers, Numbers]:
        sums, half = self.sums, z * z / 2
        mean = _divided(sums.y, sums.n)
        n = sums.n + 2 * half
        change = _divided(sums.x - half * mean, sums.y + 2 * half * mean)
        squares = np.maximum(_squares(sums, change), 0) + half * mean**2 * ((1 + change) ** 2 + change**2)
        error = np.sqrt(_divided(squares, n * np.maximum(n - 1, 1))) / np.where(mean > 0, mean, np.nan)
        value = self.value
        low, high = np.minimum(1 + change - z * error, value), np.maximum(1 + change + z * error, value)
        return low, np.minimum(high, self.most)


@dataclass(frozen=True)
class Complement:
    """1 - an estimate."""

    estimate: Estimate

    @property
    def value(self) -> Numbers:
        return 1 - self.estimate.value

    def limits(self, z: Level) -> tuple[Numbers, Numbers]:
        low, high = self.estimate.limits(z)
        return 1 - high, 1 - low


def _divided(numerator: Numbers, denominator: Numbers) -> Numbers:
    return numerator / np.where(denominator > 0, denominator, np.nan)


def _squares(sums: PairSums, ratio: Numbers) -> Numbers:
    """The sum of (x - ratio * y)²."""
    return sums.xx - 2 * ratio * sums.xy + ratio**2 * sums.yy


def _variance(sums: PairSums, ratio: Numbers) -> Numbers:
    """The variance of the ratio by the delta method; NaN for fewer than two customers."""
    n = np.where(sums.n >= FEWEST, sums.n, np.nan)
    squares = np.maximum(_squares(sums, ratio), 0)
    return squares * n / (n - 1) / np.where(sums.y > 0, sums.y, np.nan) ** 2


def _unbent(z: float, bend: Numbers) -> Numbers:
    """Hall's transformation backwards: the deviation that has the probability of z under the skewness."""
    small = np.abs(bend) < 1e-9
    safe = np.where(small, 1.0, bend)
    unbent: Numbers = np.where(small, z, 3 / safe * (np.cbrt(1 + safe * (z - safe / 6)) - 1))
    return unbent
