"""The settings of KMeans: the k to try, each both plain and allowing for correlation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from training.candidates.algorithm_settings import AlgorithmSettings
from training.candidates.segment_range import SegmentRange, counts_in

if TYPE_CHECKING:
    from training.candidates.candidate import CandidateSpec, FittingContext


USUAL = (2, 10)  # segments that are always tried
AROUND = 1  # more and fewer segments than were found


class KMeansSettings(AlgorithmSettings):
    """KMeans over a range of k."""

    FIXED: ClassVar[tuple[str, ...]] = ("segments", "allowing_for")

    algorithm: Literal["kmeans"] = Field("kmeans", description="says which algorithm the entry is")
    segments: SegmentRange | None = Field(
        None,
        description="k, or the least and the most; empty: 2 to 10, and more where other candidates find more groups",
    )
    starts: int = Field(10, ge=1, description="random starts for each k; the best one counts")

    @property
    def counts(self) -> range:
        """Every k to try."""
        return counts_in(USUAL if self.segments is None else self.segments)

    def candidates(self, context: FittingContext) -> Sequence[CandidateSpec]:
        """Plain KMeans at every k, then KMeans allowing for correlation at every k."""
        from training.candidates.correlated_kmeans import CorrelatedKMeansSpec
        from training.candidates.kmeans import KMeansSpec

        plain = [KMeansSpec(k, self.starts) for k in self.counts]
        correlated = [CorrelatedKMeansSpec(k, self.starts, context.tie_variance) for k in self.counts]
        return [*plain, *correlated]

    def beyond(self, numbers: Collection[int]) -> Sequence[CandidateSpec]:
        """Plain KMeans at about as many segments as one of these numbers, where it is more than usual."""
        from training.candidates.kmeans import KMeansSpec

        if self.segments is not None:
            return ()
        near = {k for count in numbers for k in range(count - AROUND, count + AROUND + 1) if count > USUAL[1]}
        return [KMeansSpec(k, self.starts) for k in sorted(near - set(self.counts))]

    def continued(self, parameters: Mapping[str, Any], context: FittingContext) -> CandidateSpec | None:
        """The candidate with as many segments, also beyond the usual ones."""
        usual = super().continued(parameters, context)
        count = parameters.get("segments")
        if usual is not None or self.segments is not None or not isinstance(count, int):
            return usual
        return next((spec for spec in self.beyond([count]) if spec.parameters["segments"] == count), None)
