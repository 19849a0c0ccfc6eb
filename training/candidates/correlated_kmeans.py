"""KMeans at one k that allows for correlation: distances are those in which the segments found are round.

Plain KMeans takes every encoded column for as telling as another. Where columns go together within segments it then
cuts along the long side of a group, though the gap lies across its short one. Here the scatter within segments is
estimated, everybody goes to the nearest mean in the space in which it is round, and so on; the determinant of the
scatter falls with every step, and the start that makes it least wins (Friedman and Rubin 1967).

It needs gaps: on a continuum, slices that ignore how columns go together say little, and plain KMeans makes better
tiers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.encoding.encoder import Floats, Indices
from training.candidates.candidate import REFITS, Fit, Recipe, sample_rows
from training.candidates.voronoi_sites import sites
from training.candidates.warm_start import continuity, cost_of_moving, nearest_to

MOST_ROUNDS = 100
MOST_SEARCHED = 5_000  # customers; borders through gaps need no more
LEAST_AGREEMENT = 0.99  # of nearest sites with nearest means in the turned space; too many segments allow for less


@dataclass(frozen=True)
class CorrelatedRecipe:
    """KMeans at one k where segments are round.

    blur : variance (width,) of each encoded column that ties hide (`tie_blurring`). Without it a column of two
    values would have no scatter within segments, and decide alone. members : (n,) a serving model's segment of each
    customer, -1 for none, where it has as many segments.
    """

    segments: int
    starts: int
    blur: tuple[float, ...]
    members: Indices | None = field(default=None, repr=False, compare=False)
    algorithm: str = "kmeans"

    @property
    def name(self) -> str:
        return f"KMeans allowing for correlation, {self.segments} segments"

    @property
    def parameters(self) -> dict[str, Any]:
        return {"segments": self.segments, "starts": self.starts, "allowing_for": "correlation"}

    @property
    def needs_gaps(self) -> bool:
        return True

    @property
    def refits(self) -> int:
        return REFITS

    def for_share(self, share: float) -> Recipe:  # noqa: ARG002  (k does not depend on the number of customers)
        return replace(self, members=None)

    def fit(self, points: Floats, seed: int) -> Fit | None:
        """Fit at most `MOST_SEARCHED` customers; None too where no nearest sites answer as the turned space does."""
        rows = sample_rows(len(points), MOST_SEARCHED, seed)
        searched = np.ascontiguousarray(points[rows])
        if len(np.unique(searched, axis=0)) < self.segments:
            return None
        with threadpool_limits(limits=1):
            best = self._search(searched, seed)
            if best is not None and self.members is not None:
                best = self._settle(searched, self.members[rows], best)
        if best is None:
            return None
        order = np.argsort(-np.bincount(best.labels, minlength=self.segments), kind="stable")
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        labels = place[best.labels].astype(np.intp)
        assigner = NearestCentroid(np.ascontiguousarray(sites(best.means[order], best.turn)))
        answers = assigner.nearest(np.ascontiguousarray(searched.T)).segment
        if np.mean(answers == labels) < LEAST_AGREEMENT or len(np.unique(answers)) < self.segments:
            return None
        return Fit(assigner, rows, labels, {"log_determinant": best.height})

    def _search(self, points: Floats, seed: int) -> Partition | None:
        """The best of random starts; they take turns in the plain space, the one in which all customers together are
        round, and that of the best so far.
        """
        overall = self._overall(points)
        turns = [np.eye(points.shape[1]), _rounding(overall - np.outer(points.mean(axis=0), points.mean(axis=0)))[0]]
        best = None
        for number in range(self.starts):
            turn = ([*turns, best.turn] if best else turns)[number % (3 if best else 2)]
            start = KMeans(self.segments, n_init=1, random_state=seed + number).fit(points @ turn)
            *_, found = [None, *self._steps(points, overall, start.labels_)]
            if found is not None and (best is None or found.height < best.height):
                best = found
        return best

    def _settle(self, points: Floats, members: Indices, best: Partition) -> Partition:
        """The best, or a step on the way from a serving model's segments that costs less.

        As in `warm_start.settle`; inertia is here the determinant's root of as many as there are dimensions.
        """
        known = members >= 0
        if len(np.unique(members[known])) < self.segments:
            return best
        means = np.array([points[members == segment].mean(axis=0) for segment in range(self.segments)])
        start = np.where(known, members, nearest_to(means, points).labels)
        steps = self._steps(points, self._overall(points), start)

        def cost(step: Partition) -> float:
            widths = np.exp((step.height - best.height) / points.shape[1])
            return float(widths) + cost_of_moving(1 - continuity(step.labels, members))

        return min([best, *steps], key=cost)

    def _overall(self, points: Floats) -> Floats:
        overall: Floats = points.T @ points / len(points) + np.diag(self.blur)
        return overall

    def _steps(self, points: Floats, overall: Floats, labels: Indices) -> Iterator[Partition]:
        """Everybody goes to the nearest mean where segments are round, until nobody moves.

        No step at all where one of them leaves a segment empty.
        """
        steps = []
        for _ in range(MOST_ROUNDS):
            members = np.eye(self.segments)[labels]
            sizes = members.sum(axis=0)
            if sizes.min() == 0:
                return
            means = members.T @ points / sizes[:, None]
            turn, height = _rounding(overall - (means.T * sizes) @ means / len(points))
            turned, before = means @ turn, labels
            labels = np.argmin((turned**2).sum(axis=1) - 2 * (points @ turn) @ turned.T, axis=1)
            steps.append(Partition(labels.astype(np.intp), means, turn, height))
            if np.array_equal(labels, before):
                break
        yield from steps


def _rounding(scatter: Floats) -> tuple[Floats, float]:
    """The turn (width, width) that makes a scatter round, and the logarithm of the scatter's determinant."""
    values, vectors = np.linalg.eigh(scatter)
    values = np.maximum(values, 1e-9 * values[-1])
    return vectors / np.sqrt(values), float(np.log(values).sum())


@dataclass(frozen=True)
class Partition:
    """The segment (n,) of each customer, the means (k, width), the turn (width, width) that makes the scatter within
    segments round, and the height: the logarithm of that scatter's determinant."""

    labels: Indices
    means: Floats
    turn: Floats
    height: float
