"""Chooses the exemplars of an HDBSCAN model: the few customers that suffice to answer nearly as HDBSCAN itself.

Condensed nearest neighbours (Hart 1968): start with a few customers, assign probes whose right answer is known, and add
the customer on whom the right answer depends wherever the answer is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from segment_model.assigners.nearest_core import SOFTNESS, NearestCore, lifted
from segment_model.encoding.encoder import Flags, Floats, Indices
from training.fitting.result_cache import ResultCache

FIRST_SHARE = 0.05  # of the customers of each segment, and of the noise: the first exemplars
MOST_SHARE = 0.5
GOOD_AGREEMENT = 0.995
LEAST_GAIN = 0.001  # of agreement; a round that gains less ends the search
MOST_PROBES = 10_000
PERTURBATION = 0.1  # standard deviation of a probe's displacement, in encoded units


@dataclass(frozen=True)
class Clustered:
    """A clustering of n customers by HDBSCAN.

    points : (n, width); core : (n,) core distances; labels : (n,) position of the segment, -1 for noise;
    births : (segments,) distance 1 / λ at which a segment split off its parent.
    """

    points: Floats
    core: Floats
    labels: Indices
    births: Floats


@dataclass(frozen=True)
class Probes:
    """Points (n, width), their right answers (n,), -1 for no segment, and the customer's row on which each depends."""

    points: Floats
    answers: Indices
    witnesses: Indices


def approximate_predictions(
    clustered: Clustered, points: Floats, min_samples: int, cache: ResultCache | None = None
) -> tuple[Indices, Indices]:
    """hdbscan's `approximate_predict` of (n, width) points: labels and the customers they depend on, (n,) each.

    A point gets the label of the customer at the least mutual reachability distance, max(distance, both core
    distances), if that distance is less than the birth distance of the customer's segment.
    """
    neighbours = min(2 * min_samples, len(clustered.points))
    distance, index = (cache or ResultCache()).cache(nearest_customers)(clustered.points, points, neighbours)
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
    clustered: Clustered, min_samples: int, generator: np.random.Generator, cache: ResultCache | None = None
) -> Probes:
    """Customers, and customers displaced at random: half by about their core distance, half by `PERTURBATION`."""
    count, width = clustered.points.shape
    rows = generator.permutation(count)[: MOST_PROBES // 2]
    moved = generator.integers(0, count, MOST_PROBES // 2)
    scale = np.full(len(moved), PERTURBATION)
    near = len(moved) // 2
    scale[:near] = clustered.core[moved[:near]] / np.sqrt(width)
    shifted = clustered.points[moved] + generator.normal(size=(len(moved), width)) * scale[:, None]
    points = np.vstack([clustered.points[rows], shifted])
    return Probes(points, *approximate_predictions(clustered, points, min_samples, cache))


def members_as_probes(clustered: Clustered, generator: np.random.Generator) -> Probes:
    """Customers with HDBSCAN's own labels: after an embedding, the right answer of a displaced point is not known."""
    rows = generator.permutation(len(clustered.points))[:MOST_PROBES]
    return Probes(clustered.points[rows], clustered.labels[rows], rows)


def condense(clustered: Clustered, probes: Probes, generator: np.random.Generator) -> NearestCore:
    """The assigner with few exemplars that answers nearly every probe right."""
    kept = _first_rows(clustered.labels, generator)
    most = max(len(kept), int(MOST_SHARE * len(clustered.points)))
    before = 0.0
    while True:
        reach, right = _trial(clustered, probes, kept)
        agreement = float(np.mean(right))
        wanted = np.setdiff1d(probes.witnesses[~right], kept)
        free = most - len(kept)
        if agreement >= GOOD_AGREEMENT or agreement < before + LEAST_GAIN or not free or not len(wanted):
            return NearestCore(clustered.points[kept], clustered.core[kept], clustered.labels[kept], reach)
        before = agreement
        kept = np.union1d(kept, generator.permutation(wanted)[:free])


def _first_rows(labels: Indices, generator: np.random.Generator) -> Indices:
    rows = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        rows.append(generator.choice(members, max(1, int(FIRST_SHARE * len(members))), replace=False))
    return np.sort(np.concatenate(rows)).astype(np.intp)


def _trial(clustered: Clustered, probes: Probes, kept: Indices) -> tuple[Floats, Flags]:
    """With the exemplars `kept`: the best reach of each segment (segments,), and the probes answered right (n,)."""
    tree = cKDTree(np.column_stack([clustered.points[kept], SOFTNESS * clustered.core[kept]]))
    distance, index = tree.query(lifted(np.ascontiguousarray(probes.points.T)))
    nearest = clustered.labels[kept][index]
    belongs = probes.answers >= 0
    soft = clustered.births * np.hypot(1.0, SOFTNESS)  # at the birth distance, of an exemplar with that core distance
    reach = np.array(
        [
            best_reach(distance[nearest == segment], belongs[nearest == segment], otherwise)
            for segment, otherwise in enumerate(soft)
        ]
    )
    outside = (nearest < 0) | (distance > reach[nearest])
    return reach, np.where(outside, -1, nearest) == probes.answers


def best_reach(distance: Floats, belongs: Flags, otherwise: float) -> float:
    """The limit that separates members from non-members with fewest errors; distances and flags are (n,).

    If the best limit excludes no probe, it is the larger of `otherwise` and the greatest distance.
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
