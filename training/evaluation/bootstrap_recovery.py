"""Does each segment come back when the customers are drawn again? Jaccard similarity in the manner of Hennig (2007)."""

from __future__ import annotations

import numpy as np

from segment_model.encoding.encoder import Floats, Indices
from training.candidates.candidate import Recipe, sample_rows


def recovery(recipe: Recipe, points: Floats, labels: Indices, segments: int, most: int, seed: int) -> Floats:
    """For each segment, the mean similarity of its nearest match among the segments of models fitted anew: (segments,).

    Each is fitted on the distinct customers of a bootstrap sample (63% of them: twins would make places dense that are
    not). Similarity is |A ∩ B| / |A ∪ B| over the drawn customers, everyone in the nearest segment. labels : (n,) the
    nearest segment of each point. A model that finds nothing counts 0.
    """
    rows = sample_rows(len(points), most, seed)
    totals, times = np.zeros(segments), np.zeros(segments)
    for number in range(recipe.refits):
        generator = np.random.default_rng([seed, number])
        drawn = np.unique(generator.choice(rows, len(rows)))
        there = np.bincount(labels[drawn], minlength=segments) > 0
        times += there
        sample = np.ascontiguousarray(points[drawn])
        fit = recipe.for_share(len(drawn) / len(points)).fit(sample, seed + number)
        if fit is not None:
            again = fit.assigner.nearest(np.ascontiguousarray(sample.T)).segment
            totals += np.where(there, best_matches(labels[drawn], again, segments, fit.assigner.size), 0.0)
    result: Floats = totals / np.maximum(times, 1)
    return result


def best_matches(before: Indices, after: Indices, segments: int, others: int) -> Floats:
    """Of each segment of `before` (n,), the Jaccard similarity to the most similar of `after` (n,): (segments,)."""
    common = np.zeros((segments, others))
    np.add.at(common, (before, after), 1)
    either = common.sum(axis=1)[:, None] + common.sum(axis=0) - common
    result: Floats = (common / np.maximum(either, 1)).max(axis=1)
    return result
