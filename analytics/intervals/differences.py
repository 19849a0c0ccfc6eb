"""Differences and ratios of two estimates, and which groups differ from all others.

A difference has the interval whose distances to its ends come from the two estimates' own (for shares this is
Newcombe's, Statistics in Medicine 17, 1998; in general MOVER, Zou and Donner, Statistics in Medicine 27, 2008). The
p-value of a difference is the level at which that interval first reaches 0, so that a mark never contradicts it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from analytics.intervals.estimates import Estimate, Level
from analytics.intervals.marks import marks
from analytics.intervals.pair_sums import Numbers

WIDEST = 40.0  # standard deviations; beyond, the p-value is 0 in double precision
STEPS = 60  # halvings, down to the precision of a double


def difference_limits(first: Estimate, second: Estimate, z: Level) -> tuple[Numbers, Numbers]:
    """The ends of the interval of first - second."""
    return limits_of_difference((first.value, *first.limits(z)), (second.value, *second.limits(z)))


def limits_of_difference(
    first: tuple[Numbers, Numbers, Numbers], second: tuple[Numbers, Numbers, Numbers]
) -> tuple[Numbers, Numbers]:
    """The ends of the interval of first - second; each is the value and the lower and upper end of its interval."""
    (value_1, low_1, high_1), (value_2, low_2, high_2) = first, second
    difference = value_1 - value_2
    below = np.sqrt((value_1 - low_1) ** 2 + (high_2 - value_2) ** 2)
    above = np.sqrt((high_1 - value_1) ** 2 + (value_2 - low_2) ** 2)
    return difference - below, difference + above


def limits_of_ratio(
    first: tuple[Numbers, Numbers, Numbers], second: tuple[Numbers, Numbers, Numbers]
) -> tuple[Numbers, Numbers]:
    """The ends of the interval of first / second, of values above 0 with the ends of their intervals at least 0.

    Each is the value and the lower and upper end of its interval. MOVER for ratios: Donner and Zou, Statistical Methods
    in Medical Research 21, 2012. NaN where a number is missing or the lower end of `second` is 0.
    """
    (value_1, low_1, high_1), (value_2, low_2, high_2) = first, second
    product = value_1 * value_2
    below, above = low_1 * (2 * value_1 - low_1), high_1 * (2 * value_1 - high_1)
    smallest, largest = low_2 * (2 * value_2 - low_2), high_2 * (2 * value_2 - high_2)
    with np.errstate(divide="ignore", invalid="ignore"):
        # the textbook's form of the lower end divides by `largest`, which may be 0
        low = below / (product + np.sqrt(np.maximum(product**2 - below * largest, 0)))
        high = (product + np.sqrt(np.maximum(product**2 - above * smallest, 0))) / smallest
    known = np.isfinite(low) & np.isfinite(high)
    return np.where(known, low, np.nan), np.where(known, high, np.nan)


def p_values(first: Estimate, second: Estimate) -> Numbers:
    """The p-value of each difference; NaN where a value or an end is missing."""
    difference = first.value - second.value
    narrow, wide = np.zeros_like(difference), np.full_like(difference, WIDEST)
    for _ in range(STEPS):
        middle = (narrow + wide) / 2
        outside = _excludes_zero(first, second, middle)
        narrow, wide = np.where(outside, middle, narrow), np.where(outside, wide, middle)
    missing = np.isnan(difference) | np.isnan(np.sum(difference_limits(first, second, 1.0), axis=0))
    return np.where(missing, np.nan, 2 * norm.sf(narrow))


def marks_of(
    first: Estimate, second: Estimate, looked_at: NDArray[np.bool_], defines: bool = False
) -> NDArray[np.object_]:
    """Which groups of the first differ from those of the second (`marks.marks`).

    looked_at : the groups that can get a mark, such as those with enough customers.
    """
    return marks(first.value - second.value, np.where(looked_at, p_values(first, second), np.nan), defines)


def _excludes_zero(first: Estimate, second: Estimate, z: Numbers) -> NDArray[np.bool_]:
    """Whether each interval, at its own z, lies on one side of 0."""
    low, high = difference_limits(first, second, z)
    return (low > 0) | (high < 0)
