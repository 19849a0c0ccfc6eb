"""A discovery: encode customer vectors, try and judge candidates, choose one, make its model. No files, no registry."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from segment_model.contract import VectorContract
from segment_model.encoding.encoder import Encoder, Floats, Indices
from segment_model.errors import DiscoveryError, counted
from segment_model.model import SegmentModel
from training.candidates.candidate import CandidateSpec
from training.continuum.ladder import Ladder
from training.continuum.unions import Union
from training.discovery.assembly import AllAssigned, assemble_model
from training.discovery.candidate_trial import Candidate, try_candidate
from training.discovery.continued_candidate import ContinuedCandidate, context_of, judge_continued
from training.discovery.decision import Proposal, decide_between, kept_alone
from training.discovery.everyone import Everyone
from training.discovery.finest_division import finest_found_again
from training.discovery.found_unasked import resample_unasked
from training.discovery.ladder_beside import ladder_beside
from training.discovery.of_everyone import OfEveryone
from training.discovery.own_shapes import in_own_shapes
from training.discovery.recurrence import choose_recurring, unasked_instead
from training.discovery.refinement import refine
from training.discovery.trained_contract import refuse_huge, trained_contract, with_nullable
from training.encoding import EncodedCustomers, fit_encoding
from training.evaluation.map_layout import MapLayout, lay_out_map
from training.evaluation.quality import Judgement
from training.evaluation.selection import Choice, shows_groups
from training.evaluation.verdict import Verdict
from training.fitting.single_thread import single_thread
from training.incumbent.assignments import transforms_of
from training.profiling.profile import Profile, profile_of
from training.profiling.repeated_attribute import repetition_reason
from training.progress import Progress
from training.separation.gaps import HeldOut, hold_out
from training.settings import DiscoverySettings


@dataclass(frozen=True)
class Discovery:
    """A finished discovery: points (n, width) and the chosen candidate's labels belong to `frame`.

    ladder : that of the new segments, where nothing parts them. of_all : what is said of all customers, where those of
    `frame` are a sample.
    """

    frame: pd.DataFrame
    contract: VectorContract
    encoder: Encoder
    points: Floats
    candidates: tuple[Candidate, ...]
    choice: Choice
    model: SegmentModel
    verdict: Verdict
    ladder: Ladder | None = None
    of_all: OfEveryone | None = None

    @property
    def chosen(self) -> Candidate:
        """The chosen candidate."""
        return self.candidates[self.choice.chosen]

    @property
    def other_divisions(self) -> str:
        """The other rungs of the ladder in words; empty without any."""
        return "" if self.ladder is None else self.ladder.beside(self.choice.chosen)

    @property
    def unions(self) -> tuple[Union, ...]:
        """The segments united into fewer, as of the ladder."""
        return () if self.ladder is None else self.ladder.unions

    @property
    def judgement(self) -> Judgement:
        """The chosen candidate's scores."""
        judgement = self.chosen.judgement
        if judgement is None:  # `choose` never picks such a candidate
            raise DiscoveryError("the chosen candidate was not judged")
        return judgement

    @property
    def labels(self) -> Indices:
        """The chosen candidate's segments (n,): positions, -1 where unassigned."""
        labels = self.chosen.labels
        if labels is None:  # `choose` never picks such a candidate
            raise DiscoveryError("the chosen candidate has no segments")
        return labels

    @cached_property
    def profile(self) -> Profile:
        """Sizes, typical values and totals of the columns that cards show: of all customers, where that is known."""
        if self.of_all is not None:
            return self.of_all.described.profile
        cards = self.model.discovered_cards
        shown = [column for column in self.contract.columns if column.name in cards[0].medians]
        return profile_of(self.frame, shown, self.labels, len(cards))

    @cached_property
    def map_layout(self) -> MapLayout:
        """The map of a sample of the customers, laid out once for the page and the picture."""
        return lay_out_map(self.points, self.labels)


def discover(
    frame: pd.DataFrame,
    contract: VectorContract,
    settings: DiscoverySettings,
    provenance: Mapping[str, Any],
    progress: Progress | None = None,
    incumbent: SegmentModel | None = None,
    everyone: Everyone | None = None,
) -> Discovery:
    """Try every candidate, judge it, choose one and make its model.

    frame : customer vectors that follow `contract`, indexed by unique customer ids. incumbent : the serving model,
    whose segments compete with the new ones; `training.succession.succession` then passes on its ids and names.
    everyone : all customers, where those of `frame` are a sample; KMeans is refined on them, and cards describe them.

    Raises
    ------
    DiscoveryError
        If there are too few customers, none differ, every candidate is refused, or the segments of those tried do not
        recur (unless the settings say `force`).
    ContractError
        If the columns of the vectors are not those of the contract.
    SettingsError
        If the encoding settings or `hold_out_groups` name a column or group that the vectors do not have.
    """
    with single_thread():  # results depend on the number of threads, and waiting ones cost as busy ones do
        return _discover(frame, contract, settings, provenance, progress, incumbent, everyone)


