"""HDBSCAN with one `min_cluster_size`, optionally after UMAP; a few of its customers serve as exemplars."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, replace
from typing import Any, Self

import hdbscan
import numpy as np
from scipy.spatial import cKDTree

from segment_model.assigners.nearest_core import NearestCore
from segment_model.encoding.encoder import Floats, Indices
from segment_model.errors import counted
from training.candidates.candidate import REFITS, Fit, NoSegmentsError, UsualSpec, largest_first, sample_rows
from training.fitting.exemplars import Clustered, condense, members_as_probes, probes_of
from training.fitting.result_cache import ResultCache
from training.fitting.single_thread import single_thread
from training.fitting.umap_embedding import UmapSettings, embed

HDBSCAN_SAMPLE = 10_000  # customers; HDBSCAN's trees take quadratic time where columns are many
FEW_REFITS = 3  # after UMAP, because each refit computes an embedding
FEWEST_SAMPLES = 3  # with fewer, single customers chain segments together


@dataclass(frozen=True)
class HdbscanSpec(UsualSpec):
    """HDBSCAN with one `min_cluster_size`, fitted to a sample of at most `most` customers.

    cache : results that candidates of several sizes share.
    """

    min_cluster_size: int
    min_samples: int
    embedding: UmapSettings | None = None
    most: int = HDBSCAN_SAMPLE
    algorithm: str = "hdbscan"
    cache: ResultCache = field(default_factory=ResultCache, repr=False, compare=False)

    @property
    def name(self) -> str:
        after = f" after UMAP to {self.embedding.dimensions}" if self.embedding else ""
        return f"HDBSCAN, groups of {self.min_cluster_size:,} or more{after}"

    @property
    def parameters(self) -> dict[str, Any]:
        embedding = (
            {f"umap_{key}": setting for key, setting in self.embedding.model_dump().items()} if self.embedding else {}
        )
        return {"min_cluster_size": self.min_cluster_size, "min_samples": self.min_samples, **embedding}

    @property
    def refits(self) -> int:
        return REFITS if self.embedding is None else FEW_REFITS

    def for_share(self, share: float) -> Self:
        """Scale both sizes to the share, because a sample has fewer customers in each group and neighbourhood."""
        return replace(
            self,
            min_cluster_size=max(2, round(share * self.min_cluster_size)),
            min_samples=max(min(self.min_samples, FEWEST_SAMPLES), round(share * self.min_samples)),
        )

    def fit(self, points: Floats, seed: int) -> Fit:
        """Fit a sample of the customers, and keep as few of them as the assigner needs to answer like HDBSCAN."""
        rows = sample_rows(len(points), self.most, seed)
        searched = np.ascontiguousarray(points[rows])
        if len(searched) <= max(self.min_cluster_size, self.min_samples):
            few = counted(len(searched), "customer is", "customers are")
            raise NoSegmentsError(f"{few} too few for groups of {self.min_cluster_size}")
        space = searched if self.embedding is None else self.cache.cache(embed)(searched, self.embedding, seed)
        fitted = self._fitted(space)
        count = int(fitted.labels_.max()) + 1
        if count < 2:
            raise NoSegmentsError("fewer than two segments")
        order, labels = largest_first(fitted.labels_, count)
        persistence = fitted.cluster_persistence_[order]
        core = self.cache.cache(core_distances)(searched, self.min_samples)
        # births in the embedding are no distances of the encoded space: a segment then reaches as far as its members
        births = np.zeros(count) if self.embedding else _births(fitted)[order]
        clustered = Clustered(searched, core, labels, births)
        facts = {"mean_persistence": float(persistence.mean()), "least_persistence": float(persistence.min())}
        return Fit(self._assigner(clustered, seed), rows, labels, facts)

    def _fitted(self, space: Floats) -> hdbscan.HDBSCAN:
        with single_thread(), warnings.catch_warnings():
            # hdbscan 0.8.44 calls scikit-learn by names that are being renamed; the results are the same
            warnings.simplefilter("ignore", FutureWarning)
            return hdbscan.HDBSCAN(
                min_cluster_size=self.min_cluster_size,
                min_samples=self.min_samples,
                algorithm="boruvka_kdtree",
                core_dist_n_jobs=1,
                memory=self.cache,
            ).fit(space)

    def _assigner(self, clustered: Clustered, seed: int) -> NearestCore:
        def condensed(points: Floats, core: Floats, labels: Indices, births: Floats, *_settings: object) -> NearestCore:
            clustered, generator = Clustered(points, core, labels, births), np.random.default_rng(seed)
            if self.embedding is None:
                probes = probes_of(clustered, self.min_samples, generator, self.cache)
            else:
                probes = members_as_probes(clustered, generator)
            return condense(clustered, probes, generator)

        parts = (clustered.points, clustered.core, clustered.labels, clustered.births)
        assigner: NearestCore = self.cache.cache(condensed)(*parts, self.min_samples, self.embedding, seed)
        return assigner


def core_distances(points: Floats, min_samples: int) -> Floats:
    """Distance of each of (n, width) points to its `min_samples`-th neighbour, itself the first of them: (n,)."""
    distance: Floats = cKDTree(points).query(points, k=[min(min_samples, len(points))])[0][:, 0]
    return distance


def _births(fitted: hdbscan.HDBSCAN) -> Floats:
    """Distance 1 / λ at which each selected cluster split off its parent; infinite for the root."""
    tree = fitted.condensed_tree_
    frame = tree.to_pandas()
    born = frame.loc[frame["child_size"] > 1].set_index("child")["lambda_val"]
    return np.array(
        [1 / float(born[cluster]) if cluster in born.index else np.inf for cluster in sorted(tree._select_clusters())]
    )
