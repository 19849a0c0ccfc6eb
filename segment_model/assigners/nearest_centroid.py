"""Which segment is nearest, which comes second, and how far each is.

An assigner works on encoded points, (width, n). Its arithmetic runs dimension by dimension, never through BLAS,
whose rounding depends on the size of the batch: so a customer gets the same bits alone and among a million.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from segment_model.encoding.encoder import Flags, Floats, Indices


@dataclass(frozen=True)
class Nearest:
    """The two nearest segments of n customers.

    `segment` and `runner_up` are positions, the latter -1 where there is one segment only (its distance is then
    NaN). Distances are in encoded units. `outside` is true where the customer belongs to no segment.
    """

    segment: Indices
    runner_up: Indices
    distance: Floats
    runner_up_distance: Floats
    outside: Flags

    @property
    def strength(self) -> Floats:
        """(d_B − d_A) / (d_B + d_A) in 0..1: 0 on the border of A and B, 1 in the heart of A; 1 if A is alone."""
        total = self.distance + self.runner_up_distance
        with np.errstate(invalid="ignore"):
            ratio = (self.runner_up_distance - self.distance) / total
        ratio = np.where(total == 0, 0.0, ratio)  # A and B in one place: no reason to prefer either
        return np.where(self.runner_up < 0, 1.0, ratio)


def two_smallest(distances: Floats, outside: Flags) -> Nearest:
    """From (segments, n) distances, which it may change, the nearest and the second; the first wins a tie."""
    count, size = distances.shape
    everyone = np.arange(size)
    segment = np.argmin(distances, axis=0)
    distance = distances[segment, everyone]
    if count == 1:
        nobody = np.full(size, -1, dtype=np.intp)
        return Nearest(segment, nobody, distance, np.full(size, np.nan), outside)
    distances[segment, everyone] = np.inf
    runner_up = np.argmin(distances, axis=0)
    return Nearest(segment, runner_up, distance, distances[runner_up, everyone], outside)


@dataclass(frozen=True)
class NearestCentroid:
    """KMeans: a customer belongs to the segment whose centroid is nearest. centroids : (segments, width)."""

    centroids: Floats
    KIND: ClassVar[str] = "nearest_centroid"

    @property
    def size(self) -> int:
        return len(self.centroids)

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

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"centroids": self.centroids}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> NearestCentroid:
        return cls(arrays["centroids"])
