"""Figures with intervals: shares, ratios of sums over customers, and money retained.

Each estimate is an array with one element a group, and `limits(z)` gives its ends at z standard deviations of the
normal distribution (1.96 for 95 %); where a group has no value, its ends are NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.stats import norm, t

from analytics.intervals.pair_sums import Numbers, PairSums
from analytics.intervals.shares import effective_n

Level = float | Numbers  # of standard deviations: for all groups, or each its own
FEWEST = 2  # customers of whom a spread can be known
WIDEST_QUANTILE = 1e20  # limits as wide say nothing, and the squares of wider ones overflow


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

    The trials count as so many independent ones as tell as much (`shares.effective_n`).
    """
    trials = effective_n(sums.n, sums.y, sums.x, sums.yy, sums.xy, sums.xx)
    return Share(_divided(sums.x, sums.y) * trials, trials)


def money_share(sums: PairSums) -> Share:
    """The share x of money y, where 0 <= x <= y for each customer.

    The customers count as so many with equal money as have the same concentration of it (Kish's effective size), so
    that few losses among large customers do not look certain.
    """
    customers = _equal_customers(sums)
    return Share(_divided(sums.x, sums.y) * customers, customers)


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
        quantile = _student(z, sums.n)
        return ratio - _unbent(quantile, bend) * error, ratio - _unbent(-quantile, bend) * error


@dataclass(frozen=True)
class RatioOfMoney:
    """sum(x) / sum(y) where both are money: the delta method, the customers counting as so many with equal y as have
    the same concentration of it.

    Its skewness comes from few customers with much money, of which a sample tells too little to correct for it.
    """

    sums: PairSums

    @property
    def value(self) -> Numbers:
        return _divided(self.sums.x, self.sums.y)

    def limits(self, z: Level) -> tuple[Numbers, Numbers]:
        sums, ratio = self.sums, self.value
        customers = np.where(sums.n >= FEWEST, _equal_customers(sums), np.nan)
        squares = np.maximum(_squares(sums, ratio), 0)
        error = np.sqrt(squares * customers / np.maximum(customers - 1, 1)) / np.where(sums.y > 0, sums.y, np.nan)
        quantile = _student(z, customers)
        return ratio - quantile * error, ratio + quantile * error


@dataclass(frozen=True)
class Retained:
    """1 + sum(x) / sum(y): the share of money y that customers kept, where x is what each gained or, below 0, lost.

    Losses are rare, so that of few customers often none has one, which does not show that nobody ever leaves. As
    Agresti and Coull do for shares (The American Statistician 52, 1998), q² customers are added for the limits, where q
    is Student's quantile: half of them keep their money, half lose it. Each has as much as one of so many equal
    customers as have the same concentration of money.
    """

    sums: PairSums

    @property
    def value(self) -> Numbers:
        return 1 + _divided(self.sums.x, self.sums.y)

    def limits(self, z: Level) -> tuple[Numbers, Numbers]:
        sums, customers = self.sums, _equal_customers(self.sums)
        quantile = _student(z, customers)
        half, money = quantile**2 / 2, _divided(sums.y, customers)
        n, total = sums.n + 2 * half, sums.y + 2 * half * money
        change = _divided(sums.x - half * money, total)
        squares = np.maximum(_squares(sums, change), 0) + half * money**2 * ((1 + change) ** 2 + change**2)
        error = np.sqrt(squares * n / np.maximum(n - 1, 1)) / np.where(total > 0, total, np.nan)
        low, high = 1 + change - quantile * error, 1 + change + quantile * error
        return np.minimum(low, self.value), np.maximum(high, self.value)


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
    ratio: Numbers = numerator / np.where(denominator > 0, denominator, np.nan)
    return ratio


def _equal_customers(sums: PairSums) -> Numbers:
    """Kish's effective number of customers: so many with equal y have the same concentration of it."""
    return _divided(sums.y**2, sums.yy)


def _student(z: Level, customers: Numbers) -> Numbers:
    """The quantile of Student's distribution at the probability of z, the spread being estimated from the customers."""
    quantile: Numbers = t.isf(norm.sf(z), np.maximum(customers - 1, 1))
    return np.clip(quantile, -WIDEST_QUANTILE, WIDEST_QUANTILE)


def _squares(sums: PairSums, ratio: Numbers) -> Numbers:
    """The sum of (x - ratio * y)²."""
    return sums.xx - 2 * ratio * sums.xy + ratio**2 * sums.yy


def _variance(sums: PairSums, ratio: Numbers) -> Numbers:
    """The variance of the ratio by the delta method; NaN for fewer than two customers."""
    n = np.where(sums.n >= FEWEST, sums.n, np.nan)
    squares = np.maximum(_squares(sums, ratio), 0)
    variance: Numbers = squares * n / (n - 1) / np.where(sums.y > 0, sums.y, np.nan) ** 2
    return variance


def _unbent(z: Level, bend: Numbers) -> Numbers:
    """Hall's transformation backwards: the deviation that has the probability of z under the skewness."""
    small = np.abs(bend) < 1e-9
    safe = np.where(small, 1.0, bend)
    unbent: Numbers = np.where(small, z, 3 / safe * (np.cbrt(1 + safe * (z - safe / 6)) - 1))
    return unbent
