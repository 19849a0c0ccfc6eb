"""Every candidate that the settings of one algorithm ask for."""

from __future__ import annotations

from segments.encoder import Floats
from training.hdbscan_recipe import HdbscanRecipe
from training.kmeans_recipe import KMeansRecipe
from training.recipe import MOST_SEARCHED, Recipe
from training.settings import HdbscanSettings, KMeansSettings


def recipes_for(
    settings: KMeansSettings | HdbscanSettings, customers: int, start: Floats | None = None
) -> list[Recipe]:
    """Every candidate that the settings of one algorithm ask for.

    start : (k, width) where the segments of a serving model lie among these customers; KMeans at the same k may start
    there too.
    """
    if isinstance(settings, KMeansSettings):
        return [
            KMeansRecipe(count, settings.starts, start=start if start is not None and len(start) == count else None)
            for count in settings.counts
        ]
    looked_at = min(customers, MOST_SEARCHED)
    sizes = settings.min_cluster_sizes or tuple(sorted({max(10, round(s * looked_at)) for s in (0.01, 0.02, 0.05)}))
    return [HdbscanRecipe(size, settings.min_samples or min(size, 10), settings.embedding) for size in sizes]
