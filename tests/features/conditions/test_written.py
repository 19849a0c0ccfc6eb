"""A condition that is proposed can be read, whatever the column and the text are called."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from features.conditions.parse import parse_condition
from features.conditions.tree import column_names
from features.conditions.written import written_name
from segment_model.sql_text import quoted

NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=20)


@given(NAMES, NAMES)
@example("case", "it's")
@example("Größe", '"')
@example("select", "\\")
def test_a_written_condition_is_read_as_it_was_meant(name: str, text: str) -> None:
    condition = parse_condition(f"{written_name(name)} = {quoted(text)}")
    assert set(column_names(condition)) == {name}
    assert repr(text) in repr(condition)


@pytest.mark.parametrize(
    ("name", "written"), [("status", "status"), ("case", '"case"'), ("interval", '"interval"'), ('a"b', '"a""b"')]
)
def test_a_name_stands_in_quotes_unless_it_is_a_plain_word(name: str, written: str) -> None:
    assert written_name(name) == written
