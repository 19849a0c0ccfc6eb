"""Kaplan-Meier curves and the log-rank test out of counts: how many were at risk at each time, how many of them left.

Sources: Kaplan and Meier 1958; the log-log interval as in Kalbfleisch and Prentice 2002, section 1.4.1; the log-rank
test of several groups as in the same, section 1.4.2. SciPy has both for values of single customers only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from analytics.options import Z_95

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Curve:
    """The share that stays beyond each time, with the ends of its 95 % interval: missing where the share is 0 or 1."""

    share: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class LogRank:
    """Whether groups leave at one rate: `p` is the probability of such differences, or larger ones, if they do.

    surplus : by how many more customers of the first group left than would at the rate of all groups together.
    """

    surplus: float
    chi_square: float
    freedom: int
    p: float


def kaplan_meier(at_risk: npt.ArrayLike, left: npt.ArrayLike) -> Curve:
    """The curve of one group by ascending times.

    at_risk : customers who were seen up to each time and had not left before. left : those of them who left then.
    """
    n, d = np.asarray(at_risk, dtype=float), np.asarray(left, dtype=float)
    share = np.cumprod(1 - d / np.maximum(n, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.cumsum(np.where(n > d, d / (n * (n - d)), np.where(d > 0, np.inf, 0.0)))  # Greenwood
        centre, width = np.log(-np.log(share)), Z_95 * np.sqrt(variance) / np.abs(np.log(share))
        low, high = np.exp(-np.exp(centre + width)), np.exp(-np.exp(centre - width))
    inner = (share > 0) & (share < 1)
    return Curve(share, np.where(inner, low, np.nan), np.where(inner, high, np.nan))


def log_rank(at_risk: npt.ArrayLike, left: npt.ArrayLike) -> LogRank | None:
    """The log-rank test of g groups; None where fewer than two groups were at risk when anyone left.

    at_risk, left : (g, times) as for `kaplan_meier`, at the same times.
    """
    n, d = np.asarray(at_risk, dtype=float), np.asarray(left, dtype=float)
    n_all, d_all = n.sum(axis=0), d.sum(axis=0)
    informative = (d_all > 0) & (n_all > 1)
    n, d, n_all, d_all = n[:, informative], d[:, informative], n_all[informative], d_all[informative]
    share = n / n_all
    compared = ((share > 0) & (share < 1)).any(axis=1)
    if compared.sum() < 2:
        return None
    surplus = (d - share * d_all).sum(axis=1)
    difference = surplus[compared]
    scale = d_all * (n_all - d_all) / (n_all - 1)
    of_compared = share[compared]
    covariance = np.diag((scale * of_compared).sum(axis=1)) - (scale * of_compared) @ of_compared.T
    freedom = int(np.linalg.matrix_rank(covariance, hermitian=True))
    if freedom == 0:
        return None
    statistic = float(difference @ np.linalg.pinv(covariance, hermitian=True) @ difference)
    return LogRank(float(surplus[0]), statistic, freedom, float(chi2.sf(statistic, freedom)))
