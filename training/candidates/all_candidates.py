"""Every candidate that the settings of one algorithm ask for."""

from __future__ import annotations

from training.candidates.candidate import Recipe
from training.candidates.correlated_kmeans import CorrelatedRecipe
from training.candidates.hdbscan import MOST_SEARCHED, HdbscanRecipe
from training.candidates.kmeans import KMeansRecipe
from training.candidates.result_cache import Memory
from training.candidates.warm_start import NOWHERE, Standpoint
from training.settings import HdbscanSettings, KMeansSettings


def recipes_for(
    settings: KMeansSettings | HdbscanSettings, hidden: tuple[float, ...], customers: int, stand: Standpoint = NOWHERE
) -> list[Recipe]:
    """Every candidate that the settings of one algorithm ask for.

    hidden : variance (width,) that ties hide in encoded columns (`tie_blurring`). stand : the serving model's.
    """
    if isinstance(settings, KMeansSettings):
        plain = [
            KMeansRecipe(k, settings.starts, stand=stand if k == stand.segments else NOWHERE) for k in settings.counts
        ]
        members = {stand.segments: stand.members}
        return [*plain, *(CorrelatedRecipe(k, settings.starts, hidden, members.get(k)) for k in settings.counts)]
    looked_at = min(customers, MOST_SEARCHED)
    sizes = settings.min_cluster_sizes or tuple(sorted({max(10, round(s * looked_at)) for s in (0.01, 0.02, 0.05)}))
    memory = Memory()
    return [
        HdbscanRecipe(size, settings.min_samples or min(size, 10), settings.embedding, memory=memory) for size in sizes
    ]
