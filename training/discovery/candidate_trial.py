"""The trial of one candidate: fit it, assign all customers, look for gaps between its segments, and judge it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from segment_model.assigners.assigner import Assigner
from segment_model.encoding.encoder import Floats, Indices
from segment_model.errors import DiscoveryError
from training.candidates.candidate import CandidateSpec, Fit, NoSegmentsError
from training.continuum.small_segments import hold_money
from training.evaluation.quality import Judgement, gap_share, judge
from training.evaluation.selection import LEAST_SUPPORT
from training.separation.gaps import HeldOut, PairEvidence, confirmed_groups, pairs_of
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

    @property
    def assigner(self) -> Assigner:
        """The fitted assigner.

        Raises
        ------
        DiscoveryError
            If the candidate has no segments.
        """
        if self.fit is None:  # a candidate without segments has no judgement, and is never chosen
            raise DiscoveryError(f"{self.spec.name} has no segments")
        return self.fit.assigner


def try_candidate(
    spec: CandidateSpec, points: Floats, held_out: HeldOut, settings: DiscoverySettings, amounts: Floats | None = None
) -> Candidate:
    """Fit and judge a candidate on (n, width) points; amounts : (n,) of money, if there are any."""
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
        return Candidate(spec, fit, None, None, pairs, "too few gaps between its segments", facts)
    judgement = judge(spec, fit, points, labels, settings.judged_customers, settings.seed, pairs)
    worth_keeping = hold_money(labels, size, amounts, settings.min_share)
    return Candidate(spec, fit, replace(judgement, small_hold_money=worth_keeping), labels, pairs)


def _size_shares(segment: Indices, segments: int) -> dict[str, float]:
    sizes = np.bincount(segment, minlength=segments) / len(segment)
    return {"smallest_share": float(sizes.min()), "largest_share": float(sizes.max())}
