"""One customer, as quickly as can be: the arithmetic of the batch, to the bit, in as few steps as it takes.

Only a customer in order comes through here. Whatever is unseen, far out or wrong is left to the general path, which
knows how to say so.
"""

from __future__ import annotations

from operator import itemgetter, le
from typing import NamedTuple

import numpy as np

from segments.assigners import NearestCentroid
from segments.contract import VectorContract
from segments.encoder import Encoder, Floats
from segments.explanation import CentroidExplainer, Explanations
from segments.novelty import NoveltyRule
from segments.reading import Record, kind_bounds

_NUMBERS = frozenset({float, int})


class Single(NamedTuple):
    """One customer's nearest segments, as positions, and encoded point (width, 1)."""

    nearest: int
    runner_up: int
    strength: float
    distance: float
    point: Floats


class SingleCustomer:
    """Assigns and explains one customer in order, by centroids."""

    def __init__(
        self,
        contract: VectorContract,
        encoder: Encoder,
        assigner: NearestCentroid,
        explainer: CentroidExplainer,
        novelty: NoveltyRule,
    ) -> None:
        columns = encoder.columns
        self._columns = columns
        self._names = frozenset(contract.names)
        self._basis = frozenset(columns)
        self._take = itemgetter(*columns) if len(columns) > 1 else lambda record: (record[columns[0]],)
        self._count = len(encoder.numbers.names)
        kinds = [kind_bounds(contract[name].kind) for name in encoder.numbers.names]
        # inside both ranges a value is neither wrong nor novel
        self._lower = [max(low, new) for (low, _), new in zip(kinds, novelty.lower.tolist(), strict=True)]
        self._upper = [min(high, new) for (_, high), new in zip(kinds, novelty.upper.tolist(), strict=True)]
        nullable = [contract[name].nullable for name in encoder.numbers.names]
        self._fill = [
            fill if allowed else None for fill, allowed in zip(encoder.numbers.fill.tolist(), nullable, strict=True)
        ]
        self._numbers = encoder.numbers
        starts = encoder.starts.tolist()[self._count :]
        self._categories = [
            (category.positions, start, category.factor)
            for category, start in zip(encoder.categories, starts, strict=True)
        ]
        self._blocks = [range(start, start + c.width) for c, start in zip(encoder.categories, starts, strict=True)]
        self._width = encoder.width
        self._centroids = np.ascontiguousarray(assigner.centroids.T)
        self._alone = assigner.size == 1
        self._mean = explainer.mean
        base, direction = explainer.pairs
        self._base = base.tolist()
        self._direction = list(map(list, np.ascontiguousarray(direction.T.reshape(assigner.size, assigner.size, -1))))

    def assign(self, record: Record) -> Single | None:
        """The customer's segments, or None where the general path must look at it."""
        if not (self._basis <= record.keys() <= self._names):
            return None
        row = self._take(record)
        values = row[: self._count]
        if not _NUMBERS.issuperset(map(type, values)):
            values = [fill if value is None else value for value, fill in zip(values, self._fill, strict=True)]
            if not _NUMBERS.issuperset(map(type, values)):
                return None
        if not (all(map(le, self._lower, values)) and all(map(le, values, self._upper))):
            return None
        point = np.empty((self._width, 1))
        point[: self._count, 0] = values
        self._numbers.encode_known(point[: self._count])
        if self._categories:
            point[self._count :] = 0.0
            for (positions, start, factor), value in zip(self._categories, row[self._count :], strict=True):
                position = positions.get(value) if type(value) is str else None
                if position is None:
                    return None
                point[start + position] = factor
        gap = self._centroids - point
        gap *= gap
        distances = np.sqrt(np.add.reduce(gap, axis=0)).tolist()
        distance = min(distances)
        nearest = distances.index(distance)
        if self._alone:
            return Single(nearest, -1, 1.0, distance, point)
        distances[nearest] = np.inf
        second = min(distances)
        total = distance + second
        strength = (second - distance) / total if total else 0.0
        return Single(nearest, distances.index(second), strength, distance, point)

    def explain(self, found: Single) -> Explanations:
        """Why the nearest segment and not the runner-up, as `CentroidExplainer` says it."""
        base, contributions, score = self.reasons(found)
        return Explanations(
            self._columns,
            toward=np.array([found.nearest]),
            against=np.array([found.runner_up]),
            base=np.array([base]),
            contributions=np.array([contributions]),
            score=np.array([score]),
        )

    def reasons(self, found: Single) -> tuple[float, list[float], float]:
        """Base, contributions in the encoder's order of columns, and score."""
        if self._alone:
            return 0.0, [0.0] * (self._count + len(self._categories)), 0.0
        pull = found.point[:, 0] - self._mean
        pull *= self._direction[found.nearest][found.runner_up]
        pulls: list[float] = pull.tolist()
        contributions = pulls[: self._count] + [_in_order(pulls[block.start : block.stop]) for block in self._blocks]
        base = self._base[found.nearest][found.runner_up]
        return base, contributions, _in_order([base, *contributions])


def _in_order(values: list[float]) -> float:
    """The sum from the left, one after another: `sum` of Python 3.12 compensates, and would differ by a bit."""
    total = values[0]
    for value in values[1:]:
        total += value
    return total
