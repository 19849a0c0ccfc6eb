"""How many segments: a number, or the least and the most."""

from __future__ import annotations

import click
import pytest

from commands.segment_counts import SegmentCounts


@pytest.mark.parametrize(
    ("text", "counts"), [("5", (5, 5)), ("4-8", (4, 8)), (" 2 - 12 ", (2, 12)), ("100", (100, 100))]
)
def test_a_number_or_a_range(text: str, counts: tuple[int, int]) -> None:
    assert SegmentCounts().convert(text, None, None) == counts


@pytest.mark.parametrize("text", ["", "1", "0-4", "8-4", "4-", "-4", "four", "4-8-9", "4.5", "99999"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(click.BadParameter, match="segments"):
        SegmentCounts().convert(text, None, None)
