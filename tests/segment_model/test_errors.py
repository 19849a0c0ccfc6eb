"""Problems are put in words only as far as somebody is told of them; counts and refused values have one form."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from segment_model.errors import LONGEST_SHOWN, LONGEST_WORD, InputError, Problem, counted, nearest_word, shown


def test_no_more_problems_are_made_than_are_told() -> None:
    made = []

    def problems() -> Iterator[Problem]:
        for row in range(1000):
            made.append(row)
            yield Problem(row, "frequency", "-1", "at least 0")

    error = InputError(problems())
    assert [problem.row for problem in error.problems] == made == list(range(InputError.LIMIT))
    assert str(error).count("frequency: got -1, expected at least 0") == InputError.LIMIT


def test_a_near_word_is_named_and_a_far_one_is_not() -> None:
    names = ("recency_days", "frequency", "monetary_value")
    assert nearest_word("recncy_days", names) == " Did you mean 'recency_days'?"
    assert nearest_word("", names) == nearest_word("Umsatz", names) == ""


@pytest.mark.parametrize("more", [0, 1])
def test_nothing_is_near_a_word_longer_than_any_name(more: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The search takes time by the square of a word's length, so none is made: a megabyte would never end."""
    searched = []
    monkeypatch.setattr(
        "segment_model.errors.difflib.get_close_matches", lambda word, *_, **__: searched.append(word) or []
    )
    word = "x" * (LONGEST_WORD + more)
    assert nearest_word(word, [word]) == ""
    assert searched == ([] if more else [word])


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1_200, "1,200 rows"), (-1, "-1 rows"), (np.int64(1), "1 row")],
)
def test_a_count_has_its_noun_in_the_right_number(count: Any, words: str) -> None:
    assert counted(count, "row") == words


def test_a_plural_may_be_named() -> None:
    assert counted(1, "value that is", "values that are") == "1 value that is"
    assert counted(3, "value that is", "values that are") == "3 values that are"


INSIDE_ITSELF: list[Any] = []
INSIDE_ITSELF.append(INSIDE_ITSELF)


@pytest.mark.parametrize(
    ("refused", "text"),
    [
        ("a lot", "'a lot'"),
        ("", "''"),
        ("two\nlines", "'two\\nlines'"),
        (np.str_("word"), "'word'"),
        (45, "45"),
        (np.float64(45.0), "45.0"),
        (np.int64(7), "7"),
        (float("nan"), "NaN"),
        (Decimal("1.50"), "1.50"),
        (True, "true"),
        (np.bool_(True), "true"),
        (None, "null"),
        (date(2026, 7, 1), "2026-07-01"),
        (datetime(2026, 7, 1, 12), "2026-07-01T12:00:00"),
        (pd.Timestamp("2026-07-01", tz="UTC"), "2026-07-01T00:00:00+00:00"),
        ([1, "ü"], '[1, "ü"]'),
        ({"at": date(2026, 7, 1), "n": np.float64(1.0)}, '{"at": "2026-07-01", "n": 1.0}'),
        ({(1, 2): 3}, "a block with keys that are not text"),
        ([10**5000], "a value too large to show"),
        (INSIDE_ITSELF, "a value too large to show"),
    ],
)
def test_a_refused_value_is_shown_without_the_name_of_a_library(refused: Any, text: str) -> None:
    assert shown(refused) == text


@pytest.mark.parametrize("refused", ["x" * 10**6, ["x"] * 100, 10**100, {"key": "x" * 100}])
def test_a_refused_value_is_shown_on_one_short_line(refused: Any) -> None:
    assert len(shown(refused)) == LONGEST_SHOWN
    assert shown(refused).endswith("...")
