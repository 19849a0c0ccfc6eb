"""Curves and log-rank tests out of counts, against SciPy on the customers themselves and against published numbers."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import CensoredData, ecdf, logrank

from analytics.retention.kaplan_meier import kaplan_meier, log_rank

Lives = list[tuple[int, bool]]  # time, and whether the end was seen


def counts(lives: Lives, times: list[int]) -> tuple[list[int], list[int]]:
    at_risk = [sum(time >= t for time, _ in lives) for t in times]
    return at_risk, [sum(time == t and seen for time, seen in lives) for t in times]


def censored(lives: Lives) -> CensoredData:
    return CensoredData([time for time, seen in lives if seen], right=[time for time, seen in lives if not seen])


@pytest.mark.parametrize(
    ("seen", "chi_square", "p"), [((1, 1, 1), 0.254237, 0.614107), ((1, 0, 1), 0.384615, 0.535143)]
)
def test_the_log_rank_test_as_published(seen: tuple[int, ...], chi_square: float, p: float) -> None:
    groups = [[(t, bool(s)) for t, s in zip(times, seen, strict=True)] for times in ((10, 20, 30), (10, 20, 50))]
    counted = [counts(lives, [10, 20, 30, 50]) for lives in groups]
    test = log_rank([at_risk for at_risk, _ in counted], [left for _, left in counted])
    assert test is not None
    assert test.chi_square == pytest.approx(chi_square, abs=1e-6)
    assert test.p == pytest.approx(p, abs=1e-6)
    assert test.freedom == 1


lives = st.lists(st.tuples(st.integers(1, 9), st.booleans()), min_size=2, max_size=40)


@given(lives)
def test_a_curve_is_that_of_scipy(own: Lives) -> None:
    times = list(range(1, 10))
    curve = kaplan_meier(*counts(own, times))
    theirs = ecdf(censored(own)).sf
    within = np.arange(1, max(time for time, _ in own) + 1)
    np.testing.assert_allclose(curve.share[: len(within)], theirs.evaluate(within), atol=1e-12)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # no interval at shares of 0 and 1
        interval = theirs.confidence_interval(method="log-log")
    inner = (curve.share > 0) & (curve.share < 1)
    inner[len(within) :] = False
    np.testing.assert_allclose(curve.low[inner], interval.low.evaluate(np.arange(1, 10)[inner]), atol=1e-9)
    np.testing.assert_allclose(curve.high[inner], interval.high.evaluate(np.arange(1, 10)[inner]), atol=1e-9)


@given(lives, lives)
def test_the_log_rank_test_is_that_of_scipy(own: Lives, others: Lives) -> None:
    counted = [counts(group, list(range(1, 10))) for group in (own, others)]
    test = log_rank([at_risk for at_risk, _ in counted], [left for _, left in counted])
    if test is not None:
        theirs = logrank(censored(own), censored(others))
        assert test.chi_square == pytest.approx(theirs.statistic**2, abs=1e-9)
        assert test.p == pytest.approx(theirs.pvalue, abs=1e-9)
        assert np.sign(round(test.surplus, 9)) in (0, np.sign(theirs.statistic))


def test_three_groups_have_two_degrees_of_freedom() -> None:
    """By the definition, time by time: those who leave are a draw without return from those at risk."""
    groups = [[(t, True) for t in times] for times in ((1, 2, 3, 4), (2, 4, 6, 8), (5, 9, 9, 12))]
    counted = [counts(lives, list(range(1, 13))) for lives in groups]
    test = log_rank([at_risk for at_risk, _ in counted], [left for _, left in counted])
    assert test is not None
    assert test.freedom == 2
    difference, covariance = np.zeros(3), np.zeros((3, 3))
    for at_risk, left in zip(
        zip(*[n for n, _ in counted], strict=True), zip(*[d for _, d in counted], strict=True), strict=True
    ):
        n, d = np.array(at_risk), np.array(left)
        if n.sum() > 1:
            difference += d - d.sum() * n / n.sum()
            spread = d.sum() * (n.sum() - d.sum()) / (n.sum() - 1)
            covariance += spread * (np.diag(n / n.sum()) - np.outer(n, n) / n.sum() ** 2)
    expected = difference[:2] @ np.linalg.solve(covariance[:2, :2], difference[:2])
    assert test.chi_square == pytest.approx(expected)


def test_nothing_to_compare_is_no_test() -> None:
    assert log_rank([[3, 2]], [[1, 1]]) is None
    assert log_rank([[3, 2], [0, 0]], [[1, 1], [0, 0]]) is None
    assert log_rank([[3, 2], [5, 5]], [[0, 0], [0, 0]]) is None
    assert log_rank(np.zeros((2, 0)), np.zeros((2, 0))) is None


def test_all_are_gone() -> None:
    curve = kaplan_meier([4, 2], [2, 2])
    assert curve.share.tolist() == [0.5, 0.0]
    assert np.isnan(curve.low[1])
