"""The text of a settings file is valid, whatever the tables are called."""

from __future__ import annotations

import yaml
from hypothesis import given
from hypothesis import strategies as st

from features.inspection.names.name_words import printable
from features.inspection.settings_text import Line, scalar

TEXTS = st.text(max_size=60)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.dates() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@given(PLAIN)
def test_a_plain_value_is_written_on_one_line(content: object) -> None:
    text = scalar(content)
    assert "\n" not in text
    assert yaml.safe_load(text) == content


@given(TEXTS, TEXTS, TEXTS)
def test_a_line_holds_its_key_and_its_value_whatever_its_comment(key: str, content: str, comment: str) -> None:
    text = Line(0, key or "k", content, comment).text
    assert yaml.safe_load(text) == {key or "k": content}


@given(TEXTS)
def test_a_comment_alone_holds_nothing(comment: str) -> None:
    assert yaml.safe_load(Line(2, "", comment=comment).text) is None
    assert printable(comment).isprintable()
