"""Intervals of shares against published numbers and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, chi2_contingency, fisher_exact

from analytics.intervals.shares import effective_n, share_differences, wilson


def test_wilson_as_published() -> None:
    low, high = wilson([81, 15], [263, 148])
    assert low == pytest.approx([0.2553, 0.0624], abs=5e-5)
    assert high == pytest.approx([0.3662, 0.1605], abs=5e-5)


@pytest.mark.parametrize(("successes", "n"), [(0, 1), (1, 1), (0, 10), (10, 10), (3, 7), (500, 1000)])
def test_wilson_is_that_of_scipy(successes: int, n: int) -> None:
    theirs = binomtest(successes, n).proportion_ci(method="wilson")
    assert wilson(successes, n) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_the_ends_of_none_and_all_are_exact() -> None:
    low, high = wilson([0, 733, 0], [733, 733, 3])
    assert low[[0, 2]].tolist() == [0, 0]
    assert high[1] == 1


def test_nobody_has_no_interval() -> None:
    assert np.isnan(wilson([0], [0])).all()


def test_customers_who_count_once_are_worth_one_each() -> None:
    # 10 customers, 3 successes: the sample variance has n - 1, so n_eff is 9
    assert effective_n(10, 10, 3, 10, 3, 3) == pytest.approx(9)


def test_a_customer_who_counts_five_times_alike_is_worth_one() -> None:
    # 4 of 8 customers are active after each of 5 month ends
    assert effective_n(8, 40, 20, 8 * 25, 4 * 25, 4 * 25) == pytest.approx(7)


def test_times_that_are_independent_are_worth_one_each() -> None:
    generator = np.random.default_rng(3)
    active = generator.binomial(5, 0.3, 20_000)
    sums = (20_000, 100_000, active.sum(), 20_000 * 25, 5 * active.sum(), (active**2).sum())
    assert effective_n(*sums) == pytest.approx(100_000, rel=0.03)


def test_where_all_are_active_each_customer_counts_once() -> None:
    assert effective_n([8, 8], [40, 40], [40, 0], [200, 200], [200, 0], [200, 0]) == pytest.approx([8, 8])


def test_a_difference_is_tested_as_by_chi_square_or_exactly() -> None:
    difference, p = share_differences([30, 2, 0], [100, 20, 10], [40, 9, 0], [80, 30, 10])
    assert difference == pytest.approx([-0.2, -0.2, 0.0])
    assert p[0] == pytest.approx(chi2_contingency([[30, 70], [40, 40]], correction=False).pvalue)
    assert p[1] == pytest.approx(fisher_exact([[2, 18], [9, 21]]).pvalue)
    assert p[2] == 1.0


def test_without_a_rest_there_is_no_test() -> None:
    assert np.isnan(share_differences([3], [10], [0], [0])[1]).all()
