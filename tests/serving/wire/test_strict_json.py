"""What is no JSON is refused in words that say what to send instead."""

from __future__ import annotations

import codecs

import pytest

from serving.wire.refusals import Refusal
from serving.wire.strict_json import parse


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (codecs.BOM_UTF8 + b'{"a": 1}', "it begins with a byte order mark; send UTF-8 without one"),
        (b" \n", "it is empty"),
        (b'{"a": [', "EOF while parsing a list at line 1 column 7"),
    ],
)
def test_a_body_that_is_no_json_says_why(body: bytes, fault: str) -> None:
    with pytest.raises(Refusal) as refused:
        parse(body)
    assert (refused.value.status, refused.value.code) == (400, "malformed_json")
    assert refused.value.message == f"the body is not JSON: {fault}"


def test_the_same_text_in_plain_utf_8_is_read() -> None:
    assert parse('{"a": "\u00fc"}'.encode()) == {"a": "\u00fc"}
