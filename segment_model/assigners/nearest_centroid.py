"""KMeans' assigner: a customer belongs to the segment whose centroid is nearest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from segment_model.array_equality import ComparedByArrays
from segment_model.assigners.nearest import FEW, Nearest, two_smallest
from segment_model.assigners.quadratic_distances import QuadraticDistances
from segment_model.assigners.screening import Screen
from segment_model.encoding.encoder import Encoder, Floats, Indices
from segment_model.errors import ContractError
from segment_model.explanation.centroid import CentroidExplainer
from segment_model.explanation.explainer import Background

FEW_AT_ONCE = 64  # customers; of more, the array of all dimensions costs more than calls of NumPy
SEGMENTS_WORTH_SCREENING = 7  # of fewer, all distances take less time than screening and two (decision 64)
SURE_ENOUGH = 0.9  # share of the customers; the rest are gathered one by one, which takes longer than it saves for more


@dataclass(frozen=True, eq=False)
class NearestCentroid(ComparedByArrays):
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
        if size <= FEW_AT_ONCE:  # one reduction; it adds dimension by dimension, as the loop below does
            gaps = self._by_dimension[:, :, None] - points[:, None, :]
            gaps *= gaps
            few: Floats = np.add.reduce(gaps, axis=0)
            return few
        total = np.zeros((self.size, size))
        gap = np.empty_like(total)
        for coordinates, centers in zip(points, self._by_dimension, strict=True):
            np.subtract(centers[:, None], coordinates, out=gap)
            np.multiply(gap, gap, out=gap)
            np.add(total, gap, out=total)
        return total

    def nearest(self, points: Floats) -> Nearest:
        """Nearest by Euclidean distance; nobody is outside."""
        is_screened = points.shape[1] >= FEW and self.size >= SEGMENTS_WORTH_SCREENING
        near = self._nearest_of_two(points) if is_screened else self._nearest_of_all(points)
        return replace(near, distance=np.sqrt(near.distance), runner_up_distance=np.sqrt(near.runner_up_distance))

    def _nearest_of_all(self, points: Floats) -> Nearest:
        return two_smallest(self.squared_distances(points), np.zeros(points.shape[1], dtype=np.bool_))

    def _nearest_of_two(self, points: Floats) -> Nearest:
        """The same, from the distances to two segments a customer, where screening is sure of the two."""
        segment, runner_up, sure = self._screen.candidates(points)
        if np.count_nonzero(sure) < SURE_ENOUGH * len(sure):
            return self._nearest_of_all(points)
        distance, second = self._squared_distances_to(segment, points), self._squared_distances_to(runner_up, points)
        in_order = (distance < second) | ((distance == second) & (segment < runner_up))
        near = Nearest(segment, runner_up, distance, second, np.zeros(len(segment), dtype=np.bool_))
        rest = np.flatnonzero(~(sure & in_order))
        if rest.size:
            near_of_all = self._nearest_of_all(points[:, rest])
            for name in ("segment", "runner_up", "distance", "runner_up_distance"):
                getattr(near, name)[rest] = getattr(near_of_all, name)
        return near

    def _squared_distances_to(self, segments: Indices, points: Floats) -> Floats:
        """(n,) from (width, n) points to a segment each, by the operations of `squared_distances`."""
        gaps = self._by_dimension.take(segments, axis=1, mode="clip")  # the positions are valid; no check of each
        gaps -= points
        gaps *= gaps
        total: Floats = np.add.reduce(gaps, axis=0)
        return total

    @cached_property
    def _screen(self) -> Screen:
        return Screen(self.centroids)

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
