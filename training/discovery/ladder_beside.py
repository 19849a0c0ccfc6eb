"""The ladder of new divisions for segments that are not one of its rungs, such as those of the serving model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from training.continuum.ladder import Ladder
from training.continuum.unions import union_of, united
from training.discovery.decision import Proposal


def ladder_beside(ladder: Ladder, kept: Proposal) -> Ladder:
    """The ladder beside the chosen segments of a proposal, which are not a rung of it, with the unions of these."""
    points, assigner = kept.customers.points, kept.chosen.assigner
    labels = assigner.nearest(np.ascontiguousarray(points.T)).segment
    steps = {max(members) + 1: members for members in united(points, labels, assigner.size)}
    unions = []
    for rung in ladder.rungs:
        flat = kept.candidates[rung.position].labels
        if rung.steady and rung.segments in steps and flat is not None:
            unions.append(union_of(steps[rung.segments], labels, flat))
    return replace(ladder, chosen=None, unions=tuple(unions))
