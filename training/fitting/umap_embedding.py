"""UMAP (McInnes et al. 2018): the embedding before HDBSCAN and the map of customers; never in serving."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from pydantic import Field

from features.settings import Settings as Block

if TYPE_CHECKING:
    from segment_model.encoding.encoder import Floats


class UmapSettings(Block):
    """An embedding before HDBSCAN, for discovery only: customers are assigned in the encoded space."""

    dimensions: int = Field(5, ge=2, le=50, description="number of dimensions of the embedding")
    neighbours: int = Field(30, ge=2, description="number of neighbours: more of them make the embedding less local")


def embed(points: Floats, settings: UmapSettings, seed: int) -> Floats:
    """UMAP of (n, width) points before HDBSCAN: (n, dimensions)."""
    return fit_umap(points, seed, n_components=settings.dimensions, n_neighbors=settings.neighbours, min_dist=0.0)


def fit_umap(points: Floats, seed: int, *, n_neighbors: int, **options: Any) -> Floats:
    """UMAP of (n, width) points: (n, `n_components`), by default 2. One thread and a seed make it reproducible."""
    import numpy as np

    with warnings.catch_warnings():
        # umap warns that Tensorflow is absent, that a seed makes it single-threaded (both are intended), that many
        # customers are the same (they may be), and that known neighbours place no new points (none are placed)
        warnings.simplefilter("ignore")
        import umap  # takes seconds: only where it is used

        keep_compiled()
        neighbours = min(n_neighbors, len(points) - 1)
        reducer = umap.UMAP(n_neighbors=neighbours, random_state=seed, n_jobs=1, **options)
        return np.asarray(reducer.fit_transform(points), dtype=np.float64)


def keep_compiled() -> None:
    """Keep the machine code of UMAP's functions for the next process, beside their source, as numba does for others.

    Without this every process compiles them again, which takes longer than the embedding of a thousand customers.
    """
    from umap import layouts, umap_

    for module in (layouts, umap_):
        for function in vars(module).values():
            if hasattr(function, "enable_caching"):  # what numba compiles
                function.enable_caching()
