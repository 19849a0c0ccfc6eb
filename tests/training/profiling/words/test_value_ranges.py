"""Ranges in words: true of most members, at round numbers, and read back as they were written."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments import Column, Kind
from training.profiling.words.value_ranges import range_in, range_text, ranges_of, titled_value
from training.profiling.words.word import STANDS, Between, truths

SPEND = Column("spend", Kind.NUMBER, unit="GBP")
COLUMNS = (
    SPEND,
    Column("frequency", Kind.COUNT, unit="orders"),
    Column("seat_use", Kind.NUMBER, unit="of seats"),
    Column("discount_share", Kind.SHARE, label="share of discounts"),
    Column("founded", Kind.NUMBER, unit="year"),
    Column("active_days_30", Kind.COUNT, unit="days", label="active days of the last 30"),
    Column("z", Kind.NUMBER),
    Column("recency_days", Kind.COUNT, unit="days", label="time since the last order"),
)


@given(
    st.sampled_from(COLUMNS),
    st.lists(
        st.floats(-1e12, 1e12, allow_subnormal=False) | st.just(float("nan")) | st.just(0.0), min_size=20, max_size=60
    ),
    st.integers(5, 19),
)
def test_a_range_is_true_of_most_members_and_read_back(column: Column, values: list[float], size: int) -> None:
    frame = pd.DataFrame({column.name: np.array(values)})
    if column.kind is Kind.COUNT or column.unit == "year":
        frame = frame.abs().round()
    members = np.arange(len(values)) < size
    for word in ranges_of(column, frame[column.name].to_numpy(), members):
        truth = truths(word.condition.holds(frame), np.where(members, 0, 1), 2)[0]
        assert truth.inside >= STANDS
        assert range_in(word.text, column) == word


@pytest.mark.parametrize(
    ("column", "low", "high", "text"),
    [
        (SPEND, 80.0, 300.0, "spend 80 to 300 GBP"),
        (SPEND, 1200.0, np.inf, "spend at least 1,200 GBP"),
        (SPEND, -np.inf, 80.0, "spend at most 80 GBP"),
        (COLUMNS[1], 1.0, 1.0, "frequency 1 order"),
        (COLUMNS[2], 0.36, 0.84, "seat use 36 to 84 %"),
        (COLUMNS[3], 0.1, np.inf, "share of discounts at least 10 %"),
        (COLUMNS[4], 1998.0, 2010.0, "founded 1998 to 2010"),
        (COLUMNS[5], 8.0, np.inf, "active days of the last 30 at least 8 days"),
        (COLUMNS[5], 1.0, 2.0, "active days of the last 30: 1 to 2 days"),
        (replace(SPEND, label="trend (-1 to 1)", unit=""), -1.0, -1.0, "trend (-1 to 1): -1"),
        (COLUMNS[6], -1.5, 0.25, "z -1.5 to 0.25"),
        (COLUMNS[7], 45.0, 220.0, "last order 45 to 220 days ago"),
        (COLUMNS[7], 1.0, 1.0, "last order 1 day ago"),
    ],
)
def test_ranges_in_words(column: Column, low: float, high: float, text: str) -> None:
    condition = Between(column.name, low, high)
    assert range_text(condition, column) == text
    word = range_in(text, column)
    assert word is not None
    assert word.condition == condition


def test_a_range_named_before_there_was_a_colon_is_still_read() -> None:
    """A name that an older model gave is kept while it is true."""
    word = range_in("active days of the last 30 1 to 2 days", COLUMNS[5])
    assert word is not None
    assert word.condition == Between(COLUMNS[5].name, 1.0, 2.0)


@pytest.mark.parametrize(
    "text", ["spend", "spend much", "spend at least GBP", "spend 80 to", "spend 080 to 90 GBP", "z 1"]
)
def test_other_texts_are_no_ranges(text: str) -> None:
    assert range_in(text, SPEND) is None


def test_no_range_where_too_many_values_are_missing() -> None:
    values = np.array([1.0] * 7 + [np.nan] * 3 + [9.0] * 10)
    assert list(ranges_of(SPEND, values, np.arange(20) < 10)) == []


@pytest.mark.parametrize(
    ("title", "unit", "value", "words"),
    [
        ("upgrades", "upgrades", 4, "upgrades 4"),
        ("upgrades", "upgrades", 1, "upgrades 1"),
        ("seat use", "of seats", 0.2, "seat use 20 %"),
        ("shopping trips", "trips", 102, "shopping trips 102"),
        ("spend", "USD", 80, "spend 80 USD"),
        ("average order value", "USD an order", 80, "average order value 80 USD an order"),
        ("frequency", "orders", 2, "frequency 2 orders"),
        ("active days of the last 30", "days", 12, "active days of the last 30: 12 days"),
        ("usage trend", "", -0.5, "usage trend -0.5"),
        ("seats", "seats", None, "seats unknown"),
    ],
)
def test_a_unit_that_the_title_says_is_not_said_again(title: str, unit: str, value: float | None, words: str) -> None:
    assert titled_value(value, Column("name", Kind.NUMBER, unit=unit, label=title)) == words
