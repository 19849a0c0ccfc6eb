"""The interaction test: does the effect differ between groups?

Cochran's Q of the groups' effects, each weighted by the inverse of its variance, against the chi-square distribution
with one degree of freedom less than groups (Cochran, "The combination of estimates from different experiments",
Biometrics 10, 1954). The effects are differences of rates or means. The variance of a rate is that of one more customer
who reached the goal and one more who did not (Agresti and Caffo, The American Statistician 54, 2000), so that an arm
whom nobody reached does not count as certain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2

from analytics.intervals.pair_sums import Numbers


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """The test over so many groups; q and p are NaN for fewer than two."""

    groups: int
    q: float
    p: float


def heterogeneity(effects: Numbers, variances: Numbers) -> Heterogeneity:
    """The test of (n,) effects; those with a missing effect or a variance that is not positive are left out."""
    usable = np.isfinite(effects) & np.isfinite(variances) & (variances > 0)
    count = int(usable.sum())
    if count < 2:
        return Heterogeneity(count, float("nan"), float("nan"))
    weights = 1 / variances[usable]
    mean = np.average(effects[usable], weights=weights)
    q = float((weights * (effects[usable] - mean) ** 2).sum())
    return Heterogeneity(count, q, float(chi2.sf(q, count - 1)))


def share_variance(successes: Numbers, n: Numbers) -> Numbers:
    """The variance of a share by Agresti and Caffo: of (successes + 1) of (n + 2)."""
    share = (successes + 1) / (n + 2)
    variance: Numbers = share * (1 - share) / (n + 2)
    return variance
