"""Blurs tied values before the search for gaps, so that rounded numbers, categories and spikes alone show no gap.

Numbers: two values one step apart, each blurred by a normal distribution with half the step as standard deviation, have
one density peak whatever their shares. So whole numbers and flags show no gap. Gaps of several steps remain, and so do
gaps on which several columns agree.

Categories: levels are blurred a little less. Two levels alone then leave a dent, at most 15 % deep, which is far from a
gap (`gaps.MOST_DEPTH`). Where two categories agree, the valley is 62 % deep; with half the distance as standard
deviation it would be 28 % deep.

Spikes: a spike is one value that many customers share while few others come near, such as a spend of 0; it is a hidden
flag. Its customers are spread uniformly over the range that holds their nearest other customers: half as many again as
the customers of the spike, or a third of all others if those are fewer. The other customers stay where they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from segment_model.encoding.encoder import Encoder, Floats, Indices

LEAST_SPIKE = 0.01  # share of the customers; the smallest segment that is allowed by default
LEVEL_BLUR = 0.39  # standard deviation, as a share of the distance between two levels
OTHERS = 1.5  # other customers in the range, for each of the spike: their density rises to 1 / `gaps.MOST_DEPTH`
MOST_OTHERS = 1 / 3  # share of all others; with half, three columns that agree on a spike would show no gap


@dataclass(frozen=True)
class Spike:
    """A spike: the encoded `value` that many customers share, and the range over which they are spread."""

    column: int
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Ties:
    """The spread that ties hide in n encoded points: the blur's standard deviations (n, width), and the spikes."""

    steps: Floats
    spikes: tuple[Spike, ...]

    def of(self, rows: Indices) -> Ties:
        """The ties of a sample of the points."""
        return replace(self, steps=self.steps[rows])


def measure_ties(points: Floats, encoder: Encoder) -> Ties:
    """The ties of (n, width) encoded points: half the larger step beside a tied number, and the range of a spike."""
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
    """The (n, width) encoded points with ties blurred and spikes spread at random."""
    generator = np.random.default_rng(seed)
    blurred: Floats = points + generator.normal(size=points.shape) * ties.steps
    for spike in ties.spikes:
        rows = points[:, spike.column] == spike.value
        blurred[rows, spike.column] = generator.uniform(spike.low, spike.high, int(rows.sum()))
    return blurred


def tie_variance(points: Floats, ties: Ties) -> Floats:
    """The variance (width,) that the blur adds to each encoded column."""
    squares = ties.steps**2
    for spike in ties.spikes:
        squares[points[:, spike.column] == spike.value, spike.column] = (spike.high - spike.low) ** 2 / 12
    variance: Floats = squares.mean(axis=0)
    return variance


def _range_of_others(values: Floats, shared: Indices, place: int) -> tuple[float, float]:
    """The range that holds as many of the nearest other customers as the spike at `values[place]` is spread among."""
    others = np.argsort(np.abs(values - values[place]), kind="stable")[1:]
    numbers = np.cumsum(shared[others])
    wanted = min(OTHERS * shared[place], MOST_OTHERS * numbers[-1])
    near = values[others[: int(np.searchsorted(numbers, wanted)) + 1]]
    return float(min(near.min(), values[place])), float(max(near.max(), values[place]))
