"""Stacked areas: how the parts of a whole change over time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from reporting.charts.line_chart import LEAST_DISTANCE, places
from reporting.charts.scale import SIDE, Tick, scale_of, spaced_ticks

LEAST_LETTERED = 5.0  # percent of the height; a thinner layer has no letter


@dataclass(frozen=True, slots=True)
class Layer:
    """A part: its number at each place, None counting as 0."""

    letter: str
    name: str
    style: str
    numbers: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class DrawnLayer:
    """The SVG path of an area; middle : where its letter stands at the last place, in percent from below, or None."""

    letter: str
    name: str
    style: str
    path: str
    middle: float | None


@dataclass(frozen=True, slots=True)
class StackedChart:
    """A drawn chart; striped : stripes of places that are not comparable, as (left, width) in percent."""

    layers: tuple[DrawnLayer, ...]
    y_ticks: tuple[Tick, ...]
    x_ticks: tuple[Tick, ...]
    striped: tuple[tuple[float, float], ...] = ()


def stacked_chart(
    layers: Sequence[Layer], x_labels: Sequence[str], words: Callable[[float], str], striped: Sequence[bool] = ()
) -> StackedChart:
    """Draw areas over equally spaced places, the first at the bottom; numbers below 0 count as 0."""
    across = places(len(x_labels))
    tops = [[0.0] * len(across)]
    for layer in layers:
        tops.append([below + _part(number) for below, number in zip(tops[-1], layer.numbers, strict=True)])
    scale = scale_of(tops[-1])
    ends = [scale.place(top[-1]) / SIDE * 100 for top in tops]
    middles = _lettered(ends)
    drawn = []
    for number, layer in enumerate(layers):
        upper = [(place, SIDE - scale.place(top)) for place, top in zip(across, tops[number + 1], strict=True)]
        lower = [(place, SIDE - scale.place(top)) for place, top in zip(across, tops[number], strict=True)]
        corners = [*upper, *reversed(lower)]
        drawn.append(
            DrawnLayer(
                layer.letter,
                layer.name,
                layer.style,
                "M" + "L".join(f"{place} {up}" for place, up in corners) + "Z",
                middles.get(number),
            )
        )
    return StackedChart(tuple(drawn), scale.ticks(words), spaced_ticks(x_labels), _stripes(across, striped))


def _lettered(ends: Sequence[float]) -> dict[int, float]:
    """By layer with a letter, its middle in percent from below: the thickest first, none on the letter of another.

    ends : where the layers begin and end at the last place, in percent from below.
    """
    thick = {number: above - below for number, (below, above) in enumerate(pairwise(ends))}
    middles: dict[int, float] = {}
    for number in sorted(thick, key=lambda layer: -thick[layer]):
        middle = round((ends[number] + ends[number + 1]) / 2, 1)
        if thick[number] >= LEAST_LETTERED and all(abs(middle - other) >= LEAST_DISTANCE for other in middles.values()):
            middles[number] = middle
    return middles


def _part(number: float | None) -> float:
    return max(0.0, number) if number is not None and math.isfinite(number) else 0.0


def _stripes(across: Sequence[int], striped: Sequence[bool]) -> tuple[tuple[float, float], ...]:
    """A stripe around each of these places, half way to its neighbours."""
    half = SIDE / max(1, len(across) - 1) / 2
    stripes = []
    for place, empty in zip(across, striped, strict=False):
        if empty:
            left, right = max(0.0, place - half), min(float(SIDE), place + half)
            stripes.append((round(left / 10, 2), round((right - left) / 10, 2)))
    return tuple(stripes)
