"""Why KMeans' segment A and not B: exact Shapley values of the difference of two squared distances.

With the centroids a and b held fixed, the margin ‖z − b‖² − ‖z − a‖² is a sum over columns,
f_j = ‖z_j − b_j‖² − ‖z_j − a_j‖² (a category's block is one column), so its Shapley value is φ_j = f_j − E[f_j] over
the training customers. The squares cancel, so that φ_j = 2 (a_j − b_j)·(z_j − E[z_j]): the mean training point is all
that has to be kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segment_model.encoding.encoder import Encoder, Floats, Indices
from segment_model.explanation.explainer import Explanations, LinearMargin, SegmentParts, complete_explanations


@dataclass(frozen=True)
class CentroidExplainer:
    """Exact explanation of the margin between two centroids.

    centroids : (segments, width). mean : (width,), the mean encoded training customer.
    """

    encoder: Encoder
    centroids: Floats
    mean: Floats

    @cached_property
    def linear(self) -> LinearMargin:
        """For each ordered pair (a, b) of segments: E[margin], and 2 (a − b)."""
        a, b = self.centroids[:, None, :], self.centroids[None, :, :]
        base: Floats = np.add.reduce((a - b) * (2 * self.mean - (a + b)), axis=2)
        directions = np.ascontiguousarray((2 * (a - b)).reshape(-1, self.centroids.shape[1]).T)
        return LinearMargin(self.mean, base, directions)

    @property
    def by_segment(self) -> SegmentParts:
        return SegmentParts(self.mean, self.linear.base, 2 * self.centroids, None, np.zeros_like(self.centroids))

    @property
    def is_slow(self) -> bool:
        return False

    def explain(self, points: Floats, toward: Indices, against: Indices) -> Explanations:
        """Explain (width, n) points, each toward one segment and against another."""
        linear = self.linear
        pull, pair = points - self.mean[:, None], toward * len(self.centroids) + against
        for row, direction in zip(pull, linear.directions, strict=True):
            row *= direction.take(pair)  # row by row: what is looked up stays in the cache
        base = linear.base[toward, against]
        return complete_explanations(self.encoder.columns, toward, against, base, self.encoder.by_column(pull))

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"mean": self.mean}
