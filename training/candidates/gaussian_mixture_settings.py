"""The settings of Gaussian mixtures: the numbers of components and the covariances among which BIC chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from pydantic import Field

from training.candidates.algorithm_settings import AlgorithmSettings
from training.candidates.segment_range import SegmentRange, counts_in
from training.fitting.mixture_covariance import Covariance

if TYPE_CHECKING:
    from training.candidates.candidate import CandidateSpec, FittingContext
    from training.candidates.gaussian_mixture import GaussianMixtureSpec


class GaussianMixtureSettings(AlgorithmSettings):
    """Gaussian mixtures; the number of components and the covariance by BIC."""

    algorithm: Literal["gaussian_mixture"] = Field("gaussian_mixture", description="says which algorithm the entry is")
    segments: SegmentRange = Field((2, 10), description="the number of components, or the least and the most")
    covariances: tuple[Covariance, ...] = Field(
        ("full", "diagonal", "spherical"),
        min_length=1,
        description="covariances of the components; BIC chooses among them. Where gaps separate the chosen segments, a "
        "mixture that starts at them may be tied, too",
    )
    starts: int = Field(3, ge=1, description="random starts for each mixture; the likeliest one counts")

    def candidates(self, context: FittingContext) -> Sequence[GaussianMixtureSpec]:
        """One candidate, whose fit compares all mixtures."""
        from training.candidates.gaussian_mixture import GaussianMixtureSpec

        counts = tuple(counts_in(self.segments))
        return [GaussianMixtureSpec(counts, self.covariances, self.starts, context.tie_variance)]

    def started_at(self, spec: CandidateSpec, context: FittingContext) -> CandidateSpec | None:
        """The mixture that starts at segments of another algorithm.

        It may be tied, too: KMeans that allows for correlation finds groups that share a covariance.
        """
        from training.candidates.gaussian_mixture import StartedMixtureSpec

        if spec.algorithm == self.algorithm:
            return None
        covariances = tuple(name for name in get_args(Covariance) if name in {*self.covariances, "tied"})
        return StartedMixtureSpec(spec, covariances, context.tie_variance)

    def continued(self, parameters: Mapping[str, Any], context: FittingContext) -> CandidateSpec | None:
        """The mixture of the same number of components and the same covariance."""
        segments = tuple(k for k in counts_in(self.segments) if k == parameters.get("segments"))
        covariances = tuple(name for name in self.covariances if name == parameters.get("covariance"))
        if not segments or not covariances:
            return None
        return replace(self.candidates(context)[0], segments=segments, covariances=covariances)
