"""HDBSCAN at one smallest group, optionally after UMAP; a few of its points serve as exemplars."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from typing import Any

import hdbscan
import numpy as np
from scipy.spatial import cKDTree
from threadpoolctl import threadpool_limits

from segment_model.assigners.nearest_core import NearestCore
from segment_model.encoding.encoder import Floats
from training.candidates.candidate import REFITS, Fit, Recipe, sample_rows
from training.candidates.exemplars import Clustered, condensed, members_as_probes, probes_of
from training.candidates.result_cache import Memory
from training.settings import UmapSettings

MOST_SEARCHED = 10_000  # customers; its trees take quadratic time where columns are many
FEW_REFITS = 3  # each embeds anew
FEWEST_SAMPLES = 3  # with fewer, single customers chain segments together


@dataclass(frozen=True)
class HdbscanRecipe:
    """HDBSCAN at one smallest group; at most `most` customers are looked at, the assigner serves all."""

    min_cluster_size: int
    min_samples: int
    embedding: UmapSettings | None = None
    most: int = MOST_SEARCHED
    algorithm: str = "hdbscan"
    memory: Memory = field(default_factory=Memory, repr=False, compare=False)  # shared by recipes of several sizes

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

    @property
    def needs_gaps(self) -> bool:
        return False

    @property
    def refits(self) -> int:
        return REFITS if self.embedding is None else FEW_REFITS

    def for_share(self, share: float) -> Recipe:
        """A dense place among fewer customers has fewer neighbours."""
        return replace(
            self,
            min_cluster_size=max(2, round(share * self.min_cluster_size)),
            min_samples=max(min(self.min_samples, FEWEST_SAMPLES), round(share * self.min_samples)),
        )

    def fit(self, points: Floats, seed: int) -> Fit | None:
        """Fit, and keep as few of the customers' points as the answers need."""
        rows = sample_rows(len(points), self.most, seed)
        looked_at = np.ascontiguousarray(points[rows])
        if len(looked_at) <= max(self.min_cluster_size, self.min_samples):
            return None
        space = looked_at if self.embedding is None else self.memory.cache(embed)(looked_at, self.embedding, seed)
        with threadpool_limits(limits=1), warnings.catch_warnings():
            # hdbscan 0.8.44 calls scikit-learn by names that are being renamed; the results are the same
            warnings.simplefilter("ignore", FutureWarning)
            found = hdbscan.HDBSCAN(
                min_cluster_size=self.min_cluster_size,
                min_samples=self.min_samples,
                algorithm="boruvka_kdtree",
                core_dist_n_jobs=1,
                memory=self.memory,
            ).fit(space)
        count = int(found.labels_.max()) + 1
        if count < 2:
            return None
        order = np.argsort(-np.bincount(found.labels_[found.labels_ >= 0], minlength=count), kind="stable")
        place = np.append(np.empty_like(order), -1)
        place[order] = np.arange(count)
        labels = place[found.labels_].astype(np.intp)
        facts = {f"persistence_{place[i]}": float(value) for i, value in enumerate(found.cluster_persistence_)}
        core = self.memory.cache(core_distances)(looked_at, self.min_samples)
        # distances in the embedding mean nothing here: a segment then reaches as far as its members do
        births = np.zeros(count) if self.embedding else _births(found)[order]
        clustered = Clustered(looked_at, core, labels, births)
        return Fit(self._assigner(clustered, seed), rows, labels, facts)

    def _assigner(self, clustered: Clustered, seed: int) -> NearestCore:
        generator = np.random.default_rng(seed)
        if self.embedding is None:
            probes = probes_of(clustered, self.min_samples, generator, self.memory)
        else:
            probes = members_as_probes(clustered, generator)
        return condensed(clustered, probes, generator)


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


def core_distances(points: Floats, min_samples: int) -> Floats:
    """Distance of each of (n, width) points to its `min_samples`-th neighbour, itself the first of them: (n,)."""
    distance: Floats = cKDTree(points).query(points, k=[min(min_samples, len(points))])[0][:, 0]
    return distance


def _births(found: Any) -> Floats:
    """Distance 1 / λ at which each selected cluster split off its parent; endless for the root."""
    tree = found.condensed_tree_
    frame = tree.to_pandas()
    born = frame.loc[frame["child_size"] > 1].set_index("child")["lambda_val"]
    return np.array(
        [1 / float(born[cluster]) if cluster in born.index else np.inf for cluster in sorted(tree._select_clusters())]
    )
