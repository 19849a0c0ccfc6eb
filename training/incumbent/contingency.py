"""The contingency table of two partitions of the same customers: how their segments overlap."""

from __future__ import annotations

import numpy as np

from segment_model.encoding.encoder import Indices


def overlap(before: Indices, after: Indices, shape: tuple[int, int] | None = None) -> Indices:
    """The contingency table: how many customers are in each segment of `before` (rows) and of `after` (columns).

    A customer with -1 in either is not counted.
    """
    rows, columns = shape or (int(before.max(initial=-1)) + 1, int(after.max(initial=-1)) + 1)
    both = (before >= 0) & (after >= 0)
    counts = np.bincount(before[both] * columns + after[both], minlength=rows * columns)
    return counts.reshape(rows, columns).astype(np.intp)
