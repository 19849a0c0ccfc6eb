"""The fast path for one customer sent as a dict: the arithmetic of the batch, to the bit, in few steps.

Only a valid customer inside the training ranges is assigned here. Unseen categories, novel numbers and errors take the
general path, which reports them.
"""

from __future__ import annotations

from math import inf, sqrt
from operator import getitem, le
from typing import NamedTuple

import numpy as np

from segment_model.contract import Kind, VectorContract
from segment_model.encoding.column_values import kind_bounds
from segment_model.encoding.encoder import Encoder, Floats
from segment_model.encoding.novelty import NoveltyRule
from segment_model.encoding.reader import Record, value_taker
from segment_model.explanation.explainer import Explanations, LinearMargin

_NUMBERS = frozenset({float, int})
_OF_A_FLAG = (0, 1, None)


class Single(NamedTuple):
    """One customer's nearest segments, as positions; encoded point (width,), and each category's position."""

    nearest: int
    runner_up: int
    strength: float
    distance: float
    point: Floats
    levels: list[int]


class SingleCustomer:
    """Assigns one valid customer to the nearest site, and explains the assignment."""

    def __init__(
        self,
        contract: VectorContract,
        encoder: Encoder,
        sites: Floats,
        linear: LinearMargin,
        novelty: NoveltyRule,
    ) -> None:
        columns = encoder.columns
        self._columns = columns
        self._names = frozenset(contract.names)
        self._take = value_taker(columns)
        self._column_count = len(columns)
        self._count = len(encoder.numbers.names)
        kinds = [kind_bounds(contract[name].kind) for name in encoder.numbers.names]
        # inside both ranges a value is neither wrong nor novel
        self._lower = [max(low, new) for (low, _), new in zip(kinds, novelty.lower.tolist(), strict=True)]
        self._upper = [min(high, new) for (_, high), new in zip(kinds, novelty.upper.tolist(), strict=True)]
        # most customers lie inside these too, and need no clipping
        self._clip_lower = list(map(max, self._lower, encoder.numbers.lower.tolist()))
        self._clip_upper = list(map(min, self._upper, encoder.numbers.upper.tolist()))
        nullable = [contract[name].nullable for name in encoder.numbers.names]
        self._fill = [
            fill if allowed else None for fill, allowed in zip(encoder.numbers.fill.tolist(), nullable, strict=True)
        ]
        self._flags = [n for n, name in enumerate(encoder.numbers.names) if contract[name].kind is Kind.FLAG]
        self._numbers = encoder.numbers
        self._categories = encoder.categories
        self._starts = encoder.starts.tolist()[self._count :]
        self._places = [(c.positions, start, c.factor) for c, start in zip(self._categories, self._starts, strict=True)]
        self._no_level = (0.0,) * (encoder.width - self._count)
        self._sites = np.ascontiguousarray(sites.T)
        self._has_one_segment = len(sites) == 1
        self._linear = linear
        self._mean = linear.mean[: self._count]
        self._reasons: dict[tuple[int, int], _PairReasons] = {}

    def assign(self, record: Record) -> Single | None:
        """The customer's segments, or None where the customer needs the general path."""
        if type(record) is not dict:  # other mappings may supply missing keys
            return None
        try:
            row = self._take(record)
        except KeyError:
            return None
        if len(record) != self._column_count and not record.keys() <= self._names:
            return None
        values = row[: self._count]
        if not _NUMBERS.issuperset(map(type, values)):
            values = tuple(fill if value is None else value for value, fill in zip(values, self._fill, strict=True))
            if not _NUMBERS.issuperset(map(type, values)):
                return None
        inside = all(map(le, self._clip_lower, values)) and all(map(le, values, self._clip_upper))
        if not inside and not (all(map(le, self._lower, values)) and all(map(le, values, self._upper))):
            return None
        for place in self._flags:
            if row[place] not in _OF_A_FLAG:
                return None
        point = np.array(values + self._no_level, dtype=np.float64)
        self._numbers.encode_one(point[: self._count], inside)
        levels = []
        for (positions, start, factor), value in zip(self._places, row[self._count :], strict=True):
            position = positions.get(value) if type(value) is str else None
            if position is None:
                return None
            point[start + position] = factor
            levels.append(position)
        gap = self._sites - point[:, None]
        gap *= gap
        squares = np.add.reduce(gap, axis=0).tolist()
        square = min(squares)
        nearest = squares.index(square)
        distance = sqrt(square)
        if self._has_one_segment:
            return Single(nearest, -1, 1.0, distance, point, levels)
        squares[nearest] = inf
        square = min(squares)
        second = sqrt(square)
        total = distance + second
        strength = (second - distance) / total if total else 0.0
        return Single(nearest, squares.index(square), strength, distance, point, levels)

    def explain(self, single: Single) -> Explanations:
        """The explanation of the nearest segment against the runner-up, as `CentroidExplainer` gives it."""
        base, contributions, score = self.reasons(single)
        return Explanations(
            self._columns,
            toward=np.array([single.nearest]),
            against=np.array([single.runner_up]),
            base=np.array([base]),
            contributions=np.array([contributions]),
            score=np.array([score]),
        )

    def reasons(self, single: Single) -> tuple[float, list[float], float]:
        """Base, contributions in the encoder's order of columns, and score."""
        if self._has_one_segment:
            return 0.0, [0.0] * self._column_count, 0.0
        pair = self._reasons.get(single[:2]) or self._of_pair(single.nearest, single.runner_up)
        pull = single.point[: self._count] - self._mean
        pull *= pair.direction
        contributions: list[float] = pull.tolist()
        contributions += map(getitem, pair.of_levels, single.levels)
        return pair.base, contributions, _in_order(contributions, pair.base)

    def _of_pair(self, nearest: int, runner_up: int) -> _PairReasons:
        """The terms that all customers between the same two segments share, computed for the first of them."""
        base = self._linear.base
        direction = np.ascontiguousarray(self._linear.directions[:, nearest * len(base) + runner_up])
        of_levels = []
        for category, start in zip(self._categories, self._starts, strict=True):
            block = slice(start, start + category.width)
            points = category.factor * np.eye(category.width)
            pulls = ((points - self._linear.mean[block]) * direction[block]).tolist()
            of_levels.append([_in_order(dimensions[1:], dimensions[0]) for dimensions in pulls])
        pair = _PairReasons(float(base[nearest, runner_up]), direction[: self._count], of_levels)
        self._reasons[nearest, runner_up] = pair  # two threads may compute the same value
        return pair


class _PairReasons(NamedTuple):
    """For two segments: E[margin], the direction (numbers,) between them, and each category level's contribution."""

    base: float
    direction: Floats
    of_levels: list[list[float]]


def _in_order(values: list[float], total: float) -> float:
    """The sum from the left, one after another: `sum` of Python 3.12 compensates, and would differ by a bit."""
    for value in values:
        total += value
    return total
