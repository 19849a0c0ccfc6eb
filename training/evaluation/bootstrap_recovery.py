"""Bootstrap recovery: whether each segment recurs in models of resampled customers (Hennig 2007)."""

from __future__ import annotations

import numpy as np

from segment_model.encoding.encoder import Floats, Indices
from training.candidates.candidate import CandidateSpec, NoSegmentsError, sample_rows

RECURRING = 0.75  # mean Jaccard similarity; from there Hennig (2007) calls a cluster valid and stable
DISSOLVED = 0.5  # mean Jaccard similarity; below it Hennig (2007) calls a cluster dissolved
MOST_RESAMPLED = 10_000  # customers; fewer blur dense regions that lie close to each other


def recovery(spec: CandidateSpec, points: Floats, labels: Indices, segments: int, most: int, seed: int) -> Floats:
    """For each segment, the mean Jaccard similarity to its best match in the models of bootstrap samples: (segments,).

    Each model is fitted on the distinct customers of its sample, about 63 % of all, because duplicates would look like
    dense regions. The similarity is |A ∩ B| / |A ∪ B| over these customers, each in the nearest segment; a model
    without segments counts 0. labels : (n,) the nearest segment of each point. most : customers to sample from.
    """
    rows = sample_rows(len(points), most, seed)
    totals, times = np.zeros(segments), np.zeros(segments)
    for number in range(spec.refits):
        generator = np.random.default_rng([seed, number])
        drawn = np.unique(generator.choice(rows, len(rows)))
        present = np.bincount(labels[drawn], minlength=segments) > 0
        times += present
        sample = np.ascontiguousarray(points[drawn])
        try:
            fit = spec.for_share(len(drawn) / len(points)).fit(sample, seed + number)
        except NoSegmentsError:
            continue
        refitted = fit.assigner.nearest(np.ascontiguousarray(sample.T)).segment
        totals += np.where(present, best_matches(labels[drawn], refitted, segments, fit.assigner.size), 0.0)
    recovered: Floats = totals / np.maximum(times, 1)
    return recovered


def best_matches(before: Indices, after: Indices, segments: int, others: int) -> Floats:
    """For each segment of `before` (n,), the Jaccard similarity to the most similar of `after` (n,): (segments,)."""
    pairs = np.bincount(before * others + after, minlength=segments * others)
    common = pairs.reshape(segments, others).astype(np.float64)
    either = common.sum(axis=1)[:, None] + common.sum(axis=0) - common
    best: Floats = (common / np.maximum(either, 1)).max(axis=1)
    return best
