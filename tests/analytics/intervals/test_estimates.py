"""Intervals against numbers of others, and how often they hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, norm, t

from analytics.intervals.differences import difference_limits, limits_of_ratio, marks_of, p_values
from analytics.intervals.estimates import (
    Complement,
    Estimate,
    RatioOfMoney,
    RatioOfSums,
    Retained,
    Share,
    clustered_share,
    money_share,
)
from analytics.intervals.pair_sums import PairSums
from analytics.options import Z_95
from analytics.record import Mark

POSITIVE = st.floats(0.01, 1e6)


def share(successes: float, trials: float) -> Share:
    return Share(np.array([successes], dtype=float), np.array([trials], dtype=float))


def ends(estimate: Estimate, z: float = Z_95) -> tuple[float, float]:
    low, high = estimate.limits(z)
    return float(low[0]), float(high[0])


@pytest.mark.parametrize(("successes", "trials", "low", "high"), [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605)])
def test_published_intervals_of_wilson(successes: int, trials: int, low: float, high: float) -> None:
    assert ends(share(successes, trials)) == pytest.approx((low, high), abs=5e-5)


@given(trials=st.integers(1, 5000), part=st.floats(0, 1))
def test_wilson_is_that_of_scipy(trials: int, part: float) -> None:
    successes = round(part * trials)
    interval = binomtest(successes, trials).proportion_ci(method="wilson")
    assert ends(share(successes, trials)) == pytest.approx((interval.low, interval.high), abs=1e-12)


def test_the_published_interval_of_newcombe() -> None:
    low, high = difference_limits(share(7, 34), share(1, 34), Z_95)
    assert (low[0], high[0]) == pytest.approx((0.019, 0.340), abs=5e-4)


def interval(*numbers: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The middle and both ends, each of a single group."""
    middle, low, high = (np.array([number]) for number in numbers)
    return middle, low, high


def test_a_ratio_by_an_exact_number_has_the_ends_of_the_other() -> None:
    low, high = limits_of_ratio(interval(100, 90, 115), interval(0.05, 0.05, 0.05))
    assert (low[0], high[0]) == pytest.approx((1800, 2300))
    for most in (0.08, 0.1, 0.15):  # also twice the value and more
        low, high = limits_of_ratio(interval(100, 100, 100), interval(0.05, 0.04, most))
        assert (low[0], high[0]) == pytest.approx((100 / most, 2500))


def test_a_ratio_without_an_end_has_no_interval() -> None:
    for churn in (interval(0.05, 0.0, 0.1), interval(0.05, np.nan, 0.1), interval(np.nan, np.nan, np.nan)):
        assert np.isnan(limits_of_ratio(interval(100, 90, 115), churn)).all()


def test_the_interval_of_a_ratio_holds() -> None:
    """ARPA of 400 customers with money of mean 100 by their churn of 5 %, which 19 times in 20 is 2,000."""
    generator, draws, customers = np.random.default_rng(15), 4000, 400
    arpa = generator.normal(100, 60 / np.sqrt(customers), draws)
    error = Z_95 * 60 / np.sqrt(customers)
    lost = Share(generator.binomial(customers, 0.05, draws).astype(float), np.full(draws, float(customers)))
    low, high = limits_of_ratio((arpa, arpa - error, arpa + error), (lost.value, *lost.limits(Z_95)))
    assert 0.94 < np.mean((low <= 2000) & (high >= 2000)) < 0.96


def test_the_p_value_is_the_level_at_which_the_interval_reaches_zero() -> None:
    first, second = share(7, 34), share(1, 34)
    (p,) = p_values(first, second)
    low, _ = difference_limits(first, second, norm.isf(p / 2))
    assert low[0] == pytest.approx(0, abs=1e-9)
    assert p < 0.05, "the interval of 95 % leaves 0 out"


@given(st.lists(st.tuples(POSITIVE, POSITIVE), min_size=2, max_size=30))
def test_a_ratio_lies_within_its_limits(pairs: list[tuple[float, float]]) -> None:
    a, b = np.array(pairs).T
    own, lost = PairSums.of_sample(a, b), PairSums.of_sample(-np.minimum(a, b), b)
    for estimate in (RatioOfSums(own), RatioOfMoney(own), Retained(lost)):
        low, high = ends(estimate)
        tiny = 1e-9 * abs(estimate.value[0])
        assert low - tiny <= estimate.value[0] <= high + tiny


