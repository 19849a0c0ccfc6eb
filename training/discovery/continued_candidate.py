"""The serving model's segments as one more candidate, judged like every other, in the encoding in which they go on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from segment_model.assigners.assigner import Assigner
from segment_model.encoding.encoder import Encoder, Floats, Indices
from segment_model.errors import ContractError
from segment_model.model import SegmentModel
from training.candidates.candidate import CandidateSpec, Fit, FittingContext, KeptSpec
from training.candidates.gaussian_mixture import STARTED_AT, StartedMixtureSpec, start_of
from training.candidates.top_spenders import HEAD, TOP, AmountAxis, TopSpendersSpec
from training.discovery.candidate_trial import Candidate, try_candidate
from training.discovery.everyone import Everyone
from training.discovery.found_unasked import resample_unasked
from training.discovery.recurrence import verdict_of
from training.encoding import EncodedCustomers
from training.evaluation.bootstrap_recovery import DISSOLVED
from training.evaluation.selection import objections
from training.evaluation.verdict import Verdict
from training.fitting.mixture_covariance import Covariance
from training.incumbent.assignments import Reading, assign_vectors
from training.incumbent.continuation import continue_segments
from training.separation.gaps import hold_out
from training.separation.tie_blurring import measure_ties, tie_variance
from training.settings import DiscoverySettings

TOLERANCE = 0.2  # share of a limit by which segments that go on may break it, so that no single customer ends them
FEWEST_SEGMENTS = 2


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
    incumbent: SegmentModel,
    customers: EncodedCustomers,
    settings: DiscoverySettings,
    everyone: Everyone | None = None,
) -> ContinuedCandidate | None:
    """Judge the incumbent's segments among today's customers; everyone : all of them, where those are a sample.

    None if the settings do not ask for them, the incumbent cannot read these customers, or fewer than two are left.
    """
    top = _parameters(incumbent).get(TOP)
    today = customers.with_whole_top(top) if top in customers.encoder.numbers.names else customers
    made_today = continued_spec(incumbent, today, settings)
    if made_today is None:
        return None
    try:
        before = assign_vectors(incumbent, customers.frame, customers.contract.columns)
    except ContractError:
        return None
    same_encoding = asks_for_encoding_of(incumbent, settings)
    shares = None if everyone is None else everyone.shares(incumbent)
    going_on = continue_segments(incumbent, before.segment, today, made_today.centres_of, same_encoding, shares)
    if going_on is None:
        return None
    kept = customers.encoded_by(going_on.encoder)
    assigner = _without_ended(going_on.assigner, kept.points, incumbent, settings)
    spec = None if assigner is None else continued_spec(incumbent, kept, settings, assigner.size)
    if assigner is None or spec is None:
        return None
    labels = _labels(assigner, kept.points)
    fit = Fit(assigner, np.arange(len(labels)), labels, {})
    held_out = hold_out(kept.points, kept.encoder, settings.judged_customers, settings.seed)
    own = KeptSpec(spec, f"the champion's segments ({spec.name})", fit)
    tried = try_candidate(own, kept.points, held_out, settings, kept.amounts)
    (candidate,) = resample_unasked([tried], kept.points, held_out, settings)
    verdict = verdict_of(candidate, kept.points, settings)
    same_limit = settings_then(incumbent).get("min_share", settings.min_share) == settings.min_share
    against = _objections(candidate, verdict, settings, 0.0 if same_limit else settings.min_share)
    return ContinuedCandidate(before, kept, candidate, verdict, against, going_on.way)


def _labels(assigner: Assigner, points: Floats) -> Indices:
    near = assigner.nearest(np.ascontiguousarray(points.T))
    return np.where(near.outside, -1, near.segment).astype(np.intp)


def _without_ended(
    assigner: Assigner, points: Floats, incumbent: SegmentModel, settings: DiscoverySettings
) -> Assigner | None:
    """The assigner without segments that hardly have customers any more; None if fewer than two remain.

    Those end that are smaller than allowed by more than `TOLERANCE`; one that was as small before, only if it has lost
    half of its share since.
    """
    labels = _labels(assigner, points)
    shares = np.bincount(labels[labels >= 0], minlength=assigner.size) / len(points)
    then = np.array([card.share for card in incumbent.discovered_cards])
    least = (1 - TOLERANCE) * settings.min_share
    ended = np.flatnonzero((shares == 0) | ((shares < least) & ((then >= least) | (shares < then / 2))))
    if assigner.size - len(ended) < FEWEST_SEGMENTS:
        return None
    return assigner.without(ended) if len(ended) else assigner


def context_of(customers: EncodedCustomers) -> FittingContext:
    """What the settings need to know of encoded customers to make candidates."""
    ties = measure_ties(customers.points, customers.encoder)
    return FittingContext(len(customers.points), tuple(tie_variance(customers.points, ties).tolist()))


def continued_spec(
    incumbent: SegmentModel, customers: EncodedCustomers, settings: DiscoverySettings, segments: int | None = None
) -> CandidateSpec | None:
    """The candidate that makes the incumbent's segments anew; None where the settings do not ask for them.

    segments : how many of them go on; None for all. A segment of top spenders is made beside the others.
    """
    made_by = _parameters(incumbent)
    started_at = made_by.get(STARTED_AT)
    wanted = made_by if started_at is None else start_of(made_by)
    if segments is not None and "segments" in wanted:
        wanted["segments"] = segments
    top, head = wanted.pop(TOP, None), wanted.pop(HEAD, 1)
    if top is not None and "segments" in wanted:
        wanted["segments"] -= 1
    context = context_of(customers)
    spec = _asked_again(started_at or incumbent.provenance.get("algorithm"), wanted, context, settings)
    if spec is not None and started_at is not None:
        return _mixture_again(spec, made_by["covariance"], context, settings)
    return spec if spec is None or top is None else _with_top(spec, customers.encoder, top, head - 1)


def _asked_again(
    algorithm: object, wanted: Mapping[str, Any], context: FittingContext, settings: DiscoverySettings
) -> CandidateSpec | None:
    """The candidate of an algorithm with the wanted parameters; None where the settings do not ask for it."""
    asked = (entry.continued(wanted, context) for entry in settings.algorithms if entry.algorithm == algorithm)
    return next((spec for spec in asked if spec is not None), None)


def _mixture_again(
    spec: CandidateSpec, covariance: Covariance, context: FittingContext, settings: DiscoverySettings
) -> CandidateSpec | None:
    """The mixture of this covariance that starts at the segments of `spec`; None where the settings ask for none."""
    started = (entry.started_at(spec, context) for entry in settings.algorithms)
    mixture = next((each for each in started if isinstance(each, StartedMixtureSpec)), None)
    return None if mixture is None or covariance not in mixture.covariances else mixture.of(covariance)


def _with_top(spec: CandidateSpec, encoder: Encoder, top: str, depth: int) -> CandidateSpec | None:
    axis = AmountAxis.of(encoder, top) if top in encoder.numbers.names else None
    return None if axis is None else TopSpendersSpec(spec, axis, depth)


def _parameters(incumbent: SegmentModel) -> dict[str, Any]:
    """The parameters of the candidate that made the incumbent; empty where its provenance has none."""
    return dict(incumbent.provenance.get("parameters", {}))


def settings_then(incumbent: SegmentModel) -> Mapping[str, Any]:
    """The settings of the discovery that made the incumbent; empty where its provenance has none."""
    then: Mapping[str, Any] = incumbent.provenance.get("settings", {}).get("discovery", {})
    return then


def asks_for_encoding_of(incumbent: SegmentModel, settings: DiscoverySettings) -> bool:
    """Whether the settings of the encoding are those of the incumbent, as far as its provenance has them."""
    then = settings_then(incumbent).get("encoding", {})
    return all(then.get(name, wish) == wish for name, wish in settings.encoding.model_dump(mode="json").items())


def _objections(
    candidate: Candidate, verdict: Verdict, settings: DiscoverySettings, min_share: float
) -> tuple[str, ...]:
    """Why segments cannot go on: they break a limit by more than `TOLERANCE`, or are not found again by as much."""
    if candidate.judgement is None:  # `try_candidate` judges every fit that needs no gaps
        return (candidate.refusal,)
    widened = settings.model_copy(
        update={
            "min_share": (1 - TOLERANCE) * min_share,
            "max_share": 1 - (1 - TOLERANCE) * (1 - settings.max_share),
            "max_unassigned": min(1.0, (1 + TOLERANCE) * settings.max_unassigned),
            "force": True,
        }
    )
    reasons = objections(candidate.judgement, widened)
    found_again = float(np.mean(verdict.evidence["recovered"]))
    if found_again < (1 - TOLERANCE) * DISSOLVED and not settings.force:
        reasons.append(f"bootstrap samples recover them with a similarity of {found_again:.2f} only")
    return tuple(reasons)
