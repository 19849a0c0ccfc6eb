"""Blurs tied values before gaps are looked for: rounded numbers, categories and spikes make no gap of their own.

Two values a step apart, each blurred by a normal distribution of half the step, have one peak whatever their shares.
So whole numbers, or a yes or no, show no gap; gaps over several steps, and those on which several columns agree, stay.

The levels of a category are blurred a little less: two levels alone then leave a dent, at most 15% deep, which is far
from a gap (`gaps.MOST_DEPTH`). Where two categories agree, their valley is 62% deep; with half the distance as blur it
would be 28%.

A spike is one value that many customers share and few come near, such as no spend at all: a hidden yes or no. Its
customers are spread evenly as far as their nearest others, until these are half as many again as they are (or a third
of all others). No place in that range is emptier, and the others stay where they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from segment_model.encoding.encoder import Encoder, Floats, Indices

LEAST_SPIKE = 0.01  # share of the customers; the smallest segment that is allowed by default
LEVEL_BLUR = 0.39  # of the distance between two levels
OTHERS = 1.5  # for each customer of a spike; spread among these, it adds less than `gaps.MOST_DEPTH` would see
MOST_OTHERS = 1 / 3  # of all others; with half, three columns that agree on a spike would show no gap


@dataclass(frozen=True)
class Spike:
    """The encoded `value` of a column that many customers share, and the range over which they are spread."""

    column: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Ties:
    """The spread that ties hide in n encoded points: the standard deviation of each number (n, width), and spikes."""

    steps: Floats
    spikes: tuple[Spike, ...]

    def of(self, rows: Indices) -> Ties:
        """The ties of a sample of the points."""
        return replace(self, steps=self.steps[rows])


def measure_ties(points: Floats, encoder: Encoder) -> Ties:
    """The ties of (n, width) encoded points: half the step beside a tied number, more where it is a spike."""
    steps = np.zeros_like(points)
    spikes: list[Spike] = []
    numbers = len(encoder.numbers.names)
    for column in range(numbers):
        values, inverse, shared = np.unique(points[:, column], return_inverse=True, return_counts=True)
        if len(values) > 1:
            gaps = np.diff(values)
            step = np.where(shared > 1, np.maximum(np.append(gaps, 0), np.append(0, gaps)), 0)
            steps[:, column] = step[inverse] / 2
            for place in np.flatnonzero(shared >= max(2, LEAST_SPIKE * len(points))):
                low, high = _range_of_others(values, shared, int(place))
                if max(values[place] - low, high - values[place]) > step[place]:
                    spikes.append(Spike(column, values[place], low, high))
    for category, start in zip(encoder.categories, encoder.starts[numbers:], strict=True):
        # levels are √2 · factor apart
        steps[:, start : start + category.width] = LEVEL_BLUR * np.sqrt(2) * category.factor
    return Ties(steps, tuple(spikes))


def blur_ties(points: Floats, ties: Ties, seed: int) -> Floats:
    """(n, width) encoded points with ties blurred and spikes spread, by as much as they hide."""
    generator = np.random.default_rng(seed)
    blurred: Floats = points + generator.normal(size=points.shape) * ties.steps
    for spike in ties.spikes:
        rows = points[:, spike.column] == spike.value
        blurred[rows, spike.column] = generator.uniform(spike.low, spike.high, int(rows.sum()))
    return blurred


def tie_variance(points: Floats, ties: Ties) -> Floats:
    """Variance (width,) that the blur gives each encoded column."""
    squares = ties.steps**2
    for spike in ties.spikes:
        squares[points[:, spike.column] == spike.value, spike.column] = (spike.high - spike.low) ** 2 / 12
    variance: Floats = squares.mean(axis=0)
    return variance


def _range_of_others(values: Floats, shared: Indices, place: int) -> tuple[float, float]:
    """The range that holds enough of the nearest others of the customers at `values[place]`."""
    others = np.argsort(np.abs(values - values[place]), kind="stable")[1:]
    numbers = np.cumsum(shared[others])
    wanted = min(OTHERS * shared[place], MOST_OTHERS * numbers[-1])
    near = values[others[: int(np.searchsorted(numbers, wanted)) + 1]]
    return float(min(near.min(), values[place])), float(max(near.max(), values[place]))
