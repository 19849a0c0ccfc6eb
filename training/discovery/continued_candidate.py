"""The serving model's segments as one more candidate, judged like every other, in the encoding in which they go on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from segment_model.encoding.encoder import Floats, Indices
from segment_model.errors import ContractError
from segment_model.model import SegmentModel
from training.candidates.candidate import CandidateSpec, Fit, FittingContext
from training.discovery.candidate_trial import Candidate, try_candidate
from training.discovery.recurrence import verdict_of
from training.encoding import EncodedCustomers
from training.evaluation.gaps import hold_out
from training.evaluation.selection import objections
from training.evaluation.tie_blurring import measure_ties, tie_variance
from training.evaluation.verdict import DISSOLVED, Verdict
from training.incumbent.assignments import Reading, assign_vectors
from training.incumbent.continuation import continue_segments
from training.settings import DiscoverySettings

TOLERANCE = 0.2  # share of a limit by which segments that go on may break it, so that no single customer ends them


@dataclass(frozen=True)
class ContinuedSpec:
    """Segments that go on: `fit` returns them as they are; a sample makes them anew by `spec`."""

    spec: CandidateSpec
    kept: Fit

    @property
    def name(self) -> str:
        return f"the champion's segments ({self.spec.name})"

    @property
    def algorithm(self) -> str:
        return self.spec.algorithm

    @property
    def parameters(self) -> dict[str, Any]:
        return self.spec.parameters

    @property
    def needs_gaps(self) -> bool:
        return False

    @property
    def divides_continuum(self) -> bool:
        return self.spec.divides_continuum

    @property
    def refits(self) -> int:
        return self.spec.refits

    def for_share(self, share: float) -> CandidateSpec:
        return self.spec.for_share(share)

    def centres_of(self, points: Floats, labels: Indices) -> Floats | None:
        return self.spec.centres_of(points, labels)

    def fit(self, points: Floats, seed: int) -> Fit:  # noqa: ARG002  (they were fitted before)
        return self.kept


@dataclass(frozen=True)
class ContinuedCandidate:
    """The serving model's segments among today's customers, judged.

    before : the serving model's own assignments. objections : why its segments cannot go on. way : how far they went
    from where they were toward today's centres, 0 to 1.
    """

    before: Reading
    customers: EncodedCustomers
    candidate: Candidate
    verdict: Verdict
    objections: tuple[str, ...]
    way: float


def judge_continued(
    incumbent: SegmentModel, customers: EncodedCustomers, settings: DiscoverySettings
) -> ContinuedCandidate | None:
    """Judge the incumbent's segments among today's customers.

    None if the settings do not ask for them, the incumbent cannot read these customers, or a segment has lost them all.
    """
    today = continued_spec(incumbent, context_of(customers), settings)
    if today is None:
        return None
    try:
        before = assign_vectors(incumbent, customers.frame, customers.contract.columns)
    except ContractError:
        return None
    same_encoding = asks_for_encoding_of(incumbent, settings)
    going_on = continue_segments(incumbent, before.segment, customers, today.centres_of, same_encoding)
    if going_on is None:
        return None
    kept = customers.encoded_by(going_on.encoder)
    spec = continued_spec(incumbent, context_of(kept), settings) or today
    near = going_on.assigner.nearest(np.ascontiguousarray(kept.points.T))
    labels = np.where(near.outside, -1, near.segment).astype(np.intp)
    if len(np.unique(labels[labels >= 0])) < going_on.assigner.size:
        return None
    fit = Fit(going_on.assigner, np.arange(len(labels)), labels, {})
    held_out = hold_out(kept.points, measure_ties(kept.points, kept.encoder), settings.judged_customers, settings.seed)
    candidate = try_candidate(ContinuedSpec(spec, fit), kept.points, held_out, settings, kept.amounts)
    verdict = verdict_of(candidate, kept.points, settings)
    against = _objections(candidate, verdict, settings)
    return ContinuedCandidate(before, kept, candidate, verdict, against, going_on.way)


def context_of(customers: EncodedCustomers) -> FittingContext:
    """What the settings need to know of encoded customers to make candidates."""
    ties = measure_ties(customers.points, customers.encoder)
    return FittingContext(len(customers.points), tuple(tie_variance(customers.points, ties).tolist()))


def continued_spec(
    incumbent: SegmentModel, context: FittingContext, settings: DiscoverySettings
) -> CandidateSpec | None:
    """The candidate that makes the incumbent's segments anew; None where the settings do not ask for them."""
    algorithm, parameters = (incumbent.provenance.get(name) for name in ("algorithm", "parameters"))
    for asked in settings.algorithms:
        if asked.algorithm == algorithm and (spec := asked.continued(parameters or {}, context)) is not None:
            return spec
    return None


def asks_for_encoding_of(incumbent: SegmentModel, settings: DiscoverySettings) -> bool:
    """Whether the settings of the encoding are those of the incumbent, as far as its provenance has them."""
    then = incumbent.provenance.get("settings", {}).get("discovery", {}).get("encoding", {})
    return all(then.get(name, wish) == wish for name, wish in settings.encoding.model_dump(mode="json").items())


def _objections(candidate: Candidate, verdict: Verdict, settings: DiscoverySettings) -> tuple[str, ...]:
    """Why segments cannot go on: they break a limit by more than `TOLERANCE`, or are not found again by as much."""
    if candidate.judgement is None:  # `try_candidate` judges every fit that needs no gaps
        return (candidate.refusal,)
    widened = settings.model_copy(
        update={
            "min_share": (1 - TOLERANCE) * settings.min_share,
            "max_share": 1 - (1 - TOLERANCE) * (1 - settings.max_share),
            "max_unassigned": min(1.0, (1 + TOLERANCE) * settings.max_unassigned),
            "force": True,
        }
    )
    reasons = objections(candidate.judgement, widened)
    found_again = float(np.mean(verdict.evidence["recovered"]))
    if found_again < (1 - TOLERANCE) * DISSOLVED and not settings.force:
        reasons.append(f"drawn again, they are found with a similarity of {found_again:.2f} only")
    return tuple(reasons)
