"""Every candidate that the settings of one algorithm ask for."""

from __future__ import annotations

from training.hdbscan_recipe import HdbscanRecipe
from training.kmeans_recipe import KMeansRecipe
from training.recipe import MOST_SEARCHED, Recipe
from training.settings import HdbscanSettings, KMeansSettings
from training.warm_start import NOWHERE, Standpoint


def recipes_for(
    settings: KMeansSettings | HdbscanSettings, customers: int, stand: Standpoint = NOWHERE
) -> list[Recipe]:
    """Every candidate that the settings of one algorithm ask for; `stand` is the serving model's."""
    if isinstance(settings, KMeansSettings):
        return [
            KMeansRecipe(k, settings.starts, stand=stand if k == stand.segments else NOWHERE) for k in settings.counts
        ]
    looked_at = min(customers, MOST_SEARCHED)
    sizes = settings.min_cluster_sizes or tuple(sorted({max(10, round(s * looked_at)) for s in (0.01, 0.02, 0.05)}))
    return [HdbscanRecipe(size, settings.min_samples or min(size, 10), settings.embedding) for size in sizes]
