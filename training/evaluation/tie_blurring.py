"""Rounded numbers, categories and spikes are blurred before gaps are looked for: what one value makes is no gap.

Two values a step apart, each blurred by a normal distribution of half the step, have one peak whatever their shares:
whole numbers, or a yes or no, show no gap. Gaps over several steps, and those that several columns agree on, stay.

The levels of a category are blurred a little less: two of them alone then leave a dent, at most 15% deep, which is far
from a gap (`gaps.MOST_DEPTH`); but where two categories agree, their valley is 62% deep, and with half the distance it
would be 28%.

A spike is one value that many share and few come near, such as no spend at all: a hidden yes or no. Its customers are
spread evenly over the way to their nearest others, which ends where these are half as many again as they are (or a
third of all others): nothing between is emptier, and the others stay where they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from segment_model.encoding.encoder import Encoder, Floats, Indices

LEAST_SPIKE = 0.01  # share of the customers; the smallest segment that is allowed by default
LEVEL_BLUR = 0.39  # of the distance between two levels
COMPANY = 1.5  # others for each customer of a spike; spread among these, it adds less than `gaps.MOST_DEPTH` would see
MOST_COMPANY = 1 / 3  # of all others; with half, three columns that agree on a spike would show no gap


@dataclass(frozen=True)
class Spike:
    """The encoded `value` of a column that many customers share, and between where they are spread."""

    column: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Hidden:
    """What ties hide of n encoded points: the standard deviation of each number (n, width), and the spikes."""

    steps: Floats
    spikes: tuple[Spike, ...]

    def of(self, rows: Indices) -> Hidden:
        """The same for some of the points."""
        return replace(self, steps=self.steps[rows])


def blur(points: Floats, encoder: Encoder) -> Hidden:
    """What ties hide of (n, width) encoded points: half the step beside a tied number, more where it is a spike."""
    steps = np.zeros_like(points)
    spikes: list[Spike] = []
    numbers = len(encoder.numbers.names)
    for column in range(numbers):
        values, inverse, ties = np.unique(points[:, column], return_inverse=True, return_counts=True)
        if len(values) > 1:
            gaps = np.diff(values)
            step = np.where(ties > 1, np.maximum(np.append(gaps, 0), np.append(0, gaps)), 0)
            steps[:, column] = step[inverse] / 2
            for place in np.flatnonzero(ties >= max(2, LEAST_SPIKE * len(points))):
                low, high = _company(values, ties, int(place))
                if max(values[place] - low, high - values[place]) > step[place]:
                    spikes.append(Spike(column, values[place], low, high))
    for category, start in zip(encoder.categories, encoder.starts[numbers:], strict=True):
        # levels are √2 · factor apart
        steps[:, start : start + category.width] = LEVEL_BLUR * np.sqrt(2) * category.factor
    return Hidden(steps, tuple(spikes))


def smoothed(points: Floats, hidden: Hidden, seed: int) -> Floats:
    """(n, width) encoded points with ties blurred, and spikes spread, by as much as they hide."""
    generator = np.random.default_rng(seed)
    result: Floats = points + generator.normal(size=points.shape) * hidden.steps
    for spike in hidden.spikes:
        rows = points[:, spike.column] == spike.value
        result[rows, spike.column] = generator.uniform(spike.low, spike.high, int(rows.sum()))
    return result


def variance(points: Floats, hidden: Hidden) -> Floats:
    """Variance (width,) that the blur gives each encoded column."""
    squares = hidden.steps**2
    for spike in hidden.spikes:
        squares[points[:, spike.column] == spike.value, spike.column] = (spike.high - spike.low) ** 2 / 12
    result: Floats = squares.mean(axis=0)
    return result


def _company(values: Floats, ties: Indices, place: int) -> tuple[float, float]:
    """Between where the nearest others are that keep the customers at `values[place]` company."""
    others = np.argsort(np.abs(values - values[place]), kind="stable")[1:]
    numbers = np.cumsum(ties[others])
    wanted = min(COMPANY * ties[place], MOST_COMPANY * numbers[-1])
    near = values[others[: int(np.searchsorted(numbers, wanted)) + 1]]
    return float(min(near.min(), values[place])), float(max(near.max(), values[place]))
