"""The choice of a candidate whose segments recur under resampling, with the verdict on its segments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from segment_model.encoding.encoder import Floats
from segment_model.errors import DiscoveryError
from training.discovery.candidate_trial import Candidate
from training.discovery.found_unasked import resample_unasked
from training.evaluation.bootstrap_recovery import MOST_RESAMPLED, recovery
from training.evaluation.null_reference import null_silhouettes
from training.evaluation.preference import Evidence
from training.evaluation.selection import (
    Choice,
    all_parted,
    choose,
    evidence,
    is_as_evident,
    is_found_unasked,
    objections,
    shows_clear_groups,
)
from training.evaluation.verdict import Verdict, VerdictKind, decide
from training.separation.gaps import HeldOut
from training.settings import DiscoverySettings

MOST_VERDICTS = 4  # candidates that get a verdict; if none recurs, the discovery has no reproducible structure


def choose_recurring(
    candidates: Sequence[Candidate], points: Floats, settings: DiscoverySettings
) -> tuple[Choice, Verdict]:
    """Choose the best candidate whose segments recur under resampling, of at most `MOST_VERDICTS` that are tested.

    Raises
    ------
    DiscoveryError
        If every candidate is refused, or the segments of those tried do not recur and the settings do not say `force`.
    """
    names = [candidate.spec.name for candidate in candidates]
    judgements = [candidate.judgement for candidate in candidates]
    refused = {number: candidate.refusal for number, candidate in enumerate(candidates) if candidate.refusal}
    last = len(refused) + MOST_VERDICTS
    first: tuple[Choice, Verdict] | None = None
    while len(refused) < last:
        try:
            choice = choose(names, judgements, settings, refused)
        except DiscoveryError:
            if first is None:
                raise
            break
        verdict = verdict_of(candidates[choice.chosen], points, settings)
        if verdict.kind is not VerdictKind.NOTHING:
            return _groups_found_again(candidates, points, settings, choice, verdict)
        first = first or (choice, verdict)
        refused[choice.chosen] = "; ".join(verdict.reasons)
    if first is None:  # cannot happen: `choose` either raises or chooses
        raise DiscoveryError("no candidate was tried")
    if settings.force:
        return first
    choice, verdict = first
    raise DiscoveryError(
        f"{verdict.kind}, so no model is made. The best candidate was {names[choice.chosen]}: "
        f"{'; '.join(verdict.reasons)}. `discovery: {{force: true}}` makes the model all the same, and it will say so"
    )


def _groups_found_again(
    candidates: Sequence[Candidate], points: Floats, settings: DiscoverySettings, choice: Choice, verdict: Verdict
) -> tuple[Choice, Verdict]:
    """The choice; or, if gaps part its segments but not each is surely found again, another one's that are.

    Another candidate counts if gaps part its segments too, and confirm as many groups or give about as much evidence.
    """
    chosen = candidates[choice.chosen]
    wanted = chosen.judgement
    if Evidence.of(verdict).is_steady or wanted is None or not all_parted(wanted):
        return choice, verdict
    rivals = {
        position: judgement
        for position, candidate in enumerate(candidates)
        if (judgement := candidate.judgement) and position != choice.chosen and not objections(judgement, settings)
    }
    as_good = [
        position
        for position, rival in rivals.items()
        if all_parted(rival) and (rival.groups >= wanted.groups or is_as_evident(rival, wanted))
    ]
    for position in sorted(as_good, key=lambda p: -evidence(rivals[p]))[: MOST_VERDICTS - 1]:
        rival, other = candidates[position], verdict_of(candidates[position], points, settings)
        if other.kind is VerdictKind.DISTINCT and Evidence.of(other).is_steady:
            how = f"gaps separate the segments of {chosen.spec.name}, but bootstrap samples do not recover all of those"
            reason = f"{rival.spec.name}: {choice.remarks[position]}; {how}"
            return Choice(position, reason, choice.remarks), other
    return choice, verdict


def unasked_instead(
    candidates: Sequence[Candidate],
    points: Floats,
    held_out: HeldOut,
    settings: DiscoverySettings,
    choice: Choice,
    verdict: Verdict,
) -> tuple[Sequence[Candidate], Choice, Verdict]:
    """The choice; or, if clear gaps separate some of its segments that are no distinct groups, others found unasked.

    Those divide the customers as finely, and resamples find each of them again, which says more than gaps between
    some segments of which others pass into each other or are lost. The candidates come with what resamples said.
    """
    chosen = candidates[choice.chosen]
    judged = chosen.judgement
    if verdict.kind is VerdictKind.DISTINCT or judged is None or not shows_clear_groups(judged):
        return candidates, choice, verdict
    resampled = resample_unasked(candidates, points, held_out, settings, beside=judged)
    unasked = {
        position: judgement
        for position, candidate in enumerate(resampled)
        if (judgement := candidate.judgement) and is_found_unasked(judgement) and not objections(judgement, settings)
        if judgement.segments >= judged.segments
    }
    if not unasked or choice.chosen in unasked:
        return resampled, choice, verdict
    position = max(unasked, key=lambda p: (unasked[p].silhouette, -p))
    instead = resampled[position]
    reason = (
        f"{instead.spec.name}: {choice.remarks[position]}; the algorithm chose how many segments there are, and "
        f"bootstrap samples recover them, while the segments of {chosen.spec.name} are no distinct groups"
    )
    return resampled, Choice(position, reason, choice.remarks), verdict_of(instead, points, settings)


def verdict_of(
    candidate: Candidate, points: Floats, settings: DiscoverySettings, *, found_again: bool = False
) -> Verdict:
    """The verdict on the segments of a candidate among (n, width) points; found_again : as of `verdict.decide`."""
    if candidate.fit is None or candidate.judgement is None:  # `choose` never picks such a candidate
        raise DiscoveryError(f"{candidate.spec.name} has no segments")
    nearest = candidate.fit.assigner.nearest(np.ascontiguousarray(points.T)).segment
    size, seed = candidate.fit.assigner.size, settings.seed
    most = MOST_RESAMPLED if is_found_unasked(candidate.judgement) else settings.judged_customers
    recovered = recovery(candidate.spec, points, nearest, size, most, seed)
    null = null_silhouettes(candidate.spec, points, seed)
    return decide(candidate.judgement, candidate.pairs, recovered, null, found_again=found_again)
