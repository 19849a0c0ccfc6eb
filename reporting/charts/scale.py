"""Scales: where a number lies between the ends of an axis, and which round numbers are written beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

SIDE = 1_000  # units of a chart's drawing each way
STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
MOST_X_TICKS = 7

LEAST_SPAN = 1e-300  # a fifth of a shorter axis is 0


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis, in percent from its start, and what is written there; minor ones are left out on a phone."""

    percent: float
    label: str
    minor: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear scale from `low` to `high`."""

    low: float
    high: float

    def place(self, number: float) -> int:
        """The distance from the start of the axis, 0 to `SIDE`."""
        return round(SIDE * (number - self.low) / (self.high - self.low))

    def ticks(self, words: Callable[[float], str], most: int = 5) -> tuple[Tick, ...]:
        """Round numbers from `low` to `high`."""
        step = round_step((self.high - self.low) / most)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return tuple(
            Tick(self.place(number * step) / SIDE * 100, words(number * step)) for number in range(first, last + 1)
        )


def scale_of(numbers: Iterable[float | None], *, from_zero: bool = True, most: int = 5) -> Scale:
    """A scale that holds all numbers and ends at round ones; from 0 to 1 where there is none."""
    known = [number for number in numbers if number is not None and math.isfinite(number)]
    low = min([0.0, *known]) if from_zero or not known else min(known)
    high = max([0.0, *known]) if from_zero or not known else max(known)
    if high - low < LEAST_SPAN:
        return Scale(low, low + 1.0)
    step = round_step((high - low) / most)
    return Scale(math.floor(low / step + 1e-9) * step, math.ceil(high / step - 1e-9) * step)


def round_step(least: float) -> float:
    """The smallest round step of at least `least`: 1, 2, 2.5 or 5 times a power of ten."""
    magnitude = 10.0 ** math.floor(math.log10(least))
    return next(step * magnitude for step in STEPS if step * magnitude >= least * (1 - 1e-9))


def spaced_ticks(labels: Sequence[str], *, from_start: bool = False) -> tuple[Tick, ...]:
    """Labels of equally spaced places, as many as there is room for; every other one of them is minor.

    The last label is always written, or (`from_start`) the first.
    """
    count = len(labels)
    if count == 1:
        return (Tick(50.0, labels[0]),)
    step = max(1, math.ceil((count - 1) / (MOST_X_TICKS - 1)))
    shown = range(0 if from_start else (count - 1) % step, count, step)
    written = 0 if from_start else len(shown) - 1
    return tuple(
        Tick(place / (count - 1) * 100, labels[place], minor=(written - number) % 2 == 1)
        for number, place in enumerate(shown)
    )
