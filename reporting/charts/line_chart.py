"""Line charts: a line a segment, with the band of its interval, and a mark at each number."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from reporting.charts.scale import SIDE, Scale, Tick, scale_of, spaced_ticks

LEAST_DISTANCE = 9.5  # percent of the height between two letters at the ends of lines


@dataclass(frozen=True, slots=True)
class Line:
    """Numbers to draw: None where there is none, which interrupts the line.

    style : the class that gives the colour. low, high : ends of the interval. hollow : which marks are not comparable.
    """

    letter: str
    name: str
    style: str
    numbers: Sequence[float | None]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()
    hollow: Sequence[bool] = ()


@dataclass(frozen=True, slots=True)
class DrawnLine:
    """The SVG paths of a line in a square of `SIDE`: itself, its band, its full and its hollow marks.

    last : the last number's place, from the left and from above. end : where its letter stands, in percent from below.
    Both are None for a line without numbers.
    """

    letter: str
    name: str
    style: str
    path: str
    band: str
    full_marks: str
    hollow_marks: str
    last: tuple[int, int] | None
    end: float | None

    @property
    def leader(self) -> str:
        """The path from the last number to the right edge, in a square of `SIDE`; empty for a line without numbers."""
        return "" if self.last is None else f"M{self.last[0]} {self.last[1]}H{SIDE}"

    @property
    def to_letter(self) -> str:
        """The path beside the square, from the line's height to its letter's."""
        return "" if self.last is None or self.end is None else f"M0 {self.last[1]}L{SIDE} {SIDE - 10 * self.end:.0f}"


@dataclass(frozen=True, slots=True)
class LineChart:
    """A drawn chart."""

    lines: tuple[DrawnLine, ...]
    y_ticks: tuple[Tick, ...]
    x_ticks: tuple[Tick, ...]
    x_title: str = ""


def line_chart(
    lines: Sequence[Line],
    x_labels: Sequence[str],
    words: Callable[[float], str],
    *,
    x_title: str = "",
    from_zero: bool = True,
    steps: bool = False,
    marks: bool = True,
) -> LineChart:
    """Draw lines over equally spaced places.

    words : the numbers of the y axis in words. x_title : what the labels count, from the first; without it they are
    months, of which the newest matters. steps : hold each number until the next one, as survival does.
    """
    numbers = [number for line in lines for number in (*line.numbers, *line.low, *line.high)]
    scale = scale_of(numbers, from_zero=from_zero)
    across = places(len(x_labels))
    drawn = [_drawn(line, scale, across, steps, marks) for line in lines]
    ticks = spaced_ticks(x_labels, from_start=bool(x_title))
    return LineChart(_apart(drawn), scale.ticks(words), ticks, x_title)


def places(count: int) -> tuple[int, ...]:
    """Equally spaced places on a side; a single one lies in the middle."""
    if count == 1:
        return (SIDE // 2,)
    return tuple(round(SIDE * place / (count - 1)) for place in range(count))


def path_of(points: Sequence[tuple[int, float | None]], scale: Scale, steps: bool = False) -> str:
    """An SVG path through points (place, number), interrupted where the number is None."""
    parts: list[str] = []
    pen_down, height = False, 0
    for place, number in points:
        if number is None or not math.isfinite(number):
            pen_down = False
            continue
        up = SIDE - scale.place(number)
        if pen_down and steps:
            parts.append(f"L{place} {height}")
        parts.append(f"{'L' if pen_down else 'M'}{place} {up}")
        pen_down, height = True, up
    return "".join(parts)


def marks_of(points: Sequence[tuple[int, float | None]], scale: Scale) -> str:
    """A path of points, which round line caps make dots, however the drawing is stretched."""
    return "".join(
        f"M{place} {SIDE - scale.place(number)}h0"
        for place, number in points
        if number is not None and math.isfinite(number)
    )


def _drawn(line: Line, scale: Scale, across: Sequence[int], steps: bool, marks: bool) -> DrawnLine:
    points = list(zip(across, line.numbers, strict=True))
    hollow = line.hollow or [False] * len(points)
    known = [(place, number) for place, number in points if number is not None and math.isfinite(number)]
    return DrawnLine(
        letter=line.letter,
        name=line.name,
        style=line.style,
        path=path_of(points, scale, steps),
        band=_band(line, scale, across, steps) if len(line.low) and len(line.high) else "",
        full_marks=marks_of([p for p, empty in zip(points, hollow, strict=True) if not empty], scale) if marks else "",
        hollow_marks=marks_of([p for p, empty in zip(points, hollow, strict=True) if empty], scale) if marks else "",
        last=(known[-1][0], SIDE - scale.place(known[-1][1])) if known else None,
        end=scale.place(known[-1][1]) / SIDE * 100 if known else None,
    )


def _band(line: Line, scale: Scale, across: Sequence[int], steps: bool) -> str:
    """The area between the ends of the interval, a piece for each unbroken run of places."""
    runs: list[list[tuple[int, float, float]]] = [[]]
    for place, low, high in zip(across, line.low, line.high, strict=True):
        if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
            runs.append([])
        else:
            runs[-1].append((place, low, high))
    parts = []
    for run in runs:
        if len(run) > 1:
            upper = path_of([(place, high) for place, _, high in run], scale, steps)
            lower = path_of([(place, low) for place, low, _ in run], scale, steps)
            corners = lower.replace("M", " ").replace("L", " ").split()
            pairs = [f"{corners[n]} {corners[n + 1]}" for n in range(0, len(corners), 2)]
            parts.append(upper + "".join(f"L{pair}" for pair in reversed(pairs)) + "Z")
    return "".join(parts)


def _apart(lines: Sequence[DrawnLine]) -> tuple[DrawnLine, ...]:
    """The lines with their letters moved, as little as possible, until none covers another."""
    order = sorted((n for n, line in enumerate(lines) if line.last is not None), key=lambda n: lines[n].end or 0.0)
    wanted = [lines[n].end or 0.0 for n in order]
    ends = spaced(wanted, min(LEAST_DISTANCE, 100 / max(len(wanted), 1)))
    moved = {n: round(end, 1) for n, end in zip(order, ends, strict=True)}
    return tuple(replace(line, end=moved.get(n)) for n, line in enumerate(lines))


def spaced(wanted: Sequence[float], distance: float) -> list[float]:
    """Ascending places of 0 to 100 moved apart by at least `distance`, those that touch around their common mean.

    The least squares under the order constraint: isotonic regression by pooling adjacent violators, of the places less
    what the distances take. `distance` times their number is at most 100.
    """
    pools: list[tuple[float, int]] = []  # mean and count
    for number, place in enumerate(wanted):
        mean, count = place - number * distance, 1
        while pools and pools[-1][0] > mean:
            before, others = pools.pop()
            mean, count = (before * others + mean * count) / (others + count), others + count
        pools.append((mean, count))
    means = [mean for mean, count in pools for _ in range(count)]
    last = len(means) - 1
    return [
        min(max(mean + number * distance, number * distance), 100 - (last - number) * distance)
        for number, mean in enumerate(means)
    ]
