"""KMeans with one k in the whitened space of the within-segment scatter, so that correlated columns do not mislead it.

Plain KMeans weighs every encoded column alike. So where columns are correlated within segments, it may split an
elongated group instead of following the gap between two. This candidate alternates two steps until no customer moves:
estimate the scatter within segments, and assign every customer to the nearest mean after the linear map that whitens
the scatter (makes it round). Each round lowers the determinant of the scatter, and the random start with the least
determinant wins (Friedman and Rubin 1967).

It is judged only where gaps separate its segments: on a continuum plain KMeans makes slices that are easier to read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.cluster import KMeans

from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.encoding.encoder import Floats, Indices
from training.candidates.candidate import (
    Fit,
    NoSegmentsError,
    UsualSpec,
    largest_first,
    means_of,
    sample_rows,
)
from training.fitting.single_thread import single_thread
from training.fitting.voronoi_sites import voronoi_sites

MOST_ROUNDS = 100
CORRELATED_SAMPLE = 5_000  # customers; borders through gaps need no more
LEAST_AGREEMENT = 0.99  # of nearest sites with nearest means in the whitened space; fails where segments are many


@dataclass(frozen=True)
class RoundPartition:
    """A partition by the nearest mean in a whitened space.

    labels : (n,) segments. means : (k, width), in the encoded space. whitening : (width, width) the linear map that
    whitens the scatter within segments. log_determinant : logarithm of the determinant of that scatter.
    """

    labels: Indices
    means: Floats
    whitening: Floats
    log_determinant: float


@dataclass(frozen=True)
class CorrelatedKMeansSpec(UsualSpec):
    """KMeans with one k in the whitened space.

    tie_variance : (width,) variance that tied values hide in each encoded column (`tie_blurring`); without it a column
    of two values would have no scatter within segments, and decide alone.
    """

    segments: int
    starts: int
    tie_variance: tuple[float, ...]
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

    def centres_of(self, points: Floats, labels: Indices) -> Floats | None:
        known = labels >= 0
        means, members = means_of(points, labels, self.segments), np.ascontiguousarray(points[known])
        if means is None:
            return None
        between = (means.T * np.bincount(labels[known])) @ means / len(members)
        return voronoi_sites(means, _rounding(self._overall(members) - between)[0])

    def fit(self, points: Floats, seed: int) -> Fit:
        """Fit at most `CORRELATED_SAMPLE` customers; refused if no Voronoi sites reproduce its boundaries."""
        rows = sample_rows(len(points), CORRELATED_SAMPLE, seed)
        searched = np.ascontiguousarray(points[rows])
        if len(np.unique(searched, axis=0)) < self.segments:
            raise NoSegmentsError(f"fewer than {self.segments} different customers")
        with single_thread():
            best = self._search(searched, seed)
            if best is None:
                raise NoSegmentsError("every start leaves a segment without customers")
        return self._served(rows, searched, best)

    def _served(self, rows: Indices, points: Floats, best: RoundPartition) -> Fit:
        """The partition as nearest centroids of the encoded space, which serve it."""
        order, labels = largest_first(best.labels, self.segments)
        assigner = NearestCentroid(np.ascontiguousarray(voronoi_sites(best.means[order], best.whitening)))
        answers = assigner.nearest(np.ascontiguousarray(points.T)).segment
        if np.mean(answers == labels) < LEAST_AGREEMENT or len(np.unique(answers)) < self.segments:
            raise NoSegmentsError("nearest centroids, by which a model would serve it, give other segments")
        return Fit(assigner, rows, labels, {"log_determinant": best.log_determinant})

    def _search(self, points: Floats, seed: int) -> RoundPartition | None:
        """The best of random starts; None where each leaves a segment empty.

        The starts alternate among the encoded space, the space that whitens all customers together, and that of the
        best partition so far.
        """
        overall = self._overall(points)
        whitenings = [
            np.eye(points.shape[1]),
            _rounding(overall - np.outer(points.mean(axis=0), points.mean(axis=0)))[0],
        ]
        best = None
        for number in range(self.starts):
            whitening = ([*whitenings, best.whitening] if best else whitenings)[number % (3 if best else 2)]
            start = KMeans(self.segments, n_init=1, random_state=seed + number).fit(points @ whitening)
            *_, last = [None, *self._steps(points, overall, start.labels_)]
            if last is not None and (best is None or last.log_determinant < best.log_determinant):
                best = last
        return best

    def _overall(self, points: Floats) -> Floats:
        overall: Floats = points.T @ points / len(points) + np.diag(self.tie_variance)
        return overall

    def _steps(self, points: Floats, overall: Floats, labels: Indices) -> Iterator[RoundPartition]:
        """The partition after each round, until no customer moves; none at all if a round leaves a segment empty."""
        steps = []
        for _ in range(MOST_ROUNDS):
            members = np.eye(self.segments)[labels]
            sizes = members.sum(axis=0)
            if sizes.min() == 0:
                return
            means = members.T @ points / sizes[:, None]
            whitening, log_determinant = _rounding(overall - (means.T * sizes) @ means / len(points))
            whitened, before = means @ whitening, labels
            labels = np.argmin((whitened**2).sum(axis=1) - 2 * (points @ whitening) @ whitened.T, axis=1)
            steps.append(RoundPartition(labels.astype(np.intp), means, whitening, log_determinant))
            if np.array_equal(labels, before):
                break
        yield from steps


def _rounding(scatter: Floats) -> tuple[Floats, float]:
    """The linear map (width, width) that whitens a scatter, and the logarithm of the scatter's determinant."""
    eigenvalues, vectors = np.linalg.eigh(scatter)
    eigenvalues = np.maximum(eigenvalues, 1e-9 * eigenvalues[-1])
    return vectors / np.sqrt(eigenvalues), float(np.log(eigenvalues).sum())
