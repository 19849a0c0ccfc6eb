"""The two nearest segments of each customer: the answer of every assigner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
    """The nearest and the second segment by (segments, n) distances, which are overwritten; the first wins a tie."""
    count, size = distances.shape
    segment = np.argmin(distances, axis=0)
    distance = np.minimum.reduce(distances, axis=0)
    if count == 1:
        no_runner_up = np.full(size, -1, dtype=np.intp)
        return Nearest(segment, no_runner_up, distance, np.full(size, np.nan), outside)
    distances[segment, np.arange(size)] = np.inf
    runner_up = np.argmin(distances, axis=0)
    return Nearest(segment, runner_up, distance, np.minimum.reduce(distances, axis=0), outside)
