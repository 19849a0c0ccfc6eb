"""KMeans with one k, the number of segments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.cluster import KMeans

from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.encoding.encoder import Floats, Indices
from training.candidates.candidate import (
    KMEANS_SAMPLE,
    Fit,
    NoSegmentsError,
    UsualSpec,
    largest_first,
    means_of,
    sample_rows,
)
from training.fitting.single_thread import single_thread


@dataclass(frozen=True)
class KMeansSpec(UsualSpec):
    """KMeans with one k."""

    segments: int
    starts: int
    algorithm: str = "kmeans"

    @property
    def name(self) -> str:
        return f"KMeans, {self.segments} segments"

    @property
    def parameters(self) -> dict[str, Any]:
        return {"segments": self.segments, "starts": self.starts}

    @property
    def divides_continuum(self) -> bool:
        return True

    def centres_of(self, points: Floats, labels: Indices) -> Floats | None:
        return means_of(points, labels, self.segments)

    def fit(self, points: Floats, seed: int) -> Fit:
        """Random starts on at most `KMEANS_SAMPLE` customers, then Lloyd's iterations on all from the best one."""
        searched = sample_rows(len(points), KMEANS_SAMPLE, seed)
        if len(np.unique(points[searched], axis=0)) < self.segments:
            raise NoSegmentsError(f"fewer than {self.segments} different customers")
        with single_thread():
            fitted = KMeans(self.segments, n_init=self.starts, random_state=seed).fit(points[searched])
            if len(searched) < len(points):
                fitted = KMeans(self.segments, init=fitted.cluster_centers_, n_init=1).fit(points)
        order, labels = largest_first(fitted.labels_.astype(np.intp), self.segments)
        assigner = NearestCentroid(np.ascontiguousarray(fitted.cluster_centers_[order], dtype=np.float64))
        facts = {"inertia": float(fitted.inertia_), "iterations": float(fitted.n_iter_)}
        return Fit(assigner, np.arange(len(points)), labels, facts, of_means=True)
