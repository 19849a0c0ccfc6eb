"""The UMAP embedding before HDBSCAN (McInnes et al. 2018), used in discovery and never in serving."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from pydantic import Field

from features.settings import Settings as Block

if TYPE_CHECKING:
    from segment_model.encoding.encoder import Floats


class UmapSettings(Block):
    """An embedding before HDBSCAN, for discovery only: customers are assigned in the encoded space."""

    dimensions: int = Field(5, ge=2, le=50, description="number of dimensions of the embedding")
    neighbours: int = Field(30, ge=2, description="number of neighbours: more of them make the embedding less local")


def embed(points: Floats, settings: UmapSettings, seed: int) -> Floats:
    """UMAP of (n, width) points: (n, dimensions). One thread and a seed make it reproducible."""
    import numpy as np

    with warnings.catch_warnings():
        # umap warns that Tensorflow is absent, and that a seed makes it single-threaded: both are intended
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
