"""Sparklines: a line of the size of a word, from the first to the last month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reporting.charts.line_chart import marks_of, path_of, places
from reporting.charts.scale import Scale


@dataclass(frozen=True, slots=True)
class Sparkline:
    """The SVG paths of a line, of its hollow marks and of its last mark; words : what it shows, for those who do not
    see it.
    """

    path: str
    hollow_marks: str
    last: str
    words: str


def sparkline(numbers: Sequence[float | None], hollow: Sequence[bool], words: str) -> Sparkline | None:
    """A line between its own least and greatest number; None without two numbers."""
    known = [number for number in numbers if number is not None]
    if len(known) < 2:
        return None
    low, high = min(known), max(known)
    margin = 0.12 * (high - low) or 1.0
    scale = Scale(low - margin, high + margin)
    points = list(zip(places(len(numbers)), numbers, strict=True))
    last = [point for point in points if point[1] is not None][-1:]
    empty = [point for point, is_hollow in zip(points, hollow, strict=True) if is_hollow]
    return Sparkline(path_of(points, scale), marks_of(empty, scale), marks_of(last, scale), words)
