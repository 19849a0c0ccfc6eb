"""With which probability the planted statements are found: out of the planted chances and the sizes, no outcome.

A statement of a rate or a difference is found where its p-value stays below the level of marks, divided by all groups
looked at; that a segment stands out, where Cochran's Q does, divided by all tests. Dividing (Bonferroni) is stricter
than the correction of the marks (Benjamini and Hochberg), so that the power is at least the one stated here.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import chi2, ncx2, norm

from analytics.experiments.sample_ratio import LEVEL as MISMATCH_LEVEL
from analytics.intervals.differences import p_values
from analytics.intervals.estimates import Share
from analytics.intervals.marks import LEVEL
from analytics.intervals.pair_sums import Numbers

DRAWN = 20_000
FEWEST = 2  # groups whose effects can differ


def difference_power(chance: float, rest: float, n: int, n_rest: int, looks: int) -> float:
    """The power of a mark on the difference of two rates: the share of drawn pairs whose p-value is small enough."""
    draw = np.random.default_rng(0).binomial
    own, others = (
        Share(draw(size, rate, DRAWN).astype(np.float64), np.full(DRAWN, float(size)))
        for size, rate in ((n, chance), (n_rest, rest))
    )
    return float((p_values(own, others) < LEVEL / looks).mean())


def interaction_power(chances: Numbers, control: float, n: Numbers, n_control: Numbers, tests: int) -> float:
    """The power of Cochran's Q, which is noncentral chi-square, with (n,) chances in the treated arm of each group."""
    if len(chances) < FEWEST:
        return 0.0
    weights = 1 / (chances * (1 - chances) / n + control * (1 - control) / n_control)
    effects = chances - control
    noncentrality = float((weights * (effects - np.average(effects, weights=weights)) ** 2).sum())
    degrees = len(chances) - 1
    return float(ncx2.sf(chi2.isf(LEVEL / tests, degrees), degrees, noncentrality))


def mismatch_power(asked: float, drawn: float, n: int) -> float:
    """The power of the warning of a sample-ratio mismatch, drawn otherwise than asked, by the normal approximation."""
    limit = norm.isf(MISMATCH_LEVEL / 2) * np.sqrt(asked * (1 - asked) / n)
    return float(norm.sf((limit - abs(drawn - asked)) / np.sqrt(drawn * (1 - drawn) / n)))
