"""The two nearest segments of each customer: the answer of every assigner."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segment_model.array_equality import ComparedByArrays
from segment_model.encoding.encoder import Flags, Floats, Indices

FEW = 2048  # customers; of fewer, calls of NumPy cost more than the comparisons that they save


@dataclass(frozen=True, eq=False)
class Nearest(ComparedByArrays):
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
        """(d_B − d_A) / (d_B + d_A) in 0..1: 0 on the border of A and B, 1 at the centre of A; 1 if A is alone."""
        total = self.distance + self.runner_up_distance
        with np.errstate(invalid="ignore"):
            ratio: Floats = (self.runner_up_distance - self.distance) / total
        ratio[total == 0] = 0.0  # A and B in one place: no reason to prefer either
        ratio[self.runner_up < 0] = 1.0
        return ratio


def two_smallest(distances: NDArray[Any], outside: Flags) -> Nearest:
    """The nearest and the second segment by (segments, n) distances, which may be overwritten; the first wins a tie.

    Distances may be of any precision, and whatever rises with them.
    """
    count, size = distances.shape
    if count == 1:
        no_runner_up = np.full(size, -1, dtype=np.intp)
        return Nearest(np.zeros(size, dtype=np.intp), no_runner_up, distances[0], np.full(size, np.nan), outside)
    return (_of_few if size < FEW else _of_many)(distances, outside)


def _of_few(distances: NDArray[Any], outside: Flags) -> Nearest:
    """In few calls of NumPy, each of which looks at the distances of one customer after another."""
    segment = np.argmin(distances, axis=0)
    distance = np.minimum.reduce(distances, axis=0)
    distances[segment, np.arange(len(segment))] = np.inf
    runner_up = np.argmin(distances, axis=0)
    return Nearest(segment, runner_up, distance, np.minimum.reduce(distances, axis=0), outside)


def _of_many(distances: NDArray[Any], outside: Flags) -> Nearest:
    """Segment by segment for all customers at once, at a quarter of the time: the values first, then where they are."""
    first, second = np.minimum(distances[0], distances[1]), np.maximum(distances[0], distances[1])
    larger = np.empty_like(first)
    for row in distances[2:]:
        np.maximum(first, row, out=larger)
        np.minimum(second, larger, out=second)
        np.minimum(first, row, out=first)
    segment, runner_up = _first_with(distances, first), _first_with(distances, second)
    tied = np.flatnonzero(~(first < second))
    if tied.size:  # the second segment of that distance
        others = distances[:, tied] == second[tied]
        others[segment[tied], np.arange(tied.size)] = False
        runner_up[tied] = np.argmax(others, axis=0)
    return Nearest(segment, runner_up, first, second, outside)


def _first_with(distances: NDArray[Any], wanted: NDArray[Any]) -> Indices:
    """The first segment whose distance is the wanted one, (n,): as many as there are others before it."""
    count, size = distances.shape
    before = np.zeros(size, dtype=np.min_scalar_type(count))
    is_before, differs = np.ones(size, dtype=np.bool_), np.empty(size, dtype=np.bool_)
    for row in distances[:-1]:
        np.not_equal(row, wanted, out=differs)
        np.logical_and(is_before, differs, out=is_before)
        before += is_before
    return before.astype(np.intp)
