"""Ratios of two shares of different customers, such as the rate of a segment over that of all others.

The interval is Koopman's, by the score test (P. A. R. Koopman, "Confidence intervals for the ratio of two binomial
proportions", Biometrics 40, 1984): the ratios that the data do not refute. It needs no correction where nobody, or
everybody, of one side succeeds, as the method of logarithms does (Katz and others, Biometrics 34, 1978).
"""

from __future__ import annotations

import numpy as np

from analytics.intervals.estimates import Level
from analytics.intervals.pair_sums import Numbers

FARTHEST = 30.0  # of the logarithm of a ratio: beyond, an end counts as 0 or as infinite
STEPS = 60  # halvings, down to the precision of a double


def ratio_of_shares(successes: Numbers, trials: Numbers, rest_successes: Numbers, rest_trials: Numbers) -> Numbers:
    """(successes / trials) / (rest_successes / rest_trials); NaN where the rest has no success, or a side nobody."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio: Numbers = (successes / trials) / np.where(rest_successes > 0, rest_successes / rest_trials, np.nan)
    return ratio


def ratio_limits(
    successes: Numbers, trials: Numbers, rest_successes: Numbers, rest_trials: Numbers, z: Level
) -> tuple[Numbers, Numbers]:
    """The ends at z standard deviations of the normal distribution; NaN where the ratio is."""
    counts = tuple(np.asarray(count, dtype=np.float64) for count in (successes, trials, rest_successes, rest_trials))
    ratio = ratio_of_shares(*counts)
    known = np.isfinite(ratio)
    with np.errstate(divide="ignore", invalid="ignore"):
        middle = np.log(np.where(known & (ratio > 0), ratio, 1.0))
    start = np.where(ratio > 0, middle, -FARTHEST)
    low, high = (_end(start, side, counts, np.asarray(z, dtype=np.float64)) for side in (-FARTHEST, FARTHEST))
    low = np.where(ratio > 0, low, 0.0)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def _end(start: Numbers, far: float, counts: tuple[Numbers, ...], z: Numbers) -> Numbers:
    """The ratio between its estimate and a far one at which the score test has the value z."""
    near, wide = start.copy(), np.full_like(start, far)
    for _ in range(STEPS):
        middle = (near + wide) / 2
        refuted = _squared_score(np.exp(middle), *counts) > z**2
        near, wide = np.where(refuted, near, middle), np.where(refuted, middle, wide)
    return np.exp(near)


def _squared_score(ratio: Numbers, x1: Numbers, n1: Numbers, x2: Numbers, n2: Numbers) -> Numbers:
    """Koopman's statistic: Pearson's, at the shares that are likeliest under a ratio."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        a, b, c = ratio * (n1 + n2), ratio * (n1 + x2) + n2 + x1, x1 + x2
        second = 2 * c / (b + np.sqrt(np.maximum(b * b - 4 * a * c, 0)))  # the smaller root, without cancellation
        first = np.minimum(ratio * second, 1)
        score = _squares(x1, n1, first) + _squares(x2, n2, second)
    return np.where(np.isfinite(score), score, np.inf)


def _squares(successes: Numbers, n: Numbers, share: Numbers) -> Numbers:
    variance = n * share * (1 - share)
    difference = (successes - n * share) ** 2
    return np.where(difference <= 1e-18 * np.maximum(n, 1), 0.0, difference / variance)
