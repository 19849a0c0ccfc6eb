"""Rounded numbers and categories are blurred before gaps are looked for: steps between values are no gaps.

Two values a step apart, each blurred by a normal distribution of half the step, make a log-concave density whatever
their shares: whole numbers, a yes or no, or one category then show one peak. Gaps over several steps, and those
that several columns agree on, stay.
"""

from __future__ import annotations

import numpy as np

from segments.encoder import Encoder, Floats


def blur(points: Floats, encoder: Encoder) -> Floats:
    """Standard deviation of what ties hide of (n, width) encoded points: half the step beside a tied number."""
    result = np.zeros_like(points)
    numbers = len(encoder.numbers.names)
    for column in range(numbers):
        values, inverse, ties = np.unique(points[:, column], return_inverse=True, return_counts=True)
        if len(values) > 1:
            gaps = np.diff(values)
            step = np.where(ties > 1, np.maximum(np.append(gaps, 0), np.append(0, gaps)), 0)
            result[:, column] = step[inverse] / 2
    for category, start in zip(encoder.categories, encoder.starts[numbers:], strict=True):
        # levels are √2 · factor apart
        result[:, start : start + category.width] = category.factor / np.sqrt(2)
    return result


def smoothed(points: Floats, hidden: Floats, seed: int) -> Floats:
    """(n, width) encoded points with ties blurred by as much as they hide."""
    result: Floats = points + np.random.default_rng(seed).normal(size=points.shape) * hidden
    return result
