"""The ladder of new divisions beside segments that are none of its rungs, such as those of the serving model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from segment_model.encoding.encoder import Floats, Indices
from training.continuum.ladder import Ladder
from training.continuum.unions import union_of, united
from training.discovery.candidate_trial import Candidate


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
