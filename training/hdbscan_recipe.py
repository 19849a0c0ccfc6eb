"""HDBSCAN at one smallest group, optionally after UMAP; its points serve as exemplars."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import hdbscan
import numpy as np
from scipy.spatial import cKDTree
from threadpoolctl import threadpool_limits

from segments.encoder import Floats, Indices
from segments.nearest_core import NearestCore
from training.recipe import MOST_SEARCHED, Fit, Recipe, sample_rows
from training.settings import UmapSettings

EXEMPLAR_SHARE = 0.5


@dataclass(frozen=True)
class HdbscanRecipe:
    """HDBSCAN at one smallest group; at most `MOST_SEARCHED` customers are looked at, the assigner serves all."""

    min_cluster_size: int
    min_samples: int
    embedding: UmapSettings | None = None
    algorithm: str = "hdbscan"

    @property
    def name(self) -> str:
        after = f" after UMAP to {self.embedding.dimensions}" if self.embedding else ""
        return f"HDBSCAN, groups of {self.min_cluster_size:,} or more{after}"

    @property
    def parameters(self) -> dict[str, Any]:
        embedding = (
            {f"umap_{key}": value for key, value in self.embedding.model_dump().items()} if self.embedding else {}
        )
        return {"min_cluster_size": self.min_cluster_size, "min_samples": self.min_samples, **embedding}

    def for_share(self, share: float) -> Recipe:
        return replace(self, min_cluster_size=max(2, round(share * self.min_cluster_size)))

    def fit(self, points: Floats, seed: int) -> Fit | None:
        """Fit, and keep half of the customers' points as exemplars."""
        rows = sample_rows(len(points), MOST_SEARCHED, seed)
        looked_at = np.ascontiguousarray(points[rows])
        if len(looked_at) <= max(self.min_cluster_size, self.min_samples):
            return None
        space = looked_at if self.embedding is None else embed(looked_at, self.embedding, seed)
        with threadpool_limits(limits=1), warnings.catch_warnings():
            # hdbscan 0.8.44 calls scikit-learn by names that are being renamed; the results are the same
            warnings.simplefilter("ignore", FutureWarning)
            found = hdbscan.HDBSCAN(
                min_cluster_size=self.min_cluster_size,
                min_samples=self.min_samples,
                algorithm="boruvka_kdtree",
                core_dist_n_jobs=1,
            ).fit(space)
        count = int(found.labels_.max()) + 1
        if count < 2:
            return None
        order = np.argsort(-np.bincount(found.labels_[found.labels_ >= 0], minlength=count), kind="stable")
        place = np.append(np.empty_like(order), -1)
        place[order] = np.arange(count)
        labels = place[found.labels_].astype(np.intp)
        facts = {f"persistence_{place[i]}": float(value) for i, value in enumerate(found.cluster_persistence_)}
        births = None if self.embedding else _births(found)[order]
        return Fit(self._assigner(looked_at, labels, births, count, seed), rows, labels, facts)

    def _assigner(self, points: Floats, labels: Indices, births: Floats | None, count: int, seed: int) -> NearestCore:
        neighbours = min(self.min_samples + 1, len(points))  # a point is the first neighbour of itself
        core = cKDTree(points).query(points, k=[neighbours])[0][:, 0]
        kept = _exemplar_rows(labels, seed)
        if births is None:  # distances of the embedding mean nothing here: as far as nearly all members reach
            reach = np.array([np.quantile(core[labels == segment], 0.99) for segment in range(count)])
        else:
            reach = 1 / births
        return NearestCore(points[kept], core[kept], labels[kept], reach)


def embed(points: Floats, settings: UmapSettings, seed: int) -> Floats:
    """UMAP of (n, width) points, on one thread and seeded, so that it repeats."""
    with warnings.catch_warnings():
        # umap warns that it has no Tensorflow, and that a seed costs it its threads: that is what we want
        warnings.simplefilter("ignore")
        import umap  # takes seconds: only where it is used

        reducer = umap.UMAP(
            n_components=settings.dimensions,
            n_neighbors=min(settings.neighbours, len(points) - 1),
            min_dist=0.0,
            random_state=seed,
            n_jobs=1,
        )
        return np.asarray(reducer.fit_transform(points), dtype=np.float64)


def _births(found: Any) -> Floats:
    """λ at which each selected cluster split off its parent; 0, an endless reach, for the root."""
    tree = found.condensed_tree_
    frame = tree.to_pandas()
    born = frame.loc[frame["child_size"] > 1].set_index("child")["lambda_val"]
    return np.array([float(born.get(cluster, 0.0)) for cluster in sorted(tree._select_clusters())], dtype=np.float64)


def _exemplar_rows(labels: Indices, seed: int) -> Indices:
    """A random half of each segment and of the noise: measured to give the answer of the whole in 999 of 1,000."""
    generator = np.random.default_rng(seed)
    kept = []
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        kept.append(generator.choice(members, max(1, int(EXEMPLAR_SHARE * len(members))), replace=False))
    return np.sort(np.concatenate(kept)).astype(np.intp)
