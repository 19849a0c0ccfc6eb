"""The profile of a column says what its values are, whatever they are."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.inspection.looks.column_profile import ColumnProfile, ColumnType, profile_numbers, profile_texts


def of_texts(*texts: str | None, name: str = "theirs", decimal: str = ".") -> ColumnProfile:
    return profile_texts(name, texts, len(texts), len({text for text in texts if text is not None}), decimal)


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (("1", "2.5", None), ColumnType.NUMBER),
        (("1,234.50", "7"), ColumnType.NUMBER),
        (("2026-06-29", "2026-06-30 10:00:00"), ColumnType.MOMENT),
        (("29.06.2026", "30.06.2026"), ColumnType.MOMENT),
        (("20260629", "20260630"), ColumnType.MOMENT),
        (("01067", "10115"), ColumnType.TEXT),
        (("yes", "No"), ColumnType.FLAG),
        (("a", "b"), ColumnType.TEXT),
        (("NULL", "", None, "nan"), ColumnType.EMPTY),
        ((), ColumnType.EMPTY),
    ],
)
def test_the_type_of_texts(texts: tuple[str | None, ...], kind: ColumnType) -> None:
    assert of_texts(*texts).type is kind


def test_numbers_with_a_decimal_comma() -> None:
    assert of_texts("1.234,50", "7,25", decimal=",").numbers == (1234.5, 7.25)


def test_seconds_are_moments_only_where_the_name_says_so() -> None:
    assert of_texts("1767225600", "1767312000", name="created_at").type is ColumnType.MOMENT
    assert of_texts("1767225600", "1767312000", name="views").type is ColumnType.NUMBER
    assert profile_numbers("ts", [1767225600.0], 1, 1).type is ColumnType.MOMENT


def test_a_zone_is_noticed() -> None:
    assert of_texts("2026-06-29T10:00:00Z").zoned
    assert not of_texts("2026-06-29T10:00:00").zoned


def test_days_and_months_that_cannot_be_told_apart() -> None:
    form = of_texts("01/02/2026", "03/04/2026").moment
    assert form is not None
    assert set(form.formats) == {"%d/%m/%Y", "%m/%d/%Y"}
    form = of_texts("01/02/2026", "13/04/2026").moment
    assert form is not None
    assert form.formats == ("%d/%m/%Y",)


@given(st.lists(st.none() | st.text(max_size=20), max_size=20))
def test_any_texts_have_a_profile(texts: list[str | None]) -> None:
    profile = of_texts(*texts)
    assert 0 <= profile.present <= 1
    assert all(map(math.isfinite, profile.numbers))
    assert 0 <= profile.negative <= 1


@given(st.lists(st.none() | st.floats(), max_size=20))
def test_any_numbers_have_a_profile(numbers: list[float | None]) -> None:
    profile = profile_numbers("theirs", numbers, len(numbers), len(set(numbers)))
    assert all(map(math.isfinite, profile.numbers))
    assert profile.type in (ColumnType.NUMBER, ColumnType.EMPTY)
