"""Usual methods without a given number of segments: KMeans by silhouette, HDBSCAN, a Gaussian mixture by BIC.

All get the same encoded points. KMeans and mixtures are tried with up to 12 and up to 60 segments; the search for a
mixture ends once ten more components have not improved the BIC.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping

import hdbscan
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import silhouette_score
from sklearn.mixture import GaussianMixture

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

FEW, MANY = 12, 60  # segments
USUAL_SIZE = 15  # of HDBSCAN's groups
SIZES = (5, 10, 15, 25, 50, 100)  # among which the relative validity chooses
SILHOUETTE_SAMPLE = 2_000
STARTS = 3
MIXTURE_ENDS = 10
REGULARISATION = 1e-4
SEED = 0


def baselines(points: Floats) -> Mapping[str, Indices]:
    """The segments (n,) that each baseline chooses among (n, width) points; -1 where it assigns none."""
    return dict([*_kmeans(points), *_dense(points), *_mixtures(points)])


def joined_to_nearest(points: Floats, labels: Indices) -> Indices:
    """The labels with each unassigned point in the segment of its nearest assigned one; without any, all in one."""
    assigned = labels >= 0
    if assigned.all() or not assigned.any():
        return np.maximum(labels, 0)
    nearest = cKDTree(points[assigned]).query(points[~assigned])[1]
    joined = labels.copy()
    joined[~assigned] = labels[assigned][nearest]
    return joined


def _kmeans(points: Floats) -> Iterator[tuple[str, Indices]]:
    sample = np.random.default_rng(SEED).permutation(len(points))[:SILHOUETTE_SAMPLE]
    tried = {}
    for k in range(2, min(MANY, len(np.unique(points, axis=0)) - 1) + 1):
        labels = KMeans(k, n_init=STARTS, random_state=SEED).fit_predict(points).astype(np.intp)
        if len(np.unique(labels[sample])) > 1:
            tried[k] = (float(silhouette_score(points[sample], labels[sample])), labels)
    for most in (FEW, MANY):
        best = max((k for k in tried if k <= most), key=lambda k: tried[k][0])
        yield f"KMeans by silhouette, up to {most}", tried[best][1]


def _dense(points: Floats) -> Iterator[tuple[str, Indices]]:
    fits = {}
    with warnings.catch_warnings():
        # hdbscan 0.8.44 calls scikit-learn by names that are being renamed
        warnings.simplefilter("ignore", FutureWarning)
        for size in SIZES:
            if size < len(points):
                fits[size] = hdbscan.HDBSCAN(min_cluster_size=size, gen_min_span_tree=True, core_dist_n_jobs=1).fit(
                    points
                )
    yield f"HDBSCAN {USUAL_SIZE}", fits[USUAL_SIZE].labels_.astype(np.intp)
    best = max(fits, key=lambda size: (fits[size].labels_.max() > 0, fits[size].relative_validity_))
    yield "HDBSCAN by relative validity", fits[best].labels_.astype(np.intp)


def _mixtures(points: Floats) -> Iterator[tuple[str, Indices]]:
    tried: dict[int, tuple[float, Indices]] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for k in range(1, min(MANY, len(points) // 2) + 1):
            mixture = GaussianMixture(k, random_state=SEED, reg_covar=REGULARISATION).fit(points)
            tried[k] = (float(mixture.bic(points)), mixture.predict(points).astype(np.intp))
            if k - min(tried, key=lambda each: tried[each][0]) >= MIXTURE_ENDS:
                break
    for most in (FEW, MANY):
        best = min((k for k in tried if k <= most), key=lambda k: tried[k][0])
        yield f"mixture by BIC, up to {most}", tried[best][1]
