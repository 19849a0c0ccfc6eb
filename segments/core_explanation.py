"""Why HDBSCAN's segment A and not B: Shapley values of the difference of two reachability distances."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from segments.encoder import Encoder, Floats, Indices
from segments.explanation import Explanations, added_up
from segments.nearest_core import NearestCore


@dataclass(frozen=True)
class CoreExplainer:
    """Explanation of the HDBSCAN margin d_B(z) − d_A(z), d being the assigner's own reachability distance.

    Shapley values by antithetic permutation sampling (Castro et al. 2009; Mitchell et al. 2022) against a small
    weighted background. The permutations are fixed by the number of columns alone, so the same customer gets the same
    explanation anywhere; each permutation's steps telescope, so base + sum = score whatever their number.

    background : (m, width) weighted prototypes of the training customers; weights : (m,), their sum is 1.
    """

    encoder: Encoder
    assigner: NearestCore
    background: Floats
    weights: Floats
    PERMUTATIONS: ClassVar[int] = 8  # and their reverses

    @cached_property
    def _orders(self) -> NDArray[np.intp]:
        columns = len(self.encoder.columns)
        generator = np.random.default_rng(columns)
        forward = np.array([generator.permutation(columns) for _ in range(self.PERMUTATIONS)], dtype=np.intp)
        return np.vstack([forward, forward[:, ::-1]])

    @cached_property
    def _column_of(self) -> Indices:
        """The column that each encoded dimension belongs to: (width,)."""
        ends = np.append(self.encoder.starts[1:], self.encoder.width)
        return np.repeat(np.arange(len(self.encoder.columns)), ends - self.encoder.starts)

    @cached_property
    def _coalitions(self) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
        """All distinct coalitions met on the way: (c, width) dimensions switched on; (permutations, p + 1) which."""
        orders = self._orders
        count = orders.shape[1]
        members = np.zeros((len(orders), count + 1, count), dtype=np.bool_)
        for step in range(count):
            members[:, step + 1] = members[:, step]
            members[np.arange(len(orders)), step + 1, orders[:, step]] = True
        distinct, where = np.unique(members.reshape(-1, count), axis=0, return_inverse=True)
        return distinct[:, self._column_of], where.reshape(len(orders), count + 1)

    def margin(self, points: Floats, toward: int, against: int) -> Floats:
        """The explained function: distance to B minus distance to A, (n,) for (width, n) points."""
        return self.assigner.distance_to(against, points) - self.assigner.distance_to(toward, points)

    def explain(self, points: Floats, toward: Indices, against: Indices) -> Explanations:
        """Explain (width, n) points, each toward one segment and against another."""
        count = len(self.encoder.columns)
        base = np.zeros(points.shape[1])
        contributions = np.zeros((count, points.shape[1]))
        for position in range(points.shape[1]):
            if against[position] >= 0:
                a, b = int(toward[position]), int(against[position])
                base[position], contributions[:, position] = self._explain_one(points[:, position], a, b)
        return added_up(self.encoder.columns, toward, against, base, contributions)

    def _explain_one(self, point: Floats, toward: int, against: int) -> tuple[float, Floats]:
        coalitions, where = self._coalitions
        mixed = np.where(coalitions[:, None, :], point, self.background[None, :, :])  # (c, m, width)
        margins = self.margin(np.ascontiguousarray(mixed.reshape(-1, len(point)).T), toward, against)
        values = (margins.reshape(len(coalitions), -1) * self.weights).sum(axis=1)
        path = values[where]
        gains = np.diff(path, axis=1)
        contributions = np.zeros(len(self.encoder.columns))
        np.add.at(contributions, self._orders, gains)
        return float(path[0, 0]), contributions / len(self._orders)

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"background": self.background, "weights": self.weights}