def _discover(
    frame: pd.DataFrame,
    contract: VectorContract,
    settings: DiscoverySettings,
    provenance: Mapping[str, Any],
    progress: Progress | None,
    incumbent: SegmentModel | None,
    everyone: Everyone | None,
) -> Discovery:
    contract = trained_contract(frame, contract, settings)
    if everyone is not None:
        contract = with_nullable(contract, everyone.missing)
    customers = _encode(frame, contract, settings, incumbent)
    held_out = hold_out(customers.points, customers.encoder, settings.judged_customers, settings.seed)
    candidates = _try_all(customers, held_out, settings, progress)
    continued = None if incumbent is None else judge_continued(incumbent, customers, settings, everyone)
    decided, ladder = _decided(customers, candidates, held_out, continued, settings)
    all_assigned = None
    if everyone is not None:
        decided, all_assigned = _refined(decided, everyone, ladder, settings)
    decided = replace(decided, verdict=_with_repetition(decided))
    model, of_all = assemble_model(
        decided.chosen,
        decided.customers,
        decided.verdict,
        decided.choice.reason,
        provenance if ladder is None else {**provenance, "ladder": ladder.to_json()},
        seed=settings.seed,
        allow_sensitive=settings.allow_sensitive,
        everyone=all_assigned,
    )
    on = decided.customers
    return Discovery(
        frame,
        on.contract,
        on.encoder,
        on.points,
        decided.candidates,
        decided.choice,
        model,
        decided.verdict,
        ladder,
        of_all,
    )


def _decided(
    customers: EncodedCustomers,
    candidates: Sequence[Candidate],
    held_out: HeldOut,
    continued: ContinuedCandidate | None,
    settings: DiscoverySettings,
) -> tuple[Proposal, Ladder | None]:
    """The decision among the candidates and the serving model's segments, with the ladder of a continuum."""
    try:
        choice, verdict = choose_recurring(candidates, customers.points, settings)
    except DiscoveryError as error:
        if continued is None or continued.objections:
            raise
        return kept_alone(continued, candidates, settings, error), None
    candidates, choice, verdict = unasked_instead(candidates, customers.points, held_out, settings, choice, verdict)
    candidates, choice, verdict = in_own_shapes(candidates, customers, held_out, settings, choice, verdict)
    new, ladder = finest_found_again(Proposal(customers, tuple(candidates), choice, verdict), settings)
    if continued is None:
        return new, ladder
    decided = decide_between(new, continued, settings)
    if ladder is not None and decided.chosen is continued.candidate:
        ladder = ladder_beside(ladder, decided)
    return decided, ladder


def _refined(
    decided: Proposal, everyone: Everyone, ladder: Ladder | None, settings: DiscoverySettings
) -> tuple[Proposal, AllAssigned]:
    """The decision with its centroids refined on all customers, where they can be, and all customers assigned."""
    finest = None if ladder is None else ladder.chosen
    found_again = finest is not None and finest.position == decided.choice.chosen
    refined, refinement = refine(decided, everyone, settings, found_again=found_again)
    on, former = decided.customers, decided.chosen.assigner
    assigned = everyone.assigned(on.contract, on.encoder, refined.chosen.assigner, former)
    return refined, AllAssigned(assigned, refinement)


def _with_repetition(decided: Proposal) -> Verdict:
    """The verdict, which also says if the segments only repeat an attribute of the customers."""
    if decided.chosen.labels is None:  # `choose` never picks such a candidate
        return decided.verdict
    repeats = repetition_reason(decided.customers.frame, decided.customers.contract, decided.chosen.labels)
    return replace(decided.verdict, remarks=(*decided.verdict.remarks, *repeats))


def _encode(
    frame: pd.DataFrame, contract: VectorContract, settings: DiscoverySettings, incumbent: SegmentModel | None
) -> EncodedCustomers:
    """Fit the encoding and encode; refuses customers who are all the same."""
    refuse_huge(frame, contract)
    encoder = fit_encoding(frame, contract, settings.encoding, transforms_of(incumbent)).encoder
    customers = EncodedCustomers.encode(frame, contract, encoder)
    points = customers.points
    if np.all(points == points[0]):
        raise DiscoveryError(
            f"all {counted(len(points), 'customer')} are the same in every basis column "
            f"({', '.join(encoder.columns)}); there is nothing to segment by"
        )
    return customers


def _try_all(
    customers: EncodedCustomers, held_out: HeldOut, settings: DiscoverySettings, progress: Progress | None
) -> Sequence[Candidate]:
    """Try every candidate that the settings ask for, in their order."""
    points, context = customers.points, context_of(customers)
    candidates: list[Candidate] = []

    def try_each(specs: Sequence[CandidateSpec]) -> None:
        total = len(candidates) + len(specs)
        for spec in specs:
            if progress:
                progress(len(candidates), total, spec.name)
            candidates.append(try_candidate(spec, points, held_out, settings, customers.amounts))

    try_each([spec for algorithm in settings.algorithms for spec in algorithm.candidates(context)])
    numbers = _numbers_of_groups(candidates)
    while near := _near(numbers, candidates, settings):
        try_each(near)
        numbers = _number_of_best_separated(candidates)
    return resample_unasked(candidates, points, held_out, settings)


def _near(
    numbers: Collection[int], candidates: Sequence[Candidate], settings: DiscoverySettings
) -> list[CandidateSpec]:
    """Further candidates with about as many segments as one of `numbers`, where these are more than usual."""
    tried = {candidate.spec.name for candidate in candidates}
    allowed = {count for count in numbers if count <= settings.max_segments}
    return [spec for algorithm in settings.algorithms for spec in algorithm.beyond(allowed) if spec.name not in tried]


def _numbers_of_groups(candidates: Sequence[Candidate]) -> set[int]:
    """The numbers of segments of all candidates that show groups."""
    return {judged.segments for each in candidates if (judged := each.judgement) and shows_groups(judged)}


def _number_of_best_separated(candidates: Sequence[Candidate]) -> set[int]:
    """The number of segments of the best separated candidate that shows groups: more may be better separated still."""
    grouped = [judged for each in candidates if (judged := each.judgement) and shows_groups(judged)]
    return {max(grouped, key=lambda judged: judged.silhouette).segments} if grouped else set()
