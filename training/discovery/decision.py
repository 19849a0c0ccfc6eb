"""The decision between the best new segments and those of the serving model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from segment_model.errors import DiscoveryError, counted, percent
from training.discovery.candidate_trial import Candidate
from training.discovery.continued_candidate import ContinuedCandidate
from training.encoding import EncodedCustomers
from training.evaluation.preference import Evidence, clearly_better
from training.evaluation.selection import Choice, objections
from training.evaluation.verdict import Verdict
from training.incumbent.assignments import Reading
from training.incumbent.contingency import overlap
from training.settings import DiscoverySettings
from training.succession.succession import are_reassigned, inherited

FEW = 0.01  # share of the customers; segments that reassign no more are the same segments


@dataclass(frozen=True)
class Proposal:
    """A chosen candidate among all that were tried, with its verdict, on customers as its encoding has them."""

    customers: EncodedCustomers
    candidates: tuple[Candidate, ...]
    choice: Choice
    verdict: Verdict

    @property
    def chosen(self) -> Candidate:
        """The chosen candidate."""
        return self.candidates[self.choice.chosen]


def decide_between(new: Proposal, continued: ContinuedCandidate, settings: DiscoverySettings) -> Proposal:
    """The serving model's segments, unless they cannot go on, or `prefer: quality` asks for clearly better ones."""
    name, remarks = new.chosen.spec.name, new.choice.remarks
    candidates = (*new.candidates, continued.candidate)
    if continued.objections:
        against = "; ".join(continued.objections)
        reason = f"{new.choice.reason}; the champion's segments cannot go on: {against}"
        choice = Choice(new.choice.chosen, reason, (*remarks, f"refused: {against}"))
        return Proposal(new.customers, candidates, choice, new.verdict)
    count, asked = _reassigned(new.chosen, continued.before), int(continued.before.readable.sum())
    share = count / max(asked, 1)
    better = "" if share <= FEW else clearly_better(Evidence.of(new.verdict), Evidence.of(continued.verdict))
    reassigned = f"{count:,} of {counted(asked, 'customer')} ({percent(share)})"
    scores = _scores(continued)
    if better and settings.prefer == "quality":
        reason = (
            f"{new.choice.reason}; clearly better than the champion's segments ({better}), and reassigns {reassigned}"
        )
        choice = Choice(new.choice.chosen, reason, (*remarks, scores))
        return Proposal(new.customers, candidates, choice, new.verdict)
    if better:
        why = f"{name} is clearly better ({better}) and would reassign {reassigned}: `--prefer quality` takes it"
    else:
        how = "finds them again" if share <= FEW else "is not clearly better"
        why = f"{name} {how} and would reassign {reassigned}"
    return _kept(continued, new.candidates, remarks, why)


def kept_alone(
    continued: ContinuedCandidate, candidates: Sequence[Candidate], settings: DiscoverySettings, error: DiscoveryError
) -> Proposal:
    """The serving model's segments where no new candidate may be chosen, for the reasons in `error`."""
    remarks = []
    for candidate in candidates:
        against = [candidate.refusal] if candidate.judgement is None else objections(candidate.judgement, settings)
        remarks.append(f"refused: {'; '.join(against) or 'its segments are not found again'}")
    return _kept(continued, candidates, remarks, f"no new candidate may be chosen ({error})")


def _kept(continued: ContinuedCandidate, candidates: Sequence[Candidate], remarks: Sequence[str], why: str) -> Proposal:
    scores = _scores(continued)
    reason = f"{continued.candidate.spec.name}: {scores}; {why}"
    choice = Choice(len(candidates), reason, (*remarks, scores))
    return Proposal(continued.customers, (*candidates, continued.candidate), choice, continued.verdict)


def _reassigned(new: Candidate, before: Reading) -> int:
    """How many customers the new segments would reassign, of those whom the serving model can read."""
    if new.labels is None:  # a chosen candidate has labels
        return 0
    size = int(new.labels.max()) + 1
    heir = inherited(overlap(before.segment, new.labels, (int(before.segment.max()) + 1, size)))
    return int(np.sum(before.readable & are_reassigned(before.segment, new.labels, heir)))


def _scores(continued: ContinuedCandidate) -> str:
    """The scores of the serving model's segments, and how they went on."""
    judgement = continued.candidate.judgement
    scores = "" if judgement is None else f"silhouette {judgement.silhouette:.3f}, stability {judgement.stability:.2f}"
    if not continued.way:
        return f"{scores}, borders as they were"
    return f"{scores}, {percent(continued.way, 0)} of the way to the centres of today, because the customers have moved"
