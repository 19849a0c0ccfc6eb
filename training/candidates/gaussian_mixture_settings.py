"""The settings of Gaussian mixtures: the numbers of components and the covariances among which BIC chooses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from training.candidates.algorithm_settings import AlgorithmSettings
from training.candidates.segment_range import SegmentRange, counts_in
from training.fitting.mixture_covariance import Covariance

if TYPE_CHECKING:
    from training.candidates.candidate import FittingContext
    from training.candidates.gaussian_mixture import GaussianMixtureSpec


class GaussianMixtureSettings(AlgorithmSettings):
    """Gaussian mixtures; the number of components and the covariance by BIC."""

    algorithm: Literal["gaussian_mixture"] = Field("gaussian_mixture", description="says which algorithm the entry is")
    segments: SegmentRange = Field((2, 10), description="the number of components, or the least and the most")
    covariances: tuple[Covariance, ...] = Field(
        ("full", "diagonal", "spherical"),
        min_length=1,
        description="covariances of the components; BIC chooses among them",
    )
    starts: int = Field(3, ge=1, description="random starts for each mixture; the likeliest one counts")

    def candidates(self, context: FittingContext) -> Sequence[GaussianMixtureSpec]:
        """One candidate, whose fit compares all mixtures."""
        from training.candidates.gaussian_mixture import GaussianMixtureSpec

        counts = tuple(counts_in(self.segments))
        return [GaussianMixtureSpec(counts, self.covariances, self.starts, context.tie_variance, context.warm_start)]
