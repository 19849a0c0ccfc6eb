"""Warm starts: a retrain also starts from the serving model's segments, and leaves them only for something better.

On customers who form a continuum many partitions are equally good, and random starts pick another one each time. So the
incumbent's partition competes: KMeans also starts there, and moves only as far as the gain in inertia pays for the
customers moved; and among equally good candidates the one that keeps most customers in their segments wins. Everything
is estimated from the new customers. Of the incumbent's numbers only its centres are used, and only for `damping`.
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

COST_OF_MOVING = 1.0  # to move 3 % of the customers must save 3 % of the inertia;
COST_BEYOND = 2.0  # those beyond `MOST_AT_ONCE` must save twice that
MOST_STEPS = 300
LEAST_SAVING = 1e-4  # of the inertia; a smaller one ends Lloyd's steps


@dataclass(frozen=True)
class Partition:
    """Centroids (k, width), the segment (n,) of every point nearest to them, and the sum of squared distances."""

    centroids: Floats
    labels: Indices
    inertia: float


@dataclass(frozen=True)
class WarmStart:
    """The incumbent's segments among the customers of a retrain; None without an incumbent that can read them.

    members : (n,) its segment of each customer, -1 for none; centroids : (k, width) the means of their new points;
    before : (k, width) its own centres in today's coordinates.
    """

    members: Indices | None = None
    centroids: Floats | None = None
    before: Floats | None = None

    @property
    def segments(self) -> int:
        """How many segments a start from here has; 0 where none is possible."""
        return 0 if self.centroids is None else len(self.centroids)

    def for_segments(self, count: int) -> WarmStart:
        """Itself for a candidate of as many segments; a cold start for any other."""
        return self if count == self.segments else COLD_START

    def continuity(self, candidates: Sequence[Indices | None]) -> list[float] | None:
        """For the labels of each candidate, the share of customers who stay in their segments."""
        if self.members is None:
            return None
        return [0.0 if labels is None else continuity(labels, self.members) for labels in candidates]


COLD_START = WarmStart()


def warm_start_of(
    incumbent: SegmentModel | None, frame: pd.DataFrame, contract: VectorContract, encoder: Encoder, points: Floats
) -> WarmStart:
    """Ask the incumbent; without one, or with one that cannot read these vectors (see the lineage), a cold start."""
    if incumbent is None:
        return COLD_START
    try:
        members = assign_vectors(incumbent, frame, contract.columns).segment
    except ContractError:
        return COLD_START
    centroids = members_means(points, members, len(incumbent.ids))
    return WarmStart(members, centroids, None if centroids is None else carried_over(incumbent, encoder, centroids))


def members_means(points: Floats, members: Indices, segments: int) -> Floats | None:
    """The means (k, width) of the incumbent's segments among the new (n, width) points.

    members : (n,) the incumbent's segment of each customer, -1 for none. None where a segment has no members any more.
    """
    sizes = np.bincount(members[members >= 0], minlength=segments)
    return _means(points[members >= 0], members[members >= 0], sizes) if np.all(sizes) else None


def choose_partition(warm_start: WarmStart, points: Floats, best: Partition) -> Partition:
    """The best of random starts, or one of Lloyd's steps from the incumbent that costs less.

    The cost is inertia / the best one's + `cost_of_moving` of the share of customers moved: the snapshot and history
    cost of evolutionary clustering (Chakrabarti, Kumar and Tomkins 2006). Where no step pays, and the means of the
    incumbent's customers alone would move many, the centres are damped.
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
    """Lloyd's steps from `start` (k, width), the first one included, until a step saves less than `LEAST_SAVING`.

    They end too before a segment without customers.
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
    """Share of customers who keep their segment if those of `labels` are matched one to one with those of `members`.

    Both (n,), -1 for no segment; the matching is the one that keeps most. Customers outside every segment both times
    count as kept.
    """
    counts = overlap(members, labels)
    kept = counts[linear_sum_assignment(-counts)].sum() + np.sum((labels < 0) & (members < 0))
    return float(kept / len(labels)) if len(labels) else 1.0


def overlap(before: Indices, after: Indices, shape: tuple[int, int] | None = None) -> Indices:
    """How many customers lie in each segment of `before` (rows) and of `after` (columns); -1 counts nowhere."""
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
