"""The null reference: the silhouette that a candidate reaches on simulated customers without groups.

Their columns have the same distributions and rank correlations as those of the training customers.
"""

from __future__ import annotations

import numpy as np
from scipy.stats import norm, rankdata

from segment_model.encoding.encoder import Floats
from training.candidates.candidate import CandidateSpec, NoSegmentsError, sample_rows
from training.evaluation.quality import assigned_labels, weighted_silhouette

REFITS_A_DRAW = 3  # one draw of the null for this number of refits of the verdict
MOST = 1000  # customers in a draw


def gaussian_copula(points: Floats, count: int, generator: np.random.Generator) -> Floats:
    """Draw (count, width) rows from a Gaussian copula: the columns' distributions and rank correlations of `points`.

    Each column is ranked to normal scores, a Gaussian with the scores' correlation is drawn, and its ranks are mapped
    back to the column's quantiles (Nelsen 2006). Groups that show in the distribution of one column survive. So a null
    that scores as well as the data does not prove that there are no groups: it supports a verdict and never decides it.
    """
    scores = norm.ppf((rankdata(points, axis=0) - 0.5) / len(points))
    scores -= scores.mean(axis=0)
    eigenvalues, vectors = np.linalg.eigh(scores.T @ scores / len(scores))
    colouring = vectors * np.sqrt(np.maximum(eigenvalues, 0))
    drawn = generator.normal(size=(count, points.shape[1])) @ colouring.T
    ranks = (rankdata(drawn, axis=0) - 0.5) / count
    return np.column_stack([np.quantile(own, rank) for own, rank in zip(points.T, ranks.T, strict=True)])


def null_silhouettes(spec: CandidateSpec, points: Floats, seed: int) -> Floats:
    """The mean silhouette of the candidate on each of a few draws of the null; 0 where it finds no segments."""
    rows = sample_rows(len(points), MOST, seed)
    silhouettes = np.zeros(max(1, spec.refits // REFITS_A_DRAW))
    for number in range(len(silhouettes)):
        generator = np.random.default_rng([seed, 7, number])
        drawn = np.ascontiguousarray(gaussian_copula(points[rows], len(rows), generator))
        try:
            fit = spec.for_share(len(rows) / len(points)).fit(drawn, seed)
        except NoSegmentsError:
            continue
        silhouettes[number] = weighted_silhouette(drawn, assigned_labels(fit, drawn), np.arange(len(drawn)))
    return silhouettes
