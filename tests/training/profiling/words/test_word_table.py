"""The table says when each declared word is true: by absolute days, by sign, by thirds of the customers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.catalogue import every_column
from segments import Column, Kind
from training.profiling.words.word_rules import Third
from training.profiling.words.word_table import HIGH, LOW, WORD_RULES, rules_of, words_of_number

COLUMNS = {column.name: column for column in every_column()}


def true_of(column: Column, word: str, **values: Any) -> list[bool]:
    """Of which customers a word is true."""
    frame = pd.DataFrame(values)
    words = {own.text: own for own in words_of_number(column, frame)}
    return words[word].condition.holds(frame).tolist() if word in words else []


def test_the_table_names_columns_that_the_features_make_and_their_ends() -> None:
    assert WORD_RULES.keys() <= COLUMNS.keys()
    for name, rules in WORD_RULES.items():
        ends = {rule.text for rule in rules} & {LOW, HIGH}
        declared = {end for end, text in ((LOW, COLUMNS[name].low), (HIGH, COLUMNS[name].high)) if text}
        assert ends == declared
        for rule in rules:
            assert {bound.column for bound in rule.bounds} <= COLUMNS.keys()


def test_every_word_of_time_has_absolute_days() -> None:
    """A relative word of days says "recently" of a year ago where all customers came longer ago."""
    for name, column in COLUMNS.items():
        if column.unit in ("days", "weeks") and not column.is_category:
            for rule in rules_of(column):
                assert not any(isinstance(bound, Third) for bound in rule.bounds), name


@pytest.mark.parametrize(
    ("column", "word", "values", "expected"),
    [
        ("recency_days", "bought recently", {"recency_days": [0, 30, 31, None]}, [True, True, False, False]),
        ("recency_days", "lapsed", {"recency_days": [179, 180, None]}, [False, True, False]),
        ("recency_days", "no order yet", {"recency_days": [179, None]}, [False, True]),
        (
            "mrr_change_90_days", "growing contract",  # a new subscriber's contract has not grown
            {"mrr_change_90_days": [-1, 0, 0.01, 9], "subscription_tenure_days": [400, 400, 400, 90]},
            [False, False, True, False],
        ),
        (
            "mrr_change_90_days", "shrinking contract",  # who left has none that shrinks
            {"mrr_change_90_days": [-0.01, 0, 2, -9], "mrr": [5, 5, 5, 0]}, [True, False, False, False],
        ),
        (
            "mrr_change_90_days", "stopped paying in the last 90 days",
            {"mrr_change_90_days": [-0.01, 0, -9], "mrr": [5, 0, 0]}, [False, False, True],
        ),
        ("active_days_30", "not active for 30 days", {"active_days_30": [0, 1]}, [True, False]),
        ("active_days_30", "often active", {"active_days_30": [9, 10]}, [False, True]),
        ("frequency", "many orders", {"frequency": [1, 1, 1, 2, 4, 5]}, [False] * 5 + [True]),
        ("frequency", "few orders", {"frequency": [1, 1, 1, 1, 4, 5]}, []),  # the median is no "few"
        (
            "events_per_active_day", "many events per active day",
            {"events_per_active_day": [1, 2, 9, 9], "active_days_30": [5, 5, 5, 0], "active_days_90": [5, 5, 5, 2]},
            [False, False, True, False],
        ),
        (
            "churned", "subscribed",
            {"churned": [0, 0, 1], "subscription_tenure_days": [9, None, 9]}, [True, False, False],
        ),
        ("churned", "subscribed", {"churned": [0, 0, 1]}, []),  # whether they ever subscribed is not known
    ],
)  # fmt: skip
def test_words_against_raw_values(column: str, word: str, values: dict[str, Any], expected: list[bool]) -> None:
    assert (
        true_of(COLUMNS[column], word, **{name: np.array(own, dtype=float) for name, own in values.items()}) == expected
    )


def test_a_column_of_ones_own_has_words_by_thirds() -> None:
    values = np.arange(1.0, 10.0)
    plain, own = Column("cars", Kind.COUNT), Column("cars", Kind.COUNT, low="small fleet", high="large fleet")
    for column, low, high in ((plain, "low cars", "high cars"), (own, "small fleet", "large fleet")):
        assert true_of(column, low, cars=values) == (values <= 3.6).tolist()
        assert true_of(column, high, cars=values) == (values >= 6.4).tolist()
    flag = Column("van", Kind.FLAG)
    assert true_of(flag, "van: yes", van=[0.0, 1.0, np.nan]) == [False, True, False]


def test_declared_words_of_days_hold_by_the_table_and_template_words_by_thirds() -> None:
    recency = Column("recency_days", Kind.COUNT, unit="days", high="staying away")
    days = np.arange(1.0, 10.0)
    assert true_of(recency, "staying away", recency_days=days) == [False] * 9
    mine = Column("recency_days", Kind.COUNT, unit="days")
    assert any(true_of(mine, "high recency", recency_days=days))
