"""The assigner of Gaussian mixtures: a customer belongs to the component that most probably generated them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from segment_model.array_equality import ComparedByArrays
from segment_model.assigners.nearest import Nearest, two_smallest
from segment_model.assigners.quadratic_distances import QuadraticDistances
from segment_model.encoding.encoder import Encoder, Floats, Indices
from segment_model.explanation.explainer import Background
from segment_model.explanation.quadratic import LogDensities, QuadraticExplainer

AT_ONCE = 1024  # customers; the intermediate arrays of more would not fit the processor's cache


@dataclass(frozen=True, eq=False)
class GaussianMixture(ComparedByArrays):
    """A customer belongs to the component with the largest posterior probability; nobody is outside.

    The distance of a point z to a component is √(|(z − mean) · factor|² + 2 (highest − height)): its Mahalanobis
    distance, plus a penalty for a peak below the highest peak of all. The nearest component is the most
    probable one, and half the difference of two squared distances is their log-odds.

    means : (segments, width). factors : (segments, width, width), factor · factorᵀ is the inverse covariance.
    heights : (segments,) log(weight) + log|factor|, the logarithm of the weighted density at the mean up to a constant.
    """

    means: Floats
    factors: Floats
    heights: Floats
    KIND: ClassVar[str] = "gaussian_mixture"
    ALGORITHM: ClassVar[str] = "gaussian_mixture"

    def __post_init__(self) -> None:
        segments, width = self.means.shape
        if self.factors.shape != (segments, width, width) or self.heights.shape != (segments,):
            shapes = f"means {self.means.shape}, factors {self.factors.shape}, heights {self.heights.shape}"
            raise ValueError(f"the arrays of a Gaussian mixture do not fit each other: {shapes}")

    @property
    def size(self) -> int:
        return len(self.means)

    @property
    def sites(self) -> None:
        return None

    @cached_property
    def _penalties(self) -> Floats:
        """(segments,): what a peak below the highest peak adds to the squared distance."""
        penalties: Floats = 2 * (self.heights.max() - self.heights)
        return penalties

    @property
    def quadratic(self) -> QuadraticDistances:
        return QuadraticDistances(self.means, self.factors, self._penalties)

    @property
    def exemplar_count(self) -> int:
        return 0

    @cached_property
    def _by_dimension(self) -> Floats:
        """(width, segments, width, 1): what one dimension's deviation adds to each component's factored deviations."""
        return np.ascontiguousarray(self.factors.transpose(1, 0, 2)[..., None])

    def squared_distances(self, points: Floats) -> Floats:
        """(width, n) points to (segments, n) squared distances."""
        distances = np.empty((self.size, points.shape[1]))
        for start in range(0, points.shape[1], AT_ONCE):
            part = slice(start, start + AT_ONCE)
            distances[:, part] = self._mahalanobis(np.ascontiguousarray(points[:, part]))
        distances += self._penalties[:, None]
        return distances

    def _mahalanobis(self, points: Floats) -> Floats:
        """Squared Mahalanobis distances (segments, n), dimension by dimension."""
        factored = np.zeros((self.size, points.shape[0], points.shape[1]))
        for coordinates, means, factors in zip(points, self.means.T, self._by_dimension, strict=True):
            factored += factors * (coordinates - means[:, None])[:, None, :]
        factored *= factored
        total = np.zeros((self.size, points.shape[1]))
        for dimension in range(points.shape[0]):
            total += factored[:, dimension]
        return total

    def nearest(self, points: Floats) -> Nearest:
        """The two most probable components; nobody is outside."""
        distances = np.sqrt(self.squared_distances(points))
        return two_smallest(distances, np.zeros(points.shape[1], dtype=np.bool_))

    def centres(self) -> Floats:
        return self.means

    def places_in(self, segment: int, most: int) -> None:  # noqa: ARG002  (only the mean is known)
        return None

    def without(self, ended: Indices) -> GaussianMixture:
        return GaussianMixture(*(np.delete(array, ended, axis=0) for array in self.arrays().values()))

    def learn_explainer(self, encoder: Encoder, background: Background) -> QuadraticExplainer:
        points = background.points
        mean = points.mean(axis=0)
        deviations = points - mean
        # not by BLAS, whose bits depend on the number of threads
        covariance = np.einsum("ni,nj->ij", deviations, deviations) / len(points)
        return QuadraticExplainer(encoder, self._densities, mean, covariance)

    def stored_explainer(self, encoder: Encoder, arrays: Mapping[str, NDArray[Any]]) -> QuadraticExplainer:
        return QuadraticExplainer(encoder, self._densities, arrays["mean"], arrays["covariance"])

    @cached_property
    def _densities(self) -> LogDensities:
        return LogDensities(self.means, self.factors, self.heights)

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"means": self.means, "factors": self.factors, "heights": self.heights}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> GaussianMixture:
        return cls(arrays["means"], arrays["factors"], arrays["heights"])
