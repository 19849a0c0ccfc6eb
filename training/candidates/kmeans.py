"""KMeans at one k."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits

from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.encoding.encoder import Floats
from training.candidates.candidate import MOST_SEARCHED, REFITS, Fit, Recipe, sample_rows
from training.candidates.warm_start import NOWHERE, Partition, Standpoint, settle


@dataclass(frozen=True)
class KMeansRecipe:
    """KMeans at one k."""

    segments: int
    starts: int
    algorithm: str = "kmeans"
    stand: Standpoint = field(default=NOWHERE, repr=False, compare=False)  # of a serving model of as many segments

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

    def for_share(self, share: float) -> Recipe:  # noqa: ARG002  (k does not depend on the number of customers)
        # two halves that start in one place would agree too easily
        return replace(self, stand=NOWHERE)

    def fit(self, points: Floats, seed: int) -> Fit | None:
        """Random starts on at most `MOST_SEARCHED` customers, then Lloyd's iterations on all from the best.

        Where a serving model has as many segments, its partition competes with the best (`warm_start`).
        """
        rows = np.arange(len(points))
        searched = sample_rows(len(points), MOST_SEARCHED, seed)
        if len(np.unique(points[searched], axis=0)) < self.segments:
            return None
        with threadpool_limits(limits=1):
            found = KMeans(self.segments, n_init=self.starts, random_state=seed).fit(points[searched])
            if len(searched) < len(points):
                found = KMeans(self.segments, init=found.cluster_centers_, n_init=1).fit(points)
            best = Partition(found.cluster_centers_, found.labels_.astype(np.intp), float(found.inertia_))
            chosen = settle(self.stand, points, best)
        order = np.argsort(-np.bincount(chosen.labels, minlength=self.segments), kind="stable")
        assigner = NearestCentroid(np.ascontiguousarray(chosen.centroids[order], dtype=np.float64))
        place = np.empty_like(order)
        place[order] = np.arange(len(order))
        facts = {"inertia": chosen.inertia, "iterations": float(found.n_iter_)}
        return Fit(assigner, rows, place[chosen.labels].astype(np.intp), facts)
