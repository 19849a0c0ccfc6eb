"""Prediction strength: whether the segments of one half of the customers keep those of the other together."""

from __future__ import annotations

import numpy as np

from segment_model.encoding.encoder import Floats, Indices
from training.candidates.candidate import CandidateSpec, NoSegmentsError, sample_rows
from training.incumbent.contingency import overlap

SPLITS = 3


def prediction_strength(spec: CandidateSpec, points: Floats, most: int) -> float:
    """The prediction strength of a division of at most `most` of (n, width) points (Tibshirani and Walther 2005).

    Both halves of the customers are divided. Of the pairs of customers who share a segment in their own half's
    division, a share also shares one in the other half's; the least of these shares counts, averaged over both halves
    and over `SPLITS` random splits. It is 0 where a half has no segments, or has one of a single customer.
    """
    rows = sample_rows(len(points), most, 0)
    strengths = []
    for number in range(SPLITS):
        shuffled = np.random.default_rng(number).permutation(rows)
        halves = (np.sort(shuffled[: len(rows) // 2]), np.sort(shuffled[len(rows) // 2 :]))
        parts = [np.ascontiguousarray(points[half]) for half in halves]
        try:
            first, second = (spec.for_share(len(part) / len(points)).fit(part, number).assigner for part in parts)
        except NoSegmentsError:
            return 0.0
        for part, own, other in ((parts[0], first, second), (parts[1], second, first)):
            customers = np.ascontiguousarray(part.T)
            strengths.append(kept_together(own.nearest(customers).segment, other.nearest(customers).segment))
    return float(np.mean(strengths))


def kept_together(own: Indices, other: Indices) -> float:
    """The share of the pairs in a segment of `own` (n,) that share one of `other` (n,), in the segment with least."""
    counts = overlap(own, other)
    sizes = counts.sum(axis=1)
    counts, sizes = counts[sizes > 0], sizes[sizes > 0]
    pairs = (counts * (counts - 1)).sum(axis=1)
    return float(np.min(np.where(sizes > 1, pairs / np.maximum(sizes * (sizes - 1), 1), 0.0)))
