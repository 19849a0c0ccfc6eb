"""Why segment A and not segment B: Shapley values of the margin between the two, in the user's own columns.

The game is the interventional one of Lundberg and Lee (2017): a column outside the coalition takes the values of a
background. The sum of contributions and base is the explained score, exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.encoding.encoder import Encoder, Floats, Indices

if TYPE_CHECKING:
    import shap


@dataclass(frozen=True)
class Explanations:
    """n explanations of p columns: score = base + contributions.sum(axis=1), the margin of A (`toward`) over B.

    toward, against : (n,) positions of segments; `against` is -1 where there is only one segment, and then every
    number is 0. base, score : (n,). contributions : (n, p), in the order of `columns`. A positive contribution
    speaks for A.
    """

    columns: tuple[str, ...]
    toward: Indices
    against: Indices
    base: Floats
    contributions: Floats
    score: Floats

    def to_shap(self, data: NDArray[np.object_]) -> shap.Explanation:
        """As shap's own plots take them; data : (n, p) values in the user's units."""
        import shap  # imports numba, which takes seconds; assignments never wait for it

        return shap.Explanation(
            values=np.ascontiguousarray(self.contributions),
            base_values=self.base,
            data=data,
            feature_names=list(self.columns),
        )


@dataclass(frozen=True)
class CentroidExplainer:
    """Exact explanation of the KMeans margin ‖z − b‖² − ‖z − a‖² with a and b held fixed.

    The margin is a sum over columns, f_j = ‖z_j − b_j‖² − ‖z_j − a_j‖² (a category's block is one column), so its
    Shapley value is φ_j = f_j − E[f_j] over the training customers. The squares cancel, so that
    φ_j = 2 (a_j − b_j)·(z_j − E[z_j]): the mean training point is all that has to be kept.

    mean : (width,), the mean encoded training customer.
    """

    encoder: Encoder
    assigner: NearestCentroid
    mean: Floats

    @cached_property
    def pairs(self) -> tuple[Floats, Floats]:
        """For each ordered pair a, b of segments: E[margin], (k, k); and 2 (a − b), (width, k · k)."""
        centroids = self.assigner.centroids
        a, b = centroids[:, None, :], centroids[None, :, :]
        base: Floats = np.add.reduce((a - b) * (2 * self.mean - (a + b)), axis=2)
        return base, np.ascontiguousarray((2 * (a - b)).reshape(-1, centroids.shape[1]).T)

    def explain(self, points: Floats, toward: Indices, against: Indices) -> Explanations:
        """Explain (width, n) points, each toward one segment and against another."""
        base, direction = self.pairs
        pull, pair = points - self.mean[:, None], toward * self.assigner.size + against
        for row, of_pair in zip(pull, direction, strict=True):
            row *= of_pair.take(pair)  # row by row: what is looked up stays in the cache
        return added_up(self.encoder.columns, toward, against, base[toward, against], self.encoder.by_column(pull))

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"mean": self.mean}


def added_up(
    columns: tuple[str, ...], toward: Indices, against: Indices, base: Floats, contributions: Floats
) -> Explanations:
    """Explanations whose score is base plus (columns, n) contributions; zeros where there is no second segment."""
    alone = against < 0
    if alone.any():
        base = np.where(alone, 0.0, base)
        contributions = np.where(alone, 0.0, contributions)
    score = base.copy()
    for row in contributions:  # column by column: the same bits for one customer and for many
        score += row
    return Explanations(columns, toward, against, base, contributions.T, score)
