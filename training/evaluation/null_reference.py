"""Null reference: the candidate's score on customers without groups, with the same distributions and correlation."""

from __future__ import annotations

import numpy as np
from scipy.stats import norm, rankdata

from segment_model.encoding.encoder import Floats
from training.candidates.candidate import CandidateSpec, NoSegmentsError, sample_rows
from training.evaluation.quality import assigned_labels, weighted_silhouette

REFITS_A_DRAW = 3  # a draw for so many refits of the verdict
MOST = 1000


def gaussian_copula(points: Floats, count: int, generator: np.random.Generator) -> Floats:
    """(count, width) rows whose columns have the distributions of `points` and their rank correlation, nothing more.

    Columns are ranked to normal scores, a Gaussian with the scores' correlation is drawn, and its ranks are mapped back
    to the columns' own values (Nelsen 2006). Two groups that lie in one column survive, so a null that scores as well
    as the data does not prove that there are no groups: it supports a verdict and never decides it.
    """
    scores = norm.ppf((rankdata(points, axis=0) - 0.5) / len(points))
    scores -= scores.mean(axis=0)
    eigenvalues, vectors = np.linalg.eigh(scores.T @ scores / len(scores))
    turn = vectors * np.sqrt(np.maximum(eigenvalues, 0))
    drawn = generator.normal(size=(count, points.shape[1])) @ turn.T
    ranks = (rankdata(drawn, axis=0) - 0.5) / count
    return np.column_stack([np.quantile(own, rank) for own, rank in zip(points.T, ranks.T, strict=True)])


def null_silhouettes(spec: CandidateSpec, points: Floats, seed: int) -> Floats:
    """Mean silhouette of the candidate on each of a few draws of the null; 0 where it finds no segments."""
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
