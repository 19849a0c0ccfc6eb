"""KMeans at one k that allows for correlation: distances are those in which the segments themselves are round.

Plain KMeans weighs every encoded column alike. Where columns are correlated within segments it then cuts along the
long side of a group, though the gap lies across its short one. Here the scatter within segments is estimated, every
customer goes to the nearest mean in the space in which that scatter is round, and so on until no customer moves. The
determinant of the scatter falls with every step, and the start with the least determinant wins (Friedman and Rubin
1967).

It is of use only where there are gaps: on a continuum, slices that ignore the correlations say little, and plain KMeans
makes better tiers.
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
from training.candidates.candidate import REFITS, CandidateSpec, Fit, NoSegmentsError, largest_first, sample_rows
from training.fitting.voronoi_sites import voronoi_sites
from training.incumbent.warm_start import continuity, cost_of_moving, nearest_to

MOST_ROUNDS = 100
MOST_SEARCHED = 5_000  # customers; borders through gaps need no more
LEAST_AGREEMENT = 0.99  # of nearest sites with nearest means in the turned space; too many segments allow for less


@dataclass(frozen=True)
class RoundPartition:
    """A partition in the space in which the scatter within its segments is round.

    labels : (n,) segments; means : (k, width); turn : (width, width) linear map into that space; log_determinant : of
    the scatter within segments.
    """

    labels: Indices
    means: Floats
    turn: Floats
    log_determinant: float


@dataclass(frozen=True)
class CorrelatedKMeansSpec:
    """KMeans at one k where segments are round.

    tie_variance : variance (width,) of each encoded column that ties hide (`tie_blurring`). Without it a column of two
    values would have no scatter within segments, and decide alone. members : (n,) a serving model's segment of each
    customer, -1 for none, where it has as many segments.
    """

    segments: int
    starts: int
    tie_variance: tuple[float, ...]
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

    def for_share(self, share: float) -> CandidateSpec:  # noqa: ARG002  (k does not depend on the number of customers)
        return replace(self, members=None)

    def fit(self, points: Floats, seed: int) -> Fit:
        """Fit at most `MOST_SEARCHED` customers; refused too where no Voronoi sites have the borders of the fit."""
        rows = sample_rows(len(points), MOST_SEARCHED, seed)
        searched = np.ascontiguousarray(points[rows])
        if len(np.unique(searched, axis=0)) < self.segments:
            raise NoSegmentsError(f"fewer than {self.segments} different customers")
        with threadpool_limits(limits=1):
            best = self._search(searched, seed)
            if best is None:
                raise NoSegmentsError("every start leaves a segment without customers")
            if self.members is not None:
                best = self._choose_partition(searched, self.members[rows], best)
        return self._served(rows, searched, best)

    def _served(self, rows: Indices, points: Floats, best: RoundPartition) -> Fit:
        """The partition as nearest centroids of the plain space."""
        order, labels = largest_first(best.labels, self.segments)
        assigner = NearestCentroid(np.ascontiguousarray(voronoi_sites(best.means[order], best.turn)))
        answers = assigner.nearest(np.ascontiguousarray(points.T)).segment
        if np.mean(answers == labels) < LEAST_AGREEMENT or len(np.unique(answers)) < self.segments:
            raise NoSegmentsError("no nearest centroids have the same borders")
        return Fit(assigner, rows, labels, {"log_determinant": best.log_determinant})

    def _search(self, points: Floats, seed: int) -> RoundPartition | None:
        """The best of random starts; None where each leaves a segment empty.

        The starts alternate among the plain space, the one in which all customers together are round, and that of the
        best so far.
        """
        overall = self._overall(points)
        turns = [np.eye(points.shape[1]), _rounding(overall - np.outer(points.mean(axis=0), points.mean(axis=0)))[0]]
        best = None
        for number in range(self.starts):
            turn = ([*turns, best.turn] if best else turns)[number % (3 if best else 2)]
            start = KMeans(self.segments, n_init=1, random_state=seed + number).fit(points @ turn)
            *_, last = [None, *self._steps(points, overall, start.labels_)]
            if last is not None and (best is None or last.log_determinant < best.log_determinant):
                best = last
        return best

    def _choose_partition(self, points: Floats, members: Indices, best: RoundPartition) -> RoundPartition:
        """The best, or a step on the way from a serving model's segments that costs less.

        As in `warm_start.choose_partition`, with the determinant to the power of 1 / width in place of the inertia.
        """
        known = members >= 0
        if len(np.unique(members[known])) < self.segments:
            return best
        means = np.array([points[members == segment].mean(axis=0) for segment in range(self.segments)])
        start = np.where(known, members, nearest_to(means, points).labels)
        steps = self._steps(points, self._overall(points), start)

        def cost(step: RoundPartition) -> float:
            widths = np.exp((step.log_determinant - best.log_determinant) / points.shape[1])
            return float(widths) + cost_of_moving(1 - continuity(step.labels, members))

        return min([best, *steps], key=cost)

    def _overall(self, points: Floats) -> Floats:
        overall: Floats = points.T @ points / len(points) + np.diag(self.tie_variance)
        return overall

    def _steps(self, points: Floats, overall: Floats, labels: Indices) -> Iterator[RoundPartition]:
        """Every customer goes to the nearest mean where segments are round, until none moves.

        No step at all where one of them leaves a segment empty.
        """
        steps = []
        for _ in range(MOST_ROUNDS):
            members = np.eye(self.segments)[labels]
            sizes = members.sum(axis=0)
            if sizes.min() == 0:
                return
            means = members.T @ points / sizes[:, None]
            turn, log_determinant = _rounding(overall - (means.T * sizes) @ means / len(points))
            turned, before = means @ turn, labels
            labels = np.argmin((turned**2).sum(axis=1) - 2 * (points @ turn) @ turned.T, axis=1)
            steps.append(RoundPartition(labels.astype(np.intp), means, turn, log_determinant))
            if np.array_equal(labels, before):
                break
        yield from steps


def _rounding(scatter: Floats) -> tuple[Floats, float]:
    """The turn (width, width) that makes a scatter round, and the logarithm of the scatter's determinant."""
    eigenvalues, vectors = np.linalg.eigh(scatter)
    eigenvalues = np.maximum(eigenvalues, 1e-9 * eigenvalues[-1])
    return vectors / np.sqrt(eigenvalues), float(np.log(eigenvalues).sum())
