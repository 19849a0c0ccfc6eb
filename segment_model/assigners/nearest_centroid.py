"""KMeans' assigner: a customer belongs to the segment whose centroid is nearest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from segment_model.assigners.nearest import Nearest, two_smallest
from segment_model.assigners.quadratic_distances import QuadraticDistances
from segment_model.encoding.encoder import Encoder, Floats, Indices
from segment_model.errors import ContractError
from segment_model.explanation.centroid import CentroidExplainer
from segment_model.explanation.explainer import Background


@dataclass(frozen=True)
class NearestCentroid:
    """A customer belongs to the segment whose centroid is nearest. centroids : (segments, width).

    Raises
    ------
    ContractError
        If the centroids have another form.

    Examples
    --------
    >>> import numpy as np
    >>> from segments import NearestCentroid
    >>> NearestCentroid(np.array([[0.0, 0.0], [9.0, 9.0]])).nearest(np.array([[8.0], [7.0]])).segment.tolist()
    [1]
    """

    centroids: Floats
    KIND: ClassVar[str] = "nearest_centroid"
    ALGORITHM: ClassVar[str] = "kmeans"

    def __post_init__(self) -> None:
        shape = getattr(self.centroids, "shape", ())
        if not isinstance(self.centroids, np.ndarray) or len(shape) != 2 or not all(shape):
            raise ContractError(
                f"centroids are an array of shape (segments, width), such as kmeans.cluster_centers_; got "
                f"{type(self.centroids).__name__}{f' of shape {shape}' if shape else ''}"
            )

    @property
    def size(self) -> int:
        return len(self.centroids)

    @property
    def sites(self) -> Floats:
        return self.centroids

    @property
    def quadratic(self) -> QuadraticDistances:
        return QuadraticDistances(self.centroids, None, np.zeros(self.size))

    @property
    def exemplar_count(self) -> int:
        return 0

    @cached_property
    def _by_dimension(self) -> Floats:
        return np.ascontiguousarray(self.centroids.T)

    def squared_distances(self, points: Floats) -> Floats:
        """(width, n) points to (segments, n) squared Euclidean distances."""
        size = points.shape[1]
        if size == 1:  # one reduction; it adds dimension by dimension, as the loop below does
            gap = self._by_dimension - points
            gap *= gap
            alone: Floats = np.add.reduce(gap, axis=0)[:, None]
            return alone
        total = np.zeros((self.size, size))
        gap = np.empty_like(total)
        for coordinates, centers in zip(points, self._by_dimension, strict=True):
            np.subtract(centers[:, None], coordinates, out=gap)
            np.multiply(gap, gap, out=gap)
            np.add(total, gap, out=total)
        return total

    def nearest(self, points: Floats) -> Nearest:
        """Nearest by Euclidean distance; nobody is outside."""
        near = two_smallest(self.squared_distances(points), np.zeros(points.shape[1], dtype=np.bool_))
        return replace(near, distance=np.sqrt(near.distance), runner_up_distance=np.sqrt(near.runner_up_distance))

    def centres(self) -> Floats:
        return self.centroids

    def places_in(self, segment: int, most: int) -> None:  # noqa: ARG002  (only the centroid is known)
        return None

    def without(self, ended: Indices) -> NearestCentroid:
        return NearestCentroid(np.delete(self.centroids, ended, axis=0))

    def learn_explainer(self, encoder: Encoder, background: Background) -> CentroidExplainer:
        return CentroidExplainer(encoder, self.centroids, background.points.mean(axis=0))

    def stored_explainer(self, encoder: Encoder, arrays: Mapping[str, NDArray[Any]]) -> CentroidExplainer:
        return CentroidExplainer(encoder, self.centroids, arrays["mean"])

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"centroids": self.centroids}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> NearestCentroid:
        return cls(arrays["centroids"])
