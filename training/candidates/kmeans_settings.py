"""The settings of KMeans: the k to try, each both plain and allowing for correlation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from training.candidates.algorithm_settings import AlgorithmSettings
from training.candidates.segment_range import SegmentRange, counts_in

if TYPE_CHECKING:
    from training.candidates.candidate import CandidateSpec, FittingContext


class KMeansSettings(AlgorithmSettings):
    """KMeans over a range of k."""

    FIXED: ClassVar[tuple[str, ...]] = ("segments", "allowing_for")

    algorithm: Literal["kmeans"] = Field("kmeans", description="says which algorithm the entry is")
    segments: SegmentRange = Field((2, 10), description="k, or the least and the most")
    starts: int = Field(10, ge=1, description="random starts for each k; the best one counts")

    @property
    def counts(self) -> range:
        """Every k to try."""
        return counts_in(self.segments)

    def candidates(self, context: FittingContext) -> Sequence[CandidateSpec]:
        """Plain KMeans at every k, then KMeans allowing for correlation at every k."""
        from training.candidates.correlated_kmeans import CorrelatedKMeansSpec
        from training.candidates.kmeans import KMeansSpec

        plain = [KMeansSpec(k, self.starts) for k in self.counts]
        correlated = [CorrelatedKMeansSpec(k, self.starts, context.tie_variance) for k in self.counts]
        return [*plain, *correlated]