def test_the_variance_without_skewness_is_that_of_a_mean() -> None:
    """Symmetric money: mean 20, variance of the mean 250 / 3 / 4."""
    money = np.array([5.0, 15.0, 25.0, 35.0])
    low, high = ends(RatioOfSums(PairSums.of_sample(money, np.ones(4))))
    assert (high - low) / 2 == pytest.approx(t.ppf(0.975, 3) * np.sqrt(money.var(ddof=1) / 4))
    assert (high + low) / 2 == pytest.approx(20)


def test_nobody_who_left_of_thirty_does_not_mean_that_nobody_ever_leaves() -> None:
    sums = PairSums.of_sample(np.zeros(30), np.full(30, 50.0))
    low, high = ends(Retained(sums))
    assert 0.8 < low < 0.95
    assert high >= 1
    assert ends(Complement(money_share(sums))) == pytest.approx((1 - ends(share(0, 30))[1], 1))


def test_one_customer_or_none_has_no_interval_of_money() -> None:
    for values in ([], [3.0]):
        low, high = ends(RatioOfSums(PairSums.of_sample(values, np.ones(len(values)))))
        assert np.isnan([low, high]).all()
    assert np.isnan(ends(share(0, 0))).all()


def test_identical_customers_have_an_interval_of_no_width() -> None:
    assert ends(RatioOfSums(PairSums.of_sample(np.full(20, 7.0), np.ones(20)))) == pytest.approx((7, 7))


def test_repeated_trials_of_one_customer_are_no_more_sure_than_they_are() -> None:
    """40 customers of 12 months each: half fail always, half never; that is 40 trials, not 480."""
    failed = np.repeat([0.0, 12.0], 20)
    clustered = clustered_share(PairSums.of_sample(failed, np.full(40, 12.0)))
    assert clustered.value[0] == 0.5
    assert clustered.trials[0] == pytest.approx(39)
    assert clustered_share(PairSums.of_sample(np.zeros(40), np.full(40, 12.0))).trials[0] == 40


def test_marks_are_corrected_for_the_groups_looked_at() -> None:
    successes, trials = np.array([40.0, 10.0, 11.0, 10.0, 3.0]), np.full(5, 100.0)
    own = Share(successes, trials)
    rest = Share(successes.sum() - successes, trials.sum() - trials)
    everyone = np.ones(5, dtype=bool)
    assert p_values(own, rest)[1] > 0.02, "which alone, at 5 %, might be a mark"
    assert marks_of(own, rest, everyone)[0] == Mark.ABOVE
    assert marks_of(own, rest, everyone)[4] == Mark.BELOW
    assert marks_of(own, rest, np.array([False, True, True, True, False]))[0] == Mark.NONE
    assert marks_of(share(0, 0), share(1, 2), np.array([True])).tolist() == [Mark.NONE]


@pytest.mark.parametrize("n", [30, 300])
def test_intervals_hold_in_ninety_to_ninety_nine_percent_of_draws(n: int) -> None:
    """Log-normal money, of which 3 % of customers take all away, 5 % take 30 % away, and 8 % add 30 %."""
    random = np.random.default_rng(5)
    hits = {"arpa": 0, "nrr": 0, "grr": 0, "margin": 0}
    for _ in range(500):
        money, luck = random.lognormal(4, 1, n), random.random(n)
        change = np.select([luck < 0.03, luck < 0.08, luck < 0.16], [-1, -0.3, 0.3], 0) * money
        estimates: dict[str, tuple[Estimate, float]] = {
            "arpa": (RatioOfSums(PairSums.of_sample(money, np.ones(n))), float(np.exp(4.5))),
            "margin": (RatioOfMoney(PairSums.of_sample(money * random.beta(2, 3, n), money)), 0.4),
            "nrr": (Retained(PairSums.of_sample(change, money)), 1 - 0.03 - 0.015 + 0.024),
            "grr": (Complement(money_share(PairSums.of_sample(-np.minimum(change, 0), money))), 1 - 0.03 - 0.015),
        }
        for name, (estimate, truth) in estimates.items():
            low, high = ends(estimate)
            hits[name] += low <= truth <= high
    assert all(0.9 <= count / 500 <= 0.99 for count in hits.values()), hits
