"""Centroids that are means, and one more: the mean of the customers beyond a border in one coordinate.

By sums alone, as Lloyd's steps: of two points on either side of the border, which differ in that coordinate only, the
nearer one says on which side a customer lies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from segment_model.encoding.encoder import Floats, Indices
from training.fitting.lloyd import MovedCentroids, SegmentSums, move_centroids


@dataclass(frozen=True)
class TopOfMeans:
    """The centroids of a fit apart.

    sites : (segments - 1, width) the means. place, border : the coordinate, and where in it the top begins. order :
    (segments,) the place of each centroid of the fit among the sites and the top's mean, which is the last.
    """

    sites: Floats
    place: int
    border: float
    order: Indices

    def moved(self, sums_of: Callable[[Floats], SegmentSums]) -> MovedCentroids:
        """The centroids among other customers, in the order of the fit: means by Lloyd's steps, and the top's mean.

        sums_of : adds up the customers by nearest centroid.
        """
        means = move_centroids(self.sites, sums_of)
        if means.emptied is not None:
            return replace(means, emptied=self._position(means.emptied))
        sides = sums_of(self._sides())
        if not sides.sizes[1]:
            return replace(means, emptied=self._position(len(self.sites)))
        together = np.vstack([means.centroids, sides.sums[1] / sides.sizes[1]])
        return replace(means, centroids=np.ascontiguousarray(together[self.order]))

    def _position(self, place: int) -> int:
        """The position in the fit of the centroid at a place among the sites and the top's mean."""
        return int(np.flatnonzero(self.order == place)[0])

    def _sides(self) -> Floats:
        """(2, width) a point below the border and one as far above it; who lies on it is nearest to the first."""
        sides: Floats = np.zeros((2, self.sites.shape[1]))
        sides[:, self.place] = self.border - 1.0, self.border + 1.0
        return sides
