"""Which customers an HDBSCAN model must keep as exemplars, so that it answers as if it had kept them all.

Condensed nearest neighbours (Hart 1968): begin with a few, ask the model about probes whose right answer is known, and
where it errs keep the customer that the right answer hangs on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from segment_model.assigners.nearest_core import SOFTNESS, NearestCore, lifted
from segment_model.encoding.encoder import Flags, Floats, Indices
from training.candidates.result_cache import Memory

FIRST_SHARE = 0.05  # of each segment, and of the noise
MOST_SHARE = 0.5
GOOD_AGREEMENT = 0.995
LEAST_GAIN = 0.001  # a round that gains less agreement is the last one
MOST_PROBES = 10_000
PERTURBATION = 0.1  # of a probe, in encoded units


@dataclass(frozen=True)
class Clustered:
    """What HDBSCAN found.

    points : (n, width); core : (n,) core distances; labels : (n,) position of the segment, -1 for noise;
    births : (segments,) distance 1 / λ at which a segment split off its parent.
    """

    points: Floats
    core: Floats
    labels: Indices
    births: Floats


@dataclass(frozen=True)
class Probes:
    """Points (n, width) with their right answers, -1 for none, and the row of the customer each answer hangs on."""

    points: Floats
    answers: Indices
    witnesses: Indices


def predicted(
    clustered: Clustered, points: Floats, min_samples: int, memory: Memory | None = None
) -> tuple[Indices, Indices]:
    """The answers of hdbscan's `approximate_predict` for (n, width) points, and the customers they hang on.

    A newcomer joins the customer of least mutual reachability distance, max(distance, both core distances), if that
    distance is less than the one at which the customer's segment was born.
    """
    neighbours = min(2 * min_samples, len(clustered.points))
    distance, index = (memory or Memory()).cache(nearest_customers)(clustered.points, points, neighbours)
    own_core = distance[:, [min(min_samples, neighbours - 1)]]
    reachability = np.maximum(np.maximum(distance, own_core), clustered.core[index])
    everyone = np.arange(len(points))
    chosen = np.argmin(reachability, axis=1)
    witness = index[everyone, chosen]
    label = clustered.labels[witness]
    joins = (label >= 0) & (reachability[everyone, chosen] < clustered.births[label])
    return np.where(joins, label, -1).astype(np.intp), witness.astype(np.intp)


def nearest_customers(customers: Floats, points: Floats, neighbours: int) -> tuple[Floats, Indices]:
    """Distances of (m, width) points to their nearest customers, and the customers' rows: (m, neighbours) each."""
    distance, index = cKDTree(customers).query(points, k=np.arange(1, neighbours + 1))
    return distance, index


def probes_of(
    clustered: Clustered, min_samples: int, generator: np.random.Generator, memory: Memory | None = None
) -> Probes:
    """Customers, and the same customers moved a little: half of them within their core distance, half anywhere near."""
    count, width = clustered.points.shape
    rows = generator.permutation(count)[: MOST_PROBES // 2]
    moved = generator.integers(0, count, MOST_PROBES // 2)
    scale = np.full(len(moved), PERTURBATION)
    near = len(moved) // 2
    scale[:near] = clustered.core[moved[:near]] / np.sqrt(width)
    shifted = clustered.points[moved] + generator.normal(size=(len(moved), width)) * scale[:, None]
    points = np.vstack([clustered.points[rows], shifted])
    return Probes(points, *predicted(clustered, points, min_samples, memory))


def members_as_probes(clustered: Clustered, generator: np.random.Generator) -> Probes:
    """Customers under HDBSCAN's own labels: where it worked in another space, no newcomer's answer is known."""
    rows = generator.permutation(len(clustered.points))[:MOST_PROBES]
    return Probes(clustered.points[rows], clustered.labels[rows], rows)


def condensed(clustered: Clustered, probes: Probes, generator: np.random.Generator) -> NearestCore:
    """The assigner of few exemplars that answers the probes as they should be answered."""
    kept = _first_rows(clustered.labels, generator)
    most = max(len(kept), int(MOST_SHARE * len(clustered.points)))
    before = 0.0
    while True:
        reach, right = _trial(clustered, probes, kept)
        agreement = float(np.mean(right))
        wanted = np.setdiff1d(probes.witnesses[~right], kept)
        room = most - len(kept)
        if agreement >= GOOD_AGREEMENT or agreement < before + LEAST_GAIN or not room or not len(wanted):
            return NearestCore(clustered.points[kept], clustered.core[kept], clustered.labels[kept], reach)
        before = agreement
        kept = np.union1d(kept, generator.permutation(wanted)[:room])


def _first_rows(labels: Indices, generator: np.random.Generator) -> Indices:
    rows = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        rows.append(generator.choice(members, max(1, int(FIRST_SHARE * len(members))), replace=False))
    return np.sort(np.concatenate(rows)).astype(np.intp)


def _trial(clustered: Clustered, probes: Probes, kept: Indices) -> tuple[Floats, Flags]:
    """With these exemplars, how far each segment serves the probes best, and which of them it then gets right."""
    tree = cKDTree(np.column_stack([clustered.points[kept], SOFTNESS * clustered.core[kept]]))
    distance, found = tree.query(lifted(np.ascontiguousarray(probes.points.T)))
    nearest = clustered.labels[kept][found]
    belongs = probes.answers >= 0
    soft = clustered.births * np.hypot(1.0, SOFTNESS)  # the soft distance at the end of a segment, a core away
    reach = np.array(
        [
            best_reach(distance[nearest == segment], belongs[nearest == segment], otherwise)
            for segment, otherwise in enumerate(soft)
        ]
    )
    outside = (nearest < 0) | (distance > reach[nearest])
    return reach, np.where(outside, -1, nearest) == probes.answers


def best_reach(distance: Floats, belongs: Flags, otherwise: float) -> float:
    """The limit that parts those who belong from those who do not with fewest errors.

    Where nobody has to be kept out, `otherwise`, or the farthest who belongs.
    """
    if not len(distance):
        return otherwise
    order = np.argsort(distance, kind="stable")
    ranked = distance[order]
    ends = np.append(np.flatnonzero(np.diff(ranked) > 0), len(ranked) - 1)  # a limit cannot part equal distances
    gains = np.cumsum(np.where(belongs[order], 1, -1))[ends]
    best = int(np.argmax(gains))
    if gains[best] <= 0:
        return float(ranked[0]) / 2
    if best == len(ends) - 1:
        return max(otherwise, float(ranked[-1]))
    return float(ranked[ends[best]] + ranked[ends[best] + 1]) / 2
