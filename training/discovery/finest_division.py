"""The finest division that is found again: where no gaps part the segments, or only gaps that are mostly filled.

Half of a valley's density left in it parts two groups, but tells little more than their names: a customer of one often
looks like one of the other. So finer divisions are compared as on a continuum, and the verdict says what gaps part.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from segment_model.errors import counted
from training.candidates.top_spenders import AmountAxis, TopSpendersSpec
from training.continuum.climb import choose_rung, climb, rung_of
from training.continuum.found_again import Division
from training.continuum.ladder import Ladder
from training.continuum.small_segments import small_head
from training.discovery.candidate_trial import Candidate, try_candidate
from training.discovery.decision import Proposal
from training.discovery.recurrence import verdict_of
from training.encoding import EncodedCustomers
from training.evaluation.selection import is_found_unasked, objections, shows_clear_groups, shows_groups
from training.evaluation.verdict import VerdictKind
from training.money_columns import money_column
from training.separation.gaps import hold_out
from training.settings import DiscoverySettings


def finest_found_again(proposal: Proposal, settings: DiscoverySettings) -> tuple[Proposal, Ladder | None]:
    """The finest steady division, if the verdict on the proposed segments is a continuum; else the proposal as it is.

    Groups whose gaps are mostly filled give way to more segments that are found again. The ladder is None where the
    segments are no rung of it: clear groups, and others that nothing finer replaces. If a small segment of top spenders
    is found again beside the others, it is one of the segments.
    """
    judgement = proposal.chosen.judgement
    if judgement is None or shows_clear_groups(judgement) or is_found_unasked(judgement):
        return proposal, None
    grouped = shows_groups(judgement)
    if not grouped and proposal.verdict.kind is not VerdictKind.SLICES:
        return proposal, None
    divisions = _divisions(proposal.candidates, proposal.customers, settings)
    ladder = climb(divisions, proposal.customers.points)
    finest = ladder.chosen
    if grouped:
        if finest is None or finest.segments <= judgement.segments:
            return proposal, None
        coarser = (
            f"gaps separate {counted(judgement.groups, 'group')}, but leave more than half of the density between them"
        )
        chosen, ladder = _chosen(proposal, ladder, settings)
        return replace(chosen, verdict=replace(chosen.verdict, remarks=(coarser,))), ladder
    return (proposal, ladder) if finest is None else _chosen(proposal, ladder, settings)


def _chosen(proposal: Proposal, ladder: Ladder, settings: DiscoverySettings) -> tuple[Proposal, Ladder]:
    """The finest steady division of a ladder that has one, with top spenders where they are found again."""
    finest, divisions = ladder.chosen, _divisions(proposal.candidates, proposal.customers, settings)
    if finest is None:
        return proposal, ladder
    for customers, candidate in _with_top_spenders(proposal, ladder, settings):
        division = _division(len(proposal.candidates), candidate, customers)
        rung = replace(rung_of(division, customers.points), has_top=True)
        if rung.steady:
            rungs = sorted([*ladder.rungs, rung], key=lambda each: each.segments)
            ladder = choose_rung(rungs, rung, [*divisions, division], customers.points)
            remarks = (*proposal.choice.remarks, _scores(candidate))
            choice = replace(proposal.choice, chosen=division.position, remarks=remarks)
            verdict = verdict_of(candidate, customers.points, settings, found_again=True)
            proposal = Proposal(customers, (*proposal.candidates, candidate), choice, verdict)
            return _because(proposal, ladder), ladder
    if finest.position != proposal.choice.chosen:
        points = proposal.customers.points
        verdict = verdict_of(proposal.candidates[finest.position], points, settings, found_again=True)
        proposal = replace(proposal, choice=replace(proposal.choice, chosen=finest.position), verdict=verdict)
    return _because(proposal, ladder), ladder


def _because(proposal: Proposal, ladder: Ladder) -> Proposal:
    """The proposal with the ladder's reason for its choice."""
    reason = f"{proposal.chosen.spec.name}: {_scores(proposal.chosen)}; {ladder.reason}"
    return replace(proposal, choice=replace(proposal.choice, reason=reason))


def _divisions(
    candidates: Sequence[Candidate], customers: EncodedCustomers, settings: DiscoverySettings
) -> list[Division]:
    """The candidates that divide a continuum into segments of allowed sizes."""
    return [
        _division(position, candidate, customers)
        for position, candidate in enumerate(candidates)
        if candidate.spec.divides_continuum and _has_allowed_sizes(candidate, settings)
    ]


def _has_allowed_sizes(candidate: Candidate, settings: DiscoverySettings) -> bool:
    # resamples decide, and not whether two halves agree
    by_size_alone = settings.model_copy(update={"force": True})
    return candidate.judgement is not None and not objections(candidate.judgement, by_size_alone)


def _division(position: int, candidate: Candidate, customers: EncodedCustomers) -> Division:
    assigner = candidate.assigner
    nearest = assigner.nearest(np.ascontiguousarray(customers.points.T)).segment
    return Division(position, candidate.spec, nearest, assigner.size)


def _with_top_spenders(
    proposal: Proposal, ladder: Ladder, settings: DiscoverySettings
) -> Iterator[tuple[EncodedCustomers, Candidate]]:
    """The finest steady divisions with the top spenders as one more segment, as long as no fewer segments remain.

    The top of the money column is not clipped then: clipped customers would all be alike in it.
    """
    name, amounts = money_column(proposal.customers.contract.basis), proposal.customers.amounts
    axis = None if name is None else AmountAxis.of(proposal.customers.encoder, name)
    depth = None if amounts is None else small_head(amounts, settings.min_share)
    if axis is None or depth is None:
        return
    customers = proposal.customers.with_whole_top(axis.name)
    held_out = hold_out(customers.points, customers.encoder, settings.judged_customers, settings.seed)
    for rung in reversed(ladder.rungs):
        if rung.steady and rung.segments >= ladder.steady_segments - 1:
            spec = TopSpendersSpec(proposal.candidates[rung.position].spec, axis, depth)
            candidate = try_candidate(spec, customers.points, held_out, settings, amounts)
            if _has_allowed_sizes(candidate, settings):
                yield customers, candidate


def _scores(candidate: Candidate) -> str:
    judgement = candidate.judgement
    return "" if judgement is None else f"silhouette {judgement.silhouette:.3f}, stability {judgement.stability:.2f}"
