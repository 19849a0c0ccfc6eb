"""The setting of how many segments to try: one number, or the least and the most."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from features.settings_words import Expected


def _ordered(segments: int | tuple[int, int]) -> int | tuple[int, int]:
    least, most = _ends(segments)
    if not 2 <= least <= most:
        raise ValueError("segments must be 2 or more, and the least no more than the most")
    return segments


def counts_in(segments: int | tuple[int, int]) -> range:
    """Every number of segments to try."""
    least, most = _ends(segments)
    return range(least, most + 1)


def _ends(segments: int | tuple[int, int]) -> tuple[int, int]:
    return (segments, segments) if isinstance(segments, int) else segments


WORDS = Expected("a number of segments such as 5, or the least and the most such as [2, 10]")
SegmentRange = Annotated[int | tuple[int, int], AfterValidator(_ordered), WORDS]
