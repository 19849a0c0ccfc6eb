"""Problems are put in words only as far as somebody is told of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from segment_model.errors import LONGEST_WORD, InputError, Problem, nearest_word


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
