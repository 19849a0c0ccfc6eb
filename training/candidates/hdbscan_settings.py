"""The settings of HDBSCAN: the values of `min_cluster_size` to try, and an optional UMAP embedding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from training.candidates.algorithm_settings import AlgorithmSettings
from training.fitting.umap_embedding import UmapSettings

if TYPE_CHECKING:
    from training.candidates.candidate import CandidateSpec, FittingContext
    from training.candidates.hdbscan import HdbscanSpec

SIZE_SHARES = (0.003, 0.01, 0.02, 0.05)  # of the customers in a fit: the `min_cluster_size`s that are tried by default
FEWEST_IN_A_GROUP = 10
USUAL_SAMPLES = 10


class HdbscanSettings(AlgorithmSettings):
    """HDBSCAN over sizes."""

    algorithm: Literal["hdbscan"] = Field("hdbscan", description="says which algorithm the entry is")
    min_cluster_sizes: tuple[Annotated[int, Field(ge=2)], ...] = Field(
        (), description="smallest groups to try; empty: 0.3 %, 1 %, 2 % and 5 % of the customers, at least 10"
    )
    min_samples: int | None = Field(None, ge=1, description="neighbours that make a place dense; empty: at most 10")
    embedding: UmapSettings | None = Field(None, description="UMAP before HDBSCAN")

    def candidates(self, context: FittingContext) -> Sequence[HdbscanSpec]:
        """One candidate a size; they share a cache of results that do not depend on the size."""
        from training.candidates.hdbscan import HDBSCAN_SAMPLE, HdbscanSpec
        from training.fitting.result_cache import ResultCache

        searched = min(context.customers, HDBSCAN_SAMPLE)
        usual = sorted({max(FEWEST_IN_A_GROUP, round(share * searched)) for share in SIZE_SHARES})
        cache = ResultCache()
        return [
            HdbscanSpec(size, self.min_samples or min(size, USUAL_SAMPLES), self.embedding, cache=cache)
            for size in self.min_cluster_sizes or usual
        ]

    def continued(self, parameters: Mapping[str, Any], context: FittingContext) -> CandidateSpec | None:
        """The candidate of the nearest `min_cluster_size`, because this grows with the number of customers."""
        former, embedded = parameters.get("min_cluster_size"), "umap_dimensions" in parameters
        if former is None or embedded != (self.embedding is not None):
            return None
        return min(self.candidates(context), key=lambda spec: abs(spec.min_cluster_size - former))
