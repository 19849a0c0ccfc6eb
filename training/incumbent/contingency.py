"""How two partitions of the same customers overlap: the contingency table, and the share who keep their segment."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from segment_model.encoding.encoder import Indices


def continuity(labels: Indices, members: Indices) -> float:
    """The share of customers who keep their segment under the best one-to-one matching of the two sets of segments.

    labels, members : (n,) segments, -1 for none. Customers outside every segment both times count as kept.
    """
    counts = overlap(members, labels)
    kept = counts[linear_sum_assignment(-counts)].sum() + np.sum((labels < 0) & (members < 0))
    return float(kept / len(labels)) if len(labels) else 1.0


def overlap(before: Indices, after: Indices, shape: tuple[int, int] | None = None) -> Indices:
    """The contingency table: how many customers are in each segment of `before` (rows) and of `after` (columns).

    A customer with -1 in either is not counted.
    """
    rows, columns = shape or (int(before.max(initial=-1)) + 1, int(after.max(initial=-1)) + 1)
    both = (before >= 0) & (after >= 0)
    counts = np.bincount(before[both] * columns + after[both], minlength=rows * columns)
    return counts.reshape(rows, columns).astype(np.intp)
