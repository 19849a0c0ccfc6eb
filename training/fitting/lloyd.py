"""Lloyd's steps by sums: centroids become the means of the customers nearest to them, until they hardly move.

A step needs of the customers only counts and sums by segment. So the customers may lie anywhere that adds them up.
The tolerance and the most steps are those of scikit-learn's KMeans, so that the steps are the same from the same start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from segment_model.encoding.encoder import Floats, Indices

MOST_STEPS = 300
TOLERANCE = 1e-4  # squared movement of all centroids, as a share of the mean variance of the encoded columns


@dataclass(frozen=True)
class SegmentSums:
    """Customers by the centroid that is nearest to them.

    sizes : (segments,) how many. sums : (segments, width) sums of their encoded points. squares : (width,) sums of the
    squares of all points.
    """

    sizes: Indices
    sums: Floats
    squares: Floats

    @property
    def customers(self) -> int:
        """How many there are in all."""
        return int(self.sizes.sum())

    @property
    def mean(self) -> Floats:
        """(width,) the mean point of all."""
        mean: Floats = self.sums.sum(axis=0) / self.customers
        return mean

    @property
    def variance(self) -> float:
        """The mean variance of the columns."""
        return float(np.mean(self.squares / self.customers - self.mean**2))


@dataclass(frozen=True)
class MovedCentroids:
    """centroids : (segments, width), as many `steps` after the start. mean : (width,) the mean of all points.

    emptied : the position of a segment without customers, at which the steps ended early; None without one.
    """

    centroids: Floats
    steps: int
    mean: Floats
    emptied: int | None = None


def move_centroids(start: Floats, sums_of: Callable[[Floats], SegmentSums]) -> MovedCentroids:
    """Lloyd's steps from `start`, (segments, width) centroids; sums_of : adds up the customers by nearest centroid."""
    centroids, steps, tolerance = start, 0, 0.0
    while True:
        added = sums_of(centroids)
        if steps == 0:
            tolerance = TOLERANCE * added.variance
        if not added.sizes.all():
            return MovedCentroids(centroids, steps, added.mean, int(np.argmin(added.sizes)))
        before, centroids = centroids, added.sums / added.sizes[:, None]
        steps += 1
        if float(((centroids - before) ** 2).sum()) <= tolerance or steps == MOST_STEPS:
            return MovedCentroids(np.ascontiguousarray(centroids), steps, added.mean)
