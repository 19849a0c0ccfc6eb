"""A row of totals among customers is recognised by its values, in any language and at any place."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.own_vectors.row_of_totals import RowOfTotals, row_of_totals

amounts = st.lists(st.integers(0, 1_000_000), min_size=11, max_size=60).filter(lambda own: sum(map(bool, own)) > 10)


@given(amounts)
def test_the_sum_of_all_others_in_two_columns(cents: list[int]) -> None:
    spend = np.array(cents) / 100
    orders = np.array(cents) % 7 + 1.0
    place = len(spend) // 2
    with_total = {
        "spend": np.insert(spend, place, round(spend.sum(), 2)),
        "orders": np.insert(orders, place, orders.sum()),
    }
    assert row_of_totals(with_total) == RowOfTotals(place, ("spend", "orders"))
    assert row_of_totals({"spend": with_total["spend"]}) is None  # one column may be a large customer


def test_missing_values_and_columns_that_are_not_added_up() -> None:
    spend, orders = np.arange(1.0, 31.0), np.full(30, 2.0)
    age = np.append(np.arange(20.0, 50.0), [34.5])  # of an average
    gaps = np.append(np.where(np.arange(30) % 3, orders, np.nan), [40.0])
    columns = {"spend": np.append(spend, [465.0]), "orders": gaps, "age": age}
    assert row_of_totals(columns) == RowOfTotals(30, ("spend", "orders"))


def test_a_sum_beyond_the_largest_double_is_no_total() -> None:
    huge = np.full(20, 1.7e308)
    assert row_of_totals({"a": huge, "b": huge}) is None


def test_customers_without_a_total() -> None:
    random = np.random.default_rng(0)
    assert row_of_totals({"spend": random.lognormal(3, 1, 100), "orders": random.poisson(3, 100) * 1.0}) is None
    rare = np.array([1.0, 1.0] + [0.0] * 50)  # each is the sum of all others
    assert row_of_totals({"first": rare, "second": rare}) is None
    assert row_of_totals({"empty": np.full(5, np.nan), "none": np.zeros(50)}) is None
    assert row_of_totals({}) is None
