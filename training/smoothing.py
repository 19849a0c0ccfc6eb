"""Rounded numbers and categories are blurred before gaps are looked for: steps between values are no gaps.

Two values a step apart, each blurred by a normal distribution of half the step, make a log-concave density whatever
their shares: whole numbers, a yes or no, or one category then show one peak. Gaps over several steps, and those
that several columns agree on, stay.
"""

from __future__ import annotations

import numpy as np

from segments.encoder import Encoder, Floats


def smoothed(points: Floats, encoder: Encoder, seed: int) -> Floats:
    """(n, width) encoded points with ties blurred. A number is blurred where it is tied, by half the step beside it."""
    generator = np.random.default_rng(seed)
    result = points.copy()
    numbers = len(encoder.numbers.names)
    for column in range(numbers):
        values, inverse, ties = np.unique(points[:, column], return_inverse=True, return_counts=True)
        if len(values) > 1:
            gaps = np.diff(values)
            step = np.where(ties > 1, np.maximum(np.append(gaps, 0), np.append(0, gaps)), 0)
            result[:, column] += generator.normal(size=len(points)) * step[inverse] / 2
    for category, start in zip(encoder.categories, encoder.starts[numbers:], strict=True):
        # levels are √2 · factor apart
        blur = generator.normal(size=(len(points), category.width)) * category.factor / np.sqrt(2)
        result[:, start : start + category.width] += blur
    return result
