"""Segments that were found unasked, and whether resamples find them again where no clear gaps confirm groups.

"Unasked" means that the algorithm, such as HDBSCAN, chose the number of segments. Shapes that touch, or are thin, show
no gap by our tests, though a density-based search finds them in every sample.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from segment_model.encoding.encoder import Floats
from training.discovery.candidate_trial import Candidate
from training.evaluation.bootstrap_recovery import MOST_RESAMPLED, recovery
from training.evaluation.quality import Judgement, similarity_untied
from training.evaluation.selection import (
    LEAST_STABILITY,
    is_found_unasked,
    most_evident,
    objections,
    shows_clear_groups,
    takes_in_most,
)
from training.separation.gaps import HeldOut
from training.settings import DiscoverySettings


def resample_unasked(
    candidates: Sequence[Candidate],
    points: Floats,
    held_out: HeldOut,
    settings: DiscoverySettings,
    beside: Judgement | None = None,
) -> list[Candidate]:
    """The candidates; those that were found unasked say whether resamples of (n, width) points find them again.

    They are resampled in the order of their silhouettes until one is found again, which would be chosen before the
    others. Where clear gaps confirm groups, which are chosen first, none is resampled; unless those are only slices,
    `beside`, and then only candidates that divide the customers as finely.
    """
    tested = list(candidates)
    by_size_alone = settings.model_copy(update={"force": True})  # resamples decide, and not whether two halves agree
    allowed = {
        position: judgement
        for position, candidate in enumerate(candidates)
        if (judgement := candidate.judgement) and not objections(judgement, by_size_alone)
    }
    evident = most_evident(allowed)
    if beside is None and evident is not None and shows_clear_groups(allowed[evident]):
        return tested
    least = 0 if beside is None else beside.segments
    unasked = [p for p, judgement in allowed.items() if takes_in_most(judgement) and judgement.segments >= least]
    for position in sorted(unasked, key=lambda p: -allowed[p].silhouette):
        judgement = _resampled(candidates[position], allowed[position], points, held_out, settings.seed)
        tested[position] = replace(candidates[position], judgement=judgement)
        if is_found_unasked(judgement):
            break
    return tested


def _resampled(candidate: Candidate, judgement: Judgement, points: Floats, held_out: HeldOut, seed: int) -> Judgement:
    """The judgement with how surely the segments are found again: with ties blurred, and then in resamples."""
    if candidate.labels is None:  # a judged candidate has labels
        return judgement
    own, share = candidate.labels[held_out.rows], len(held_out.rows) / len(points)
    untied = similarity_untied(candidate.spec, held_out.points, own, share, seed)
    if untied < LEAST_STABILITY:  # resamples, which take longer, cannot change that
        return replace(judgement, untied=untied)
    nearest = candidate.assigner.nearest(np.ascontiguousarray(points.T)).segment
    recovered = recovery(candidate.spec, points, nearest, judgement.segments, MOST_RESAMPLED, seed)
    return replace(judgement, untied=untied, recovered=float(recovered.mean()), recovered_least=float(recovered.min()))
