"""The trial of one candidate: fit it, assign all customers, look for gaps between its segments, and judge it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from segment_model.encoding.encoder import Floats, Indices
from training.candidates.candidate import CandidateSpec, Fit, NoSegmentsError
from training.evaluation.gaps import HeldOut, PairEvidence, confirmed_groups, pairs_of, scatter_within
from training.evaluation.quality import Judgement, gap_share, judge
from training.evaluation.selection import LEAST_SUPPORT
from training.settings import DiscoverySettings


@dataclass(frozen=True)
class Candidate:
    """A candidate that was tried; one that was not judged has a `refusal`, and no judgement and labels.

    labels : (n,) positions of segments, -1 where unassigned. facts : the figures of a refused candidate, if any.
    """

    spec: CandidateSpec
    fit: Fit | None
    judgement: Judgement | None
    labels: Indices | None
    pairs: tuple[PairEvidence, ...] = ()
    refusal: str = ""
    facts: Mapping[str, float] = field(default_factory=dict)


def try_candidate(spec: CandidateSpec, points: Floats, held_out: HeldOut, settings: DiscoverySettings) -> Candidate:
    """Fit and judge a candidate on (n, width) points."""
    try:
        fit = spec.fit(points, settings.seed)
    except NoSegmentsError as error:
        return Candidate(spec, None, None, None, refusal=str(error))
    spec, size = fit.chosen or spec, fit.assigner.size
    near = fit.assigner.nearest(np.ascontiguousarray(points.T))
    labels = np.where(near.outside, -1, near.segment).astype(np.intp)
    pairs = pairs_of(held_out, labels, near.segment, size)
    if spec.needs_gaps and 2 * (groups := confirmed_groups(pairs, size)) - size < LEAST_SUPPORT:
        facts = {
            "segments": float(size),
            "gap_share": gap_share(pairs),
            "groups": float(groups),
            **_size_shares(near.segment, size),
        }
        return Candidate(spec, fit, None, None, pairs, "no gaps part its segments", facts)
    scatter = scatter_within(held_out, near.segment, size)
    judgement = judge(spec, fit, points, labels, settings.judged_customers, settings.seed, pairs, scatter)
    return Candidate(spec, fit, judgement, labels, pairs)


def _size_shares(segment: Indices, segments: int) -> dict[str, float]:
    sizes = np.bincount(segment, minlength=segments) / len(segment)
    return {"smallest_share": float(sizes.min()), "largest_share": float(sizes.max())}
