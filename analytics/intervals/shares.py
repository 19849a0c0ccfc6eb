"""Intervals of shares, and tests of whether two shares differ; all take arrays.

SciPy has Wilson's interval for one share at a time (`binomtest`), which also computes a p-value that nobody asks for:
thousands of shares in a record would take seconds.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import fisher_exact, norm

from analytics.options import Z_95

Floats = npt.NDArray[np.float64]
LEAST_EXPECTED = 5.0  # a smaller expected count makes the normal approximation poor


def wilson(successes: npt.ArrayLike, n: npt.ArrayLike) -> tuple[Floats, Floats]:
    """The ends of the 95 % interval of successes / n (Wilson 1927); missing where n is 0 or successes are missing."""
    hits, m = np.asarray(successes, dtype=float), np.asarray(n, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = hits / m
        scale = 1 + Z_95**2 / m
        centre = (share + Z_95**2 / (2 * m)) / scale
        half = Z_95 * np.sqrt(share * (1 - share) / m + (Z_95 / (2 * m)) ** 2) / scale
    low, high = np.where(hits == 0, 0.0, centre - half), np.where(hits == m, 1.0, centre + half)  # exact at the ends
    nobody = np.isnan(share)
    return np.where(nobody, np.nan, low), np.where(nobody, np.nan, high)


def effective_n(
    n: npt.ArrayLike,
    times: npt.ArrayLike,
    successes: npt.ArrayLike,
    xx: npt.ArrayLike,
    xy: npt.ArrayLike,
    yy: npt.ArrayLike,
) -> Floats:
    """How many independent customers are as informative about the share y / x as these customers, who each count
    several times: Kish's effective sample size, by the variance of a ratio of sums.

    n : customers. times (x) : sum of the times that each counts. successes (y) : sum of the times that each is a
    success. xx, xy, yy : sums of the squares and products by customer. At least n where that variance says less, or
    nothing (all are successes, or none): a customer who counts often is worth one at least; at most x.
    """
    count, total, hits = (np.asarray(values, dtype=float) for values in (n, times, successes))
    squares, products, hit_squares = (np.asarray(values, dtype=float) for values in (xx, xy, yy))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = hits / total
        residuals = hit_squares - 2 * share * products + share**2 * squares
        variance = residuals / total**2 * count / (count - 1)
        effective = share * (1 - share) / variance
    known = np.isfinite(effective) & (effective > 0)
    return np.asarray(np.minimum(np.where(known, effective, count), total))


def share_differences(
    successes: npt.ArrayLike, n: npt.ArrayLike, rest_successes: npt.ArrayLike, rest_n: npt.ArrayLike
) -> tuple[Floats, Floats]:
    """The difference of two shares, and the p-value of its test: the score test, or Fisher's exact one where a count
    of less than 5 is expected. Missing where n or rest_n is 0."""
    a, m, b, k = np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in (successes, n, rest_successes, rest_n)))
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = a / m - b / k
        pooled = (a + b) / (m + k)
        p = 2 * norm.sf(np.abs(difference) / np.sqrt(pooled * (1 - pooled) * (1 / m + 1 / k)))
        expected = np.minimum(pooled, 1 - pooled) * np.minimum(m, k)
    same = (pooled == 0) | (pooled == 1)
    p = np.where(same, 1.0, p)
    for place in zip(*np.nonzero((expected < LEAST_EXPECTED) & ~same & (m > 0) & (k > 0)), strict=True):
        counts = np.rint([[a[place], m[place] - a[place]], [b[place], k[place] - b[place]]]).astype(np.int64)
        p[place] = fisher_exact(counts).pvalue
    return difference, np.where((m > 0) & (k > 0), p, np.nan)
