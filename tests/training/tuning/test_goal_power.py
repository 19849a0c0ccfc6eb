"""What segments explain of a goal: against hand-worked cases, and nothing where there is no relation."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from training.tuning.goal_power import goal_power

IDS = pd.Index([f"c{number}" for number in range(4000)], dtype="str")


def test_a_perfect_relation_is_explained_whole() -> None:
    segments = pd.Series(["b", "a"] * 2000, IDS)
    assert goal_power(segments, segments == "a") == (1.0, 1.0)


def test_rates_explain_what_the_binomial_leaves() -> None:
    """Rates of 0.1 and 0.5 in halves: the variance is 0.21 in all and 0.04 between them.

    Of those who reach the goal 5/6 are of the high half, of the others 9/14 of the low one; ties count half.
    """
    rng = np.random.default_rng(1)
    high = np.arange(4000) % 2 == 1
    reached = pd.Series(rng.random(4000) < np.where(high, 0.5, 0.1), IDS)
    auc, explained = goal_power(pd.Series(["b", "a"] * 2000, IDS), reached)
    assert explained == pytest.approx(0.04 / 0.21, abs=0.03)
    ties = 5 / 6 * 5 / 14 + 1 / 6 * 9 / 14
    assert auc == pytest.approx(5 / 6 * 9 / 14 + ties / 2, abs=0.02)


def test_no_relation_explains_nothing() -> None:
    rng = np.random.default_rng(2)
    segments = pd.Series(rng.choice(list("abcdefgh"), 4000), IDS)
    auc, explained = goal_power(segments, pd.Series(rng.random(4000) < 0.2, IDS))
    assert auc == pytest.approx(0.5, abs=0.03)
    assert explained < 0.01


def test_order_of_customers_does_not_matter_and_only_those_in_both_count() -> None:
    rng = np.random.default_rng(3)
    segments = pd.Series(rng.choice(list("abc"), 4000), IDS)
    reached = pd.Series(rng.random(4000) < 0.3, IDS)
    shuffled = reached.sample(frac=1, random_state=0)
    assert goal_power(segments, shuffled) == goal_power(segments, reached)
    assert goal_power(segments[:3000], reached) == goal_power(segments, reached[:3000])


@pytest.mark.parametrize("n", [0, 1, 30])
def test_too_few_customers_give_no_figure(n: int) -> None:
    assert np.isnan(goal_power(pd.Series("a", IDS[:n], dtype="str"), pd.Series(True, IDS[:n]))).all()


def test_a_goal_that_nobody_reaches_gives_no_figure() -> None:
    assert np.isnan(goal_power(pd.Series("a", IDS), pd.Series(False, IDS))).all()


def test_a_segment_that_one_half_does_not_know_has_the_rate_of_all() -> None:
    segments = pd.Series("a", IDS)
    segments.iloc[0] = "alone"
    auc, _ = goal_power(segments, pd.Series(np.arange(4000) % 3 == 0, IDS))
    assert 0.49 < auc < 0.51
