"""How large an effect must be for so many customers to show it, and how surely they show one of a stated size.

Normal approximation of the difference of two means, two-sided at 5 % (Cohen, Statistical Power Analysis, 1988; for
shares: Fleiss, Statistical Methods for Rates and Proportions, 1981, with control's variance in both arms).
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm

from analytics.intervals.pair_sums import Numbers
from analytics.options import Z_95

Z_POWER = 0.8416212335729143  # the 80 % quantile of the normal distribution


def share_error(share: Numbers, n: Numbers, n_control: Numbers) -> Numbers:
    """The standard error of a difference of shares, if both arms had this share."""
    return mean_error(share * (1 - share), share * (1 - share), n, n_control)


def mean_error(variance: Numbers, variance_control: Numbers, n: Numbers, n_control: Numbers) -> Numbers:
    """The standard error of a difference of means; NaN where an arm is empty."""
    with np.errstate(divide="ignore", invalid="ignore"):
        error: Numbers = np.sqrt(variance / n + variance_control / n_control)
    return np.where((n > 0) & (n_control > 0), error, np.nan)


def detectable(error: Numbers) -> Numbers:
    """The smallest difference that is shown with a probability of 80 %."""
    return (Z_95 + Z_POWER) * error


def power(effect: float, error: Numbers) -> Numbers:
    """The probability with which an effect of this size is shown; NaN where it is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        shown: Numbers = norm.cdf(abs(effect) / error - Z_95) + norm.cdf(-abs(effect) / error - Z_95)
    return shown
