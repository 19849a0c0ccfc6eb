"""Columns that repeat others are named, whatever their order, scale, coding and gaps; others are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from features.own_vectors.repeated_columns import Repetition, repeated_columns

CUSTOMERS = 200
Numbers = dict[str, NDArray[np.float64]]


def columns(seed: int = 0) -> Numbers:
    random = np.random.default_rng(seed)
    return {
        "spend": np.round(random.lognormal(3, 1, CUSTOMERS), 2),
        "orders": random.poisson(4, CUSTOMERS).astype(float),
        "recency": random.integers(1, 200, CUSTOMERS).astype(float),
    }


def repetitions(numbers: Numbers, flags: tuple[str, ...] = (), **levels: Any) -> tuple[Repetition, ...]:
    return repeated_columns(numbers, levels, flags)


@given(st.integers(0, 1_000))
def test_columns_of_their_own_repeat_nothing(seed: int) -> None:
    assert repetitions(columns(seed)) == ()


@given(st.integers(0, 100), st.permutations(["spend", "orders", "recency", "total"]))
def test_a_total_is_named_wherever_it_stands(seed: int, order: list[str]) -> None:
    numbers = columns(seed)
    numbers["total"] = np.round(np.sum([*numbers.values()], axis=0))  # rounded, as reports do
    others = tuple(name for name in order if name != "total")
    assert repetitions({name: numbers[name] for name in order}) == (Repetition("total", others, is_sum=True),)


def test_a_total_beside_the_empty_months_of_a_pivot() -> None:
    random = np.random.default_rng(1)
    months = {f"month {n}": random.lognormal(3, 1, CUSTOMERS) for n in range(12)}
    for values in months.values():
        values[random.random(CUSTOMERS) < 0.8] = np.nan
    total = np.nansum([*months.values()], axis=0)
    assert repetitions({**months, "Grand Total": total}) == (Repetition("Grand Total", tuple(months), is_sum=True),)


def test_values_that_are_missing_now_and_then_hide_no_total() -> None:
    numbers = columns()
    numbers["spend"][::5] = np.nan
    numbers["total"] = np.sum([*numbers.values()], axis=0)
    assert [repetition.column for repetition in repetitions(numbers)] == ["total"]


@pytest.mark.parametrize(
    "scale", [np.log, np.negative, lambda own: 100 * own, lambda own: (own - own.mean()) / own.std()]
)
def test_another_scale_is_a_copy(scale: Any) -> None:
    numbers = columns()
    assert repetitions({**numbers, "again": scale(numbers["spend"])}) == (Repetition("again", ("spend",)),)


def test_a_copy_with_gaps_of_its_own_is_none() -> None:
    numbers = columns()
    with_gaps = np.where(np.arange(CUSTOMERS) % 2, numbers["spend"], np.nan)
    assert repetitions({**numbers, "last year": with_gaps}) == ()


def test_a_score_follows_from_what_it_weighs() -> None:
    numbers = columns()
    score = 0.3 * numbers["spend"] + 7 * numbers["orders"]
    assert repetitions({**numbers, "score": score}) == (Repetition("score", ("spend", "orders")),)


def test_flags_and_shares_of_a_whole_are_no_repetition() -> None:
    random = np.random.default_rng(2)
    level = random.integers(0, 3, CUSTOMERS)
    flags = {f"plan {n}": (level == n).astype(float) for n in range(3)}
    shares = dict(zip("abc", random.dirichlet([1, 1, 1], CUSTOMERS).T, strict=True))
    assert repetitions({**flags, **shares}, tuple(flags)) == ()


def test_shares_of_two_wholes_are_no_repetition() -> None:
    """Each whole leaves the last of its shares without a value of its own, and so relates all of them."""
    random = np.random.default_rng(7)
    shares = {f"{of} {n}": share for of in "ab" for n, share in enumerate(random.dirichlet([1] * 4, CUSTOMERS).T)}
    assert repetitions(shares) == ()


def test_each_repetition_has_a_name_of_its_own() -> None:
    random = np.random.default_rng(8)
    red, green, blue, other = random.random((4, CUSTOMERS))
    mean, excess = (red + green + blue) / 3, 2 * red - green - blue
    numbers = {"red": red, "green": green, "blue": blue, "mean": mean, "excess": excess, "other": other}
    assert sorted(repetition.column for repetition in repetitions(numbers)) == ["excess", "mean"]


def test_two_flags_of_which_each_customer_has_one_are_one() -> None:
    web = np.random.default_rng(3).integers(0, 2, CUSTOMERS).astype(float)
    assert repetitions({"web": web, "shop": 1 - web}, ("web", "shop")) == (Repetition("shop", ("web",)),)


def test_categories_with_the_same_levels_under_other_names() -> None:
    codes = np.random.default_rng(4).integers(0, 5, CUSTOMERS)
    others = np.random.default_rng(5).integers(0, 5, CUSTOMERS)
    assert repetitions({}, country=codes, code=4 - codes, plan=others) == (Repetition("code", ("country",)),)


def test_one_large_value_makes_no_copy() -> None:
    random = np.random.default_rng(6)
    first, second = random.normal(size=CUSTOMERS), random.normal(size=CUSTOMERS)
    first[0] = second[0] = 1e9
    assert repetitions({"first": first, "second": second, "third": random.normal(size=CUSTOMERS)}) == ()


def test_numbers_whose_squares_overflow_are_not_compared() -> None:
    """Warnings are errors here: NumPy would warn of the overflow."""
    for huge in (1e300, -1.7e308):
        numbers = columns()
        numbers["orders"][0] = huge
        assert repetitions({**numbers, "copy": numbers["spend"]}) == (Repetition("copy", ("spend",)),)


def test_few_customers_and_rare_flags_agree_by_chance() -> None:
    few = {name: values[:12] for name, values in columns().items()}
    assert repetitions({**few, "total": np.sum([*few.values()], axis=0)}) == ()
    rare = np.zeros(CUSTOMERS)
    rare[:3] = 1
    assert repetitions({"vip": rare, "beta": rare.copy()}, ("vip", "beta")) == ()


@pytest.mark.parametrize("values", [np.zeros(CUSTOMERS), np.full(CUSTOMERS, np.nan), np.empty(0)])
def test_columns_without_a_difference(values: NDArray[np.float64]) -> None:
    numbers = {name: own[: len(values)] for name, own in columns().items()}
    assert repetitions({**numbers, "nothing": values, "more": values}) == ()
    assert repetitions({}) == ()
