"""Sample-ratio mismatch: Pearson's chi-square by hand, against planned shares and against equal ones."""

from __future__ import annotations

import math

import pytest
from scipy.stats import chi2

from analytics.experiments.sample_ratio import sample_ratio


def test_the_p_value_is_that_of_pearsons_chi_square() -> None:
    ratio = sample_ratio({"control": 821, "mail": 788})
    by_hand = (821 - 804.5) ** 2 / 804.5 + (788 - 804.5) ** 2 / 804.5
    assert ratio.p == pytest.approx(chi2.sf(by_hand, 1))
    assert not ratio.is_mismatch
    assert ratio.expected == {"control": 804.5, "mail": 804.5}


def test_a_ratio_far_from_the_plan_is_a_mismatch() -> None:
    assert sample_ratio({"control": 5000, "mail": 4600}).is_mismatch
    assert not sample_ratio({"control": 5000, "mail": 4950}).is_mismatch
    planned = {"control": 0.9, "mail": 0.1}
    assert not sample_ratio({"control": 9010, "mail": 990}, planned).is_mismatch
    assert sample_ratio({"control": 5000, "mail": 5000}, planned).is_mismatch


def test_an_arm_that_nobody_planned_and_a_planned_one_that_nobody_got() -> None:
    assert sample_ratio({"control": 50, "mail": 50, "call": 1}, {"control": 0.5, "mail": 0.5}).p == 0
    ratio = sample_ratio({"control": 50}, {"control": 0.5, "mail": 0.5})
    assert ratio.customers == {"control": 50, "mail": 0}
    assert ratio.is_mismatch


@pytest.mark.parametrize("customers", [{}, {"control": 10}])
def test_fewer_than_two_arms_have_no_ratio(customers: dict[str, int]) -> None:
    ratio = sample_ratio(customers)
    assert math.isnan(ratio.p)
    assert not ratio.is_mismatch
