"""Arms are drawn by a documented hash: repeatable, in the planned shares, independent between experiments."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, chisquare

from analytics.experiments.arms import ArmDraw, parse_shares, uniform
from segment_model.errors import SettingsError

CUSTOMERS = [f"K-{number}" for number in range(20_000)]
HALVES = {"mail": 0.5, "control": 0.5}


def test_the_number_of_a_customer_is_what_the_documentation_says() -> None:
    digest = hashlib.blake2b(b"may mail\x1fK-17", digest_size=8).hexdigest()
    assert uniform("may mail", "K-17") == (int(digest, 16) // 2**11) / 2**53


def test_arms_lie_by_name_on_the_unit_interval() -> None:
    draw = ArmDraw("e", {"mail": 0.25, "control": 0.5, "call": 0.25})  # call up to 0.25, control up to 0.75
    for customer in CUSTOMERS[:200]:
        place = uniform("e", customer)
        assert draw.arm_of(customer) == ("call" if place < 0.25 else "control" if place < 0.75 else "mail")


@given(st.text(min_size=1), st.text())
def test_a_number_lies_between_0_and_1_and_never_changes(experiment: str, customer: str) -> None:
    try:
        f"{experiment}{customer}".encode()
    except UnicodeEncodeError:
        return
    assert 0 <= uniform(experiment, customer) < 1
    assert uniform(experiment, customer) == uniform(experiment, customer)


def test_new_customers_move_nobody_and_the_order_of_arms_does_not_count() -> None:
    few = ArmDraw("e", HALVES).arms_of(CUSTOMERS[:500])
    many = ArmDraw("e", {"control": 0.5, "mail": 0.5}).arms_of(reversed(CUSTOMERS))
    assert many[::-1][:500] == few


def test_shares_hold() -> None:
    shares = {"control": 0.6, "mail": 0.3, "call": 0.1}
    arms = ArmDraw("shares", shares).arms_of(CUSTOMERS)
    counts = [arms.count(arm) for arm in shares]
    assert chisquare(counts, [share * len(CUSTOMERS) for share in shares.values()]).pvalue > 0.01


def test_arms_of_two_experiments_are_independent() -> None:
    first, second = (np.array(ArmDraw(name, HALVES).arms_of(CUSTOMERS)) for name in ("spring", "summer"))
    table = [[((first == a) & (second == b)).sum() for b in HALVES] for a in HALVES]
    assert chi2_contingency(table).pvalue > 0.01
    assert uniform("ab", "c") != uniform("a", "bc")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("control", "'control' is no name=share"),
        ("control=half,mail=0.5", "'control=half' is no name=share"),
        ("control=0.5,control=0.5", "the arm 'control' comes twice"),
        ("control=0.5,mail=0.4", "add up to 0.9, not to 1"),
        ("control=1.5,mail=-0.5", "the share of control lies between 0 and 1, got 1.5"),
        ("control=nan,mail=0.5", "'control=nan' is no name=share"),
        ("control=1", "at least two arms, got 1 arm"),
        ("=0.5,mail=0.5", "an arm needs a name"),
    ],
)
def test_wrong_arms_are_refused(text: str, words: str) -> None:
    with pytest.raises(SettingsError) as refused:
        ArmDraw("e", parse_shares(text))
    assert words in str(refused.value)


def test_an_experiment_without_a_name_is_refused() -> None:
    with pytest.raises(SettingsError, match="an experiment needs a name"):
        ArmDraw(" ", HALVES)


def test_shares_of_thirds_add_up() -> None:
    assert set(ArmDraw("e", parse_shares("a=0.333333,b=0.333333,c=0.333334")).arms_of(CUSTOMERS[:50])) == {*"abc"}
