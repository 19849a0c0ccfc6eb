"""KMeans with one k, the number of segments."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.encoding.encoder import Floats
from training.candidates.candidate import (
    KMEANS_SAMPLE,
    REFITS,
    CandidateSpec,
    Fit,
    NoSegmentsError,
    largest_first,
    sample_rows,
)
from training.incumbent.warm_start import COLD_START, Partition, WarmStart, choose_partition


@dataclass(frozen=True)
class KMeansSpec:
    """KMeans with one k. warm_start : that of a serving model with k segments, else `COLD_START`."""

    segments: int
    starts: int
    algorithm: str = "kmeans"
    warm_start: WarmStart = field(default=COLD_START, repr=False, compare=False)

    @property
    def name(self) -> str:
        return f"KMeans, {self.segments} segments"

    @property
    def parameters(self) -> dict[str, Any]:
        return {"segments": self.segments, "starts": self.starts}

    @property
    def needs_gaps(self) -> bool:
        return False

    @property
    def refits(self) -> int:
        return REFITS

    def for_share(self, share: float) -> CandidateSpec:  # noqa: ARG002  (k does not depend on the number of customers)
        # two halves with the same warm start would agree too easily
        return replace(self, warm_start=COLD_START)

    def fit(self, points: Floats, seed: int) -> Fit:
        """Random starts on at most `KMEANS_SAMPLE` customers, then Lloyd's iterations on all customers from the best.

        The partition of a serving model with k segments competes with the best one (`warm_start.choose_partition`).
        """
        searched = sample_rows(len(points), KMEANS_SAMPLE, seed)
        if len(np.unique(points[searched], axis=0)) < self.segments:
            raise NoSegmentsError(f"fewer than {self.segments} different customers")
        with threadpool_limits(limits=1):
            fitted = KMeans(self.segments, n_init=self.starts, random_state=seed).fit(points[searched])
            if len(searched) < len(points):
                fitted = KMeans(self.segments, init=fitted.cluster_centers_, n_init=1).fit(points)
            best = Partition(fitted.cluster_centers_, fitted.labels_.astype(np.intp), float(fitted.inertia_))
            chosen = choose_partition(self.warm_start, points, best)
        order, labels = largest_first(chosen.labels, self.segments)
        assigner = NearestCentroid(np.ascontiguousarray(chosen.centroids[order], dtype=np.float64))
        facts = {"inertia": chosen.inertia, "iterations": float(fitted.n_iter_)}
        return Fit(assigner, np.arange(len(points)), labels, facts)
