"""A retrain starts where the serving model stands, and leaves it only for something better.

On customers who form a continuum, many partitions are as good as each other, and fresh random starts pick another one
each time. So the incumbent's partition competes: KMeans also starts there, and goes as far as pays for the customers
that it moves; and a candidate that keeps customers where they are wins among equals. Everything is estimated from the
new customers. Of the old model's numbers only its centres are looked at, and only where `damping` is needed.
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
from training.candidates.damping import MOST_AT_ONCE, braked, carried_over
from training.candidates.incumbent import read_by

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
class Standpoint:
    """Where the incumbent stands among the customers of a retrain; None where there is none, or it cannot say.

    members : (n,) its segment of each customer, -1 for none; centroids : (k, width) the means of their new points;
    before : (k, width) where its own centres are in today's coordinates.
    """

    members: Indices | None = None
    centroids: Floats | None = None
    before: Floats | None = None

    @property
    def segments(self) -> int:
        """How many segments a start from here has; 0 where there is none."""
        return 0 if self.centroids is None else len(self.centroids)

    def continuity(self, candidates: Sequence[Indices | None]) -> list[float] | None:
        """For the labels of each candidate, the share of customers who stay in their segments."""
        if self.members is None:
            return None
        return [0.0 if labels is None else continuity(labels, self.members) for labels in candidates]


NOWHERE = Standpoint()


def standpoint(
    incumbent: SegmentModel | None, frame: pd.DataFrame, contract: VectorContract, encoder: Encoder, points: Floats
) -> Standpoint:
    """Ask the incumbent; a model that cannot read these vectors has no say (the lineage tells why)."""
    if incumbent is None:
        return NOWHERE
    try:
        members = read_by(incumbent, frame, contract.columns).segment
    except ContractError:
        return NOWHERE
    centroids = warm_centroids(points, members, len(incumbent.ids))
    return Standpoint(members, centroids, None if centroids is None else carried_over(incumbent, encoder, centroids))


def warm_centroids(points: Floats, members: Indices, segments: int) -> Floats | None:
    """Where the incumbent's segments lie among the new (n, width) points: the means of their members, (k, width).

    members : (n,) the incumbent's segment of each customer, -1 for none. None where one has no members any more.
    """
    sizes = np.bincount(members[members >= 0], minlength=segments)
    return _means(points[members >= 0], members[members >= 0], sizes) if np.all(sizes) else None


def settle(stand: Standpoint, points: Floats, best: Partition) -> Partition:
    """The best of random starts, or a step on Lloyd's way from the incumbent that costs less.

    The cost is inertia / the best one's + what `cost_of_moving` says of the share of customers moved: the snapshot and
    history cost of evolutionary clustering (Chakrabarti, Kumar and Tomkins 2006). Where no step pays, and the means of
    the incumbent's customers alone would move many, the brake is put on.
    """
    members = stand.members
    if members is None or stand.centroids is None or best.inertia == 0:
        return best

    def moved(partition: Partition) -> float:
        return 1 - continuity(partition.labels, members)

    steps = list(lloyd(stand.centroids, points))
    chosen = min([best, *steps], key=lambda one: one.inertia / best.inertia + cost_of_moving(moved(one)))
    if not steps or chosen is not steps[0] or stand.before is None or moved(chosen) <= MOST_AT_ONCE:
        return chosen
    for centres in braked(stand.centroids, stand.before):
        chosen = nearest_to(centres, points)
        if moved(chosen) <= MOST_AT_ONCE:
            break
    return chosen


def cost_of_moving(share: float) -> float:
    """What it costs to move a share of the customers, as a share of the inertia."""
    return COST_OF_MOVING * share + (COST_BEYOND - COST_OF_MOVING) * max(0.0, share - MOST_AT_ONCE)


def lloyd(start: Floats, points: Floats) -> Iterator[Partition]:
    """Lloyd's steps from `start` (k, width), the first one included, until a step saves next to nothing.

    They end too where a segment would be left without customers.
    """
    last = nearest_to(start, points)
    for _ in range(MOST_STEPS):
        sizes = np.bincount(last.labels, minlength=len(start))
        if not np.all(sizes):
            return
        yield last
        following = nearest_to(_means(points, last.labels, sizes), points)
        if following.inertia > (1 - LEAST_SAVING) * last.inertia:
            return
        last = following


def continuity(labels: Indices, members: Indices) -> float:
    """Share of customers who stay where they are if segments of `labels` take over those of `members` one to one.

    Both (n,), -1 for no segment; the matching is the one that keeps most. Customers outside every segment before and
    after stay too.
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
    squares = np.empty((len(centroids), len(points)))
    for position, centroid in enumerate(centroids):
        squares[position] = np.sum((points - centroid) ** 2, axis=1)
    labels = np.argmin(squares, axis=0).astype(np.intp)
    return Partition(centroids, labels, float(squares[labels, np.arange(len(points))].sum()))
