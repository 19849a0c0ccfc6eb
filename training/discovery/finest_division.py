"""The choice on a continuum: where no gaps part the segments, the finest division that is found again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from segment_model.encoding.encoder import Floats, Indices
from training.continuum.climb import climb
from training.continuum.found_again import Division
from training.continuum.ladder import Ladder
from training.continuum.unions import union_of, united
from training.discovery.candidate_trial import Candidate
from training.discovery.recurrence import verdict_of
from training.evaluation.selection import Choice, objections, shows_groups
from training.evaluation.verdict import Verdict, VerdictKind
from training.settings import DiscoverySettings


def finest_found_again(
    candidates: Sequence[Candidate], choice: Choice, verdict: Verdict, points: Floats, settings: DiscoverySettings
) -> tuple[Choice, Verdict, Ladder | None]:
    """The choice and its verdict, in whose place comes the finest steady division if the verdict is a continuum.

    The ladder is None for any other verdict, and where gaps show groups that are not all found again.
    """
    judgement = candidates[choice.chosen].judgement
    if verdict.kind is not VerdictKind.SLICES or (judgement is not None and shows_groups(judgement)):
        return choice, verdict, None
    ladder = climb(_divisions(candidates, points, settings), points, settings.seed)
    if ladder.chosen is None:
        return choice, verdict, ladder
    position = ladder.chosen.position
    if position != choice.chosen:
        verdict = verdict_of(candidates[position], points, settings)
    reason = f"{candidates[position].spec.name}: {choice.remarks[position]}; {ladder.reason}"
    return Choice(position, reason, choice.remarks), verdict, ladder


def ladder_beside(
    ladder: Ladder, candidates: Sequence[Candidate], labels: Indices, segments: int, points: Floats
) -> Ladder:
    """The ladder beside segments that are not a rung of it, such as a serving model's, with the unions of these.

    labels : (n,) the nearest segment of each of the (n, width) points.
    """
    steps = {max(members) + 1: members for members in united(points, labels, segments)}
    unions = []
    for rung in ladder.rungs:
        flat = candidates[rung.position].labels
        if rung.steady and rung.segments in steps and flat is not None:
            unions.append(union_of(steps[rung.segments], labels, flat))
    return replace(ladder, chosen=None, unions=tuple(unions))


def _divisions(candidates: Sequence[Candidate], points: Floats, settings: DiscoverySettings) -> list[Division]:
    """The candidates that divide a continuum into segments of allowed sizes."""
    # resamples decide, and not whether two halves agree
    by_size_alone = settings.model_copy(update={"force": True})
    divisions = []
    for position, candidate in enumerate(candidates):
        if candidate.fit is None or candidate.judgement is None or not candidate.spec.divides_continuum:
            continue
        if not objections(candidate.judgement, by_size_alone):
            nearest = candidate.fit.assigner.nearest(np.ascontiguousarray(points.T)).segment
            divisions.append(Division(position, candidate.spec, nearest, candidate.judgement.segments))
    return divisions
