"""The layout of the map of customers: two dimensions in which similar customers lie near each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segment_model.encoding.encoder import Floats, Indices
from segment_model.errors import counted
from training.evaluation.quality import stratified_sample
from training.fitting.single_thread import single_thread
from training.fitting.umap_embedding import fit_umap

MOST_LAID_OUT = 1_500
FEWEST_FOR_UMAP = 50
NEIGHBOURS = 25
SEED = 0
BY_UMAP = "UMAP"
LEAST_SPREAD = 1e-9  # of a direction, relative to the widest; less is rounding


@dataclass(frozen=True)
class MapLayout:
    """The sampled customers' row numbers (m,), their positions on the plane (m, 2), and the method in words."""

    rows: Indices
    positions: Floats
    method: str


def lay_out_map(points: Floats, labels: Indices) -> MapLayout:
    """Lay out a stratified sample of at most about 1,500 of the (n, width) encoded customers in two dimensions.

    UMAP (McInnes et al. 2018), seeded and on one thread. Principal components for fewer than 50 customers, and for
    customers who are encoded in one number, because UMAP starts from two principal components.
    """
    rows = stratified_sample(labels, MOST_LAID_OUT, SEED)
    sample = points[rows]
    if len(rows) < FEWEST_FOR_UMAP:
        method = f"principal components ({counted(len(rows), 'customer is', 'customers are')} too few for UMAP)"
        return MapLayout(rows, principal_plane(sample), method)
    if sample.shape[1] < 2:
        return MapLayout(
            rows, principal_plane(sample), "principal components (one number a customer is too few for UMAP)"
        )
    return MapLayout(rows, umap_plane(sample), BY_UMAP)


def lay_out_by_components(points: Floats, labels: Indices) -> MapLayout:
    """The same sample by principal components: drawn in milliseconds, where UMAP takes seconds to load."""
    rows = stratified_sample(labels, MOST_LAID_OUT, SEED)
    return MapLayout(rows, principal_plane(points[rows]), "principal components")


def umap_plane(points: Floats) -> Floats:
    """(n, width) points to (n, 2) by UMAP; width is at least 2, and n more than the neighbours.

    UMAP takes the neighbours from here: those of so few points it would compute by a call of Python for each pair.
    """
    with single_thread():
        positions = fit_umap(
            points,
            SEED,
            n_neighbors=NEIGHBOURS,
            min_dist=0.25,
            init="pca",
            precomputed_knn=nearest_points(points, NEIGHBOURS),
            force_approximation_algorithm=True,  # else UMAP computes those of fewer than 4,096 points itself
        )
    return np.where(np.isfinite(positions), positions, np.nan)


def nearest_points(points: Floats, neighbours: int) -> tuple[Indices, Floats]:
    """The `neighbours` nearest of (n, width) points to each, itself included: positions and distances (n, neighbours).

    As in UMAP itself, differences and squares are of single precision, and ties go to the earlier point.
    """
    single = points.astype(np.float32)
    squares = np.zeros((len(points), len(points)))
    for column in single.T:
        squares += (column[:, None] - column) ** 2
    distances = np.sqrt(squares)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :neighbours]
    return nearest, np.take_along_axis(distances, nearest, axis=1)


def principal_plane(points: Floats) -> Floats:
    """(n, width) points to (n, 2): their first two principal components; 0 along a direction without spread."""
    centred = points - points.mean(axis=0)
    with single_thread():
        _, spreads, directions = np.linalg.svd(centred, full_matrices=False)
    positions = centred @ directions[:2].T
    positions[:, spreads[:2] <= LEAST_SPREAD * spreads[0]] = 0.0
    return np.pad(positions, ((0, 0), (0, 2 - positions.shape[1])))
