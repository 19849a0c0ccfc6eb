"""The share of customers who keep their segment from one division to another."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment

from segment_model.encoding.encoder import Indices
from training.incumbent.contingency import overlap


def kept_share(labels: Indices, members: Indices) -> float:
    """The share under the best one-to-one matching of the two sets of segments.

    labels, members : (n,) segments, -1 for none. Customers outside every segment both times count as kept.
    """
    counts = overlap(members, labels)
    kept = counts[linear_sum_assignment(-counts)].sum() + np.sum((labels < 0) & (members < 0))
    return float(kept / len(labels)) if len(labels) else 1.0
