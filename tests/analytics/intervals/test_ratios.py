"""Ratios of shares: published intervals, inversion of the score test, and degenerate counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency

from analytics.intervals.ratios import ratio_limits, ratio_of_shares
from analytics.options import Z_95


def interval_of(x1: int, n1: int, x2: int, n2: int, z: float = Z_95) -> tuple[float, float, float]:
    counts = tuple(np.array([float(count)]) for count in (x1, n1, x2, n2))
    low, high = ratio_limits(*counts, z)
    return float(ratio_of_shares(*counts)[0]), float(low[0]), float(high[0])


def test_koopman_s_own_example() -> None:
    """36 of 40 against 16 of 80: 2.94 to 7.15 in Koopman (1984)."""
    assert interval_of(36, 40, 16, 80) == pytest.approx((4.5, 2.94, 7.15), abs=0.006)


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 60), st.integers(0, 60), st.integers(1, 60), st.integers(0, 60))
def test_the_interval_excludes_1_where_pearson_s_test_says_so(n1: int, x1: int, n2: int, x2: int) -> None:
    x1, x2 = min(x1, n1), min(x2, n2)
    ratio, low, high = interval_of(x1, n1, x2, n2)
    if x2 == 0:
        assert np.isnan([ratio, low, high]).all()
        return
    assert low <= ratio + 1e-9
    assert ratio <= high * (1 + 1e-9)
    if 0 < x1 + x2 < n1 + n2:
        statistic = chi2_contingency([[x1, n1 - x1], [x2, n2 - x2]], correction=False).statistic
        if abs(statistic - Z_95**2) > 1e-6:
            assert (not low <= 1 <= high) == (statistic > Z_95**2)


def test_nobody_and_everybody() -> None:
    ratio, low, high = interval_of(0, 50, 10, 50)
    assert (ratio, low) == (0, 0)
    assert 0 < high < 1
    assert interval_of(10, 10, 10, 10)[0] == 1
    assert np.isnan(interval_of(0, 0, 10, 50)).all()


def test_a_wider_level_contains_a_narrower_one() -> None:
    _, low, high = interval_of(20, 100, 30, 400)
    _, lower, higher = interval_of(20, 100, 30, 400, 3.0)
    assert lower < low < high < higher
