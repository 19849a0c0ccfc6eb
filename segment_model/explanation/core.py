"""Why HDBSCAN's segment A and not B: Shapley values of the difference of two reachability distances."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from segment_model.encoding.encoder import Encoder, Floats, Indices
from segment_model.explanation.coalitions import Coalitions, coalitions_of
from segment_model.explanation.explainer import Explanations, complete_explanations

MOST_AT_ONCE = 262_144  # multiplications; OpenBLAS splits a larger product among threads, whose hand-over costs time


class Cores(Protocol):
    """The assigner that is explained: it measures soft reachability distances to exemplars of segments."""

    @property
    def size(self) -> int:
        """The number of segments."""
        ...

    @property
    def places(self) -> Floats:
        """(m, width + 1) exemplars in the space of one more dimension."""
        ...

    @property
    def owner(self) -> Indices:
        """(m,) position of each exemplar's segment, -1 for noise."""
        ...

    def distance_to(self, segment: int, points: Floats) -> Floats:
        """(n,) distances of (width, n) points to one segment."""
        ...


@dataclass(frozen=True)
class CoreExplainer:
    """Explanation of the HDBSCAN margin d_B(z) − d_A(z), d being the assigner's own soft reachability distance.

    Shapley values against a small weighted background, over coalitions that depend on the number of columns and the
    background alone, so that the same customer gets the same explanation anywhere.

    background : (m, width) weighted prototypes of the training customers; weights : (m,), their sum is 1.
    """

    encoder: Encoder
    assigner: Cores
    background: Floats
    weights: Floats

    @property
    def linear(self) -> None:
        return None

    @property
    def by_segment(self) -> None:
        return None

    @property
    def is_slow(self) -> bool:
        return True

    @cached_property
    def _coalitions(self) -> Coalitions:
        return coalitions_of(len(self.encoder.columns), self.weights)

    @cached_property
    def _column_of(self) -> Indices:
        """The column that each encoded dimension belongs to: (width,)."""
        ends = np.append(self.encoder.starts[1:], self.encoder.width)
        return np.repeat(np.arange(len(self.encoder.columns)), ends - self.encoder.starts)

    @cached_property
    def _mixing(self) -> tuple[Floats, Floats]:
        """For each coalition, 1 where a dimension is the customer's, and what the others are: (c, width) each.

        The last column is 1 in every mixed point, as `_Exemplars.distance` requires.
        """
        own = self._coalitions.members[:, self._column_of].astype(np.float64)
        others = (1 - own) * self.background[self._coalitions.background]
        return np.pad(own, ((0, 0), (0, 1))), np.pad(others, ((0, 0), (0, 1)), constant_values=1.0)

    @cached_property
    def _segments(self) -> tuple[_Exemplars, ...]:
        assigner = self.assigner
        return tuple(_Exemplars(assigner.places[assigner.owner == position]) for position in range(assigner.size))

    def margin(self, points: Floats, toward: int, against: int) -> Floats:
        """The explained function: distance to B minus distance to A, (n,) for (width, n) points."""
        return self.assigner.distance_to(against, points) - self.assigner.distance_to(toward, points)

    def explain(self, points: Floats, toward: Indices, against: Indices) -> Explanations:
        """Explain (width, n) points, each toward one segment and against another."""
        base = np.zeros(points.shape[1])
        contributions = np.zeros((len(self.encoder.columns), points.shape[1]))
        for position in range(points.shape[1]):
            if against[position] >= 0:
                a, b = int(toward[position]), int(against[position])
                base[position], contributions[:, position] = self._explain_one(points[:, position], a, b)
        return complete_explanations(self.encoder.columns, toward, against, base, contributions)

    def _explain_one(self, point: Floats, toward: int, against: int) -> tuple[float, Floats]:
        own, others = self._mixing
        mixed = own * np.append(point, 1.0) + others
        values = self._segments[against].distance(mixed) - self._segments[toward].distance(mixed)
        score = float(self.margin(point[:, None], toward, against)[0])
        values[self._coalitions.full] = score
        contributions: Floats = (self._coalitions.shares * values).sum(axis=1)
        return score - float(contributions.sum()), contributions

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"background": self.background, "weights": self.weights}


class _Exemplars:
    """One segment's exemplars, for many thousand distances at once: a search tree is too slow for mixed points."""

    def __init__(self, places: Floats) -> None:
        self.places = places
        # ‖x − e‖² = ‖x‖² + (−2 x·e + ‖e‖²), and only the bracket, (x, 1)·(−2 e, ‖e‖²), tells which is nearest
        self.factors = np.ascontiguousarray(np.column_stack([-2 * places[:, :-1], (places * places).sum(axis=1)]).T)

    def distance(self, points: Floats) -> Floats:
        """The assigner's distance from points, rows (x, 1) of width + 1 numbers, to the segment: (n,).

        A matrix product finds the nearest exemplar; its distance is then computed without one, because the rounding of
        a product depends on the machine.
        """
        step = max(1, MOST_AT_ONCE // self.factors.size)
        nearest = np.empty(len(points), dtype=np.intp)
        for start in range(0, len(points), step):
            np.argmin(points[start : start + step] @ self.factors, axis=1, out=nearest[start : start + step])
        places = self.places[nearest]
        gap = points[:, :-1] - places[:, :-1]
        squared: Floats = np.einsum("ij,ij->i", gap, gap) + places[:, -1] ** 2
        result: Floats = np.sqrt(squared)
        return result
