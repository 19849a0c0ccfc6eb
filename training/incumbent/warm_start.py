"""Warm starts: a retrain also starts from the incumbent's segments, and changes them only for a gain in quality.

Where customers form a continuum, many partitions are equally good, and random starts find a different one each time. So
the incumbent's partition competes: a fit also starts there, and moves customers only as far as the gain in inertia pays
for it; and among equally good candidates the one that keeps most customers in their segments wins. All figures are
estimated from the new customers; of the incumbent itself only its centres are used, for `damping`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from segment_model.contract import VectorContract
from segment_model.encoding.encoder import Encoder, Floats, Indices
from segment_model.errors import ContractError
from segment_model.model import SegmentModel
from training.incumbent.assignments import assign_vectors
from training.incumbent.damping import MOST_AT_ONCE, carried_over, damped_centres

COST_OF_MOVING = 1.0  # a partition that moves 3 % of the customers must save 3 % of the inertia
COST_BEYOND = 2.0  # customers beyond the share `MOST_AT_ONCE` must save twice their share
MOST_STEPS = 300
LEAST_SAVING = 1e-4  # of the inertia; a smaller one ends Lloyd's steps


@dataclass(frozen=True)
class Partition:
    """Centroids (k, width), the nearest centroid of every point (n,), and the sum of squared distances to it."""

    centroids: Floats
    labels: Indices
    inertia: float


@dataclass(frozen=True)
class WarmStart:
    """The incumbent's segments of the customers of a retrain; all None without an incumbent that can read them.

    members : (n,) its segment of each customer, -1 for none. centroids : (k, width) the means of its segments' members
    in the new encoding. before : (k, width) its own centres in the new encoding. Both are None if a segment has no
    members.
    """

    members: Indices | None = None
    centroids: Floats | None = None
    before: Floats | None = None

    @property
    def segments(self) -> int:
        """The number of segments of a fit that starts here; 0 without centroids."""
        return 0 if self.centroids is None else len(self.centroids)

    def for_segments(self, count: int) -> WarmStart:
        """This warm start for a candidate with as many segments; a cold start for any other."""
        return self if count == self.segments else COLD_START

    def continuity(self, candidates: Sequence[Indices | None]) -> list[float] | None:
        """The share of customers who stay in their segments, for the labels of each candidate; None if cold."""
        if self.members is None:
            return None
        return [0.0 if labels is None else continuity(labels, self.members) for labels in candidates]


COLD_START = WarmStart()


def warm_start_of(
    incumbent: SegmentModel | None, frame: pd.DataFrame, contract: VectorContract, encoder: Encoder, points: Floats
) -> WarmStart:
    """The warm start from an incumbent; a cold start without one, or with one that cannot read these vectors.

    In the latter case the lineage of the new model says why (`training.succession.succession`).
    """
    if incumbent is None:
        return COLD_START
    try:
        members = assign_vectors(incumbent, frame, contract.columns).segment
    except ContractError:
        return COLD_START
    centroids = members_means(points, members, len(incumbent.ids))
    return WarmStart(members, centroids, None if centroids is None else carried_over(incumbent, encoder, centroids))


def members_means(points: Floats, members: Indices, segments: int) -> Floats | None:
    """The means (k, width) of the incumbent's segments among the new (n, width) points; None if one has no members.

    members : (n,) the incumbent's segment of each customer, -1 for none.
    """
    sizes = np.bincount(members[members >= 0], minlength=segments)
    return _means(points[members >= 0], members[members >= 0], sizes) if np.all(sizes) else None


def choose_partition(warm_start: WarmStart, points: Floats, best: Partition) -> Partition:
    """The best partition of random starts, or a cheaper one among Lloyd's steps from the incumbent.

    The cost is inertia / inertia of the best + `cost_of_moving` of the share of customers moved: the snapshot and the
    history cost of evolutionary clustering (Chakrabarti, Kumar and Tomkins 2006). If the start itself is cheapest, and
    the new means of the incumbent's segments still move many customers, the centres are damped.
    """
    members = warm_start.members
    if members is None or warm_start.centroids is None or best.inertia == 0:
        return best

    def moved(partition: Partition) -> float:
        return 1 - continuity(partition.labels, members)

    def cost(partition: Partition) -> float:
        return partition.inertia / best.inertia + cost_of_moving(moved(partition))

    steps = list(lloyd_steps(warm_start.centroids, points))
    chosen = min([best, *steps], key=cost)
    if not steps or chosen is not steps[0] or warm_start.before is None or moved(chosen) <= MOST_AT_ONCE:
        return chosen
    for centres in damped_centres(warm_start.centroids, warm_start.before):
        chosen = nearest_to(centres, points)
        if moved(chosen) <= MOST_AT_ONCE:
            break
    return chosen


def cost_of_moving(share: float) -> float:
    """The cost of moving a share of the customers, as a share of the inertia."""
    return COST_OF_MOVING * share + (COST_BEYOND - COST_OF_MOVING) * max(0.0, share - MOST_AT_ONCE)


def lloyd_steps(start: Floats, points: Floats) -> Iterator[Partition]:
    """The partition of `start` (k, width) and those after each of Lloyd's steps, while they save `LEAST_SAVING`.

    They also end at a partition that leaves a segment without customers, which is not among them.
    """
    last = nearest_to(start, points)
    for _ in range(MOST_STEPS):
        sizes = np.bincount(last.labels, minlength=len(start))
        if not np.all(sizes):
            return
        yield last
        step = nearest_to(_means(points, last.labels, sizes), points)
        if step.inertia > (1 - LEAST_SAVING) * last.inertia:
            return
        last = step


def continuity(labels: Indices, members: Indices) -> float:
    """The share of customers who keep their segment under the best one-to-one matching of the two sets of segments.

    labels, members : (n,) segments, -1 for none. Customers outside every segment both times count as kept.
    """
    counts = overlap(members, labels)
    kept = counts[linear_sum_assignment(-counts)].sum() + np.sum((labels < 0) & (members < 0))
    return float(kept / len(labels)) if len(labels) else 1.0


def overlap(before: Indices, after: Indices, shape: tuple[int, int] | None = None) -> Indices:
    """The contingency table: how many customers are in each segment of `before` (rows) and of `after` (columns).

    A customer with -1 in either is not counted.
    """
    rows, columns = shape or (int(before.max(initial=-1)) + 1, int(after.max(initial=-1)) + 1)
    both = (before >= 0) & (after >= 0)
    counts = np.bincount(before[both] * columns + after[both], minlength=rows * columns)
    return counts.reshape(rows, columns).astype(np.intp)


def _means(points: Floats, labels: Indices, sizes: Indices) -> Floats:
    sums = np.column_stack([np.bincount(labels, weights=column, minlength=len(sizes)) for column in points.T])
    return sums / sizes[:, None]


def nearest_to(centroids: Floats, points: Floats) -> Partition:
    """The partition of (n, width) points by the nearest of (k, width) centroids."""
    squares = np.empty((len(centroids), len(points)))
    for position, centroid in enumerate(centroids):
        squares[position] = np.sum((points - centroid) ** 2, axis=1)
    labels = np.argmin(squares, axis=0).astype(np.intp)
    return Partition(centroids, labels, float(squares[labels, np.arange(len(points))].sum()))
