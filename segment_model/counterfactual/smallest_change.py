"""The smallest change that moves a customer into the cell of another site: exact, then rounded.

Moving to segment B means being nearer to its site b than to any other site, which is one linear inequality for each of
them: 2 (b − c_k)·z >= ‖b‖² − ‖c_k‖². With the allowed range of each free number the nearest such point is a convex
quadratic programme. Whole numbers and categories are settled by branch and bound over such programmes, so they are
optimal too; other numbers are rounded one by one, each time solving again for the rest.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import count, islice

import numpy as np

from segment_model.counterfactual.free_categories import Codes, FreeCategory, cheapest_first, cost_of
from segment_model.counterfactual.free_numbers import FINEST, SAME, FreeNumber
from segment_model.counterfactual.nearest_point import AGREED, nearest_point
from segment_model.encoding.encoder import Floats
from segment_model.interruption import Check, go_on

MARGIN = 4 * AGREED  # beyond the border: a tie may go to the other side, and a programme is only as exact as AGREED
MOST_NODES = 4000
MOST_LEVELS = 4096  # combinations of levels, the cheapest


@dataclass(frozen=True)
class Solution:
    """New values of the free numbers (the old one where it does not move) and codes of the free categories.

    least_distance : the smallest encoded move before rounding.
    """

    numbers: tuple[float, ...]
    codes: Codes
    least_distance: float


@dataclass(frozen=True)
class _Node:
    codes: Codes
    point: Floats
    lower: Floats
    upper: Floats


def smallest_change(
    point: Floats,
    centroids: Floats,
    target: int,
    numbers: Sequence[FreeNumber],
    categories: Sequence[FreeCategory],
    check: Check = go_on,
) -> tuple[Solution | None, bool]:
    """The change of the free columns that brings `point`, (width,), to the target centroid, or None; and a proof.

    The proof is true where all combinations were tried: then no other whole numbers and levels make a smaller change,
    or no change reaches the target. It is false where there were too many combinations to try.
    The rows of free numbers in the encoded point are their rows in the encoder. `check` is called before each
    programme.
    """
    return _Search(point, centroids, target, tuple(numbers), tuple(categories), check).run()


class _Search:
    """Best first over levels and ranges of whole numbers; each node's programme bounds what lies below it."""

    def __init__(
        self,
        point: Floats,
        centroids: Floats,
        target: int,
        numbers: tuple[FreeNumber, ...],
        categories: tuple[FreeCategory, ...],
        check: Check,
    ) -> None:
        self._numbers, self._categories, self._check = numbers, categories, check
        self._rows = np.array([number.row for number in numbers], dtype=np.intp)
        self._start = point[self._rows]
        self._point = point
        others = np.delete(centroids, target, axis=0)
        self._gains = 2 * (centroids[target] - others)
        self._needs = np.sum(centroids[target] ** 2 - others**2, axis=1)
        self._needs = self._needs + MARGIN * (1 + np.abs(self._needs))
        twins = np.flatnonzero(~self._gains.any(axis=1))  # of two equal centroids the first wins every tie
        self._needs[twins] = np.where(twins < target, 1.0, 0.0)
        self._order = count()
        self._heap: list[tuple[float, int, _Node, Floats | None]] = []  # the programme's solution last

    def run(self) -> tuple[Solution | None, bool]:
        proven = self._open_levels()
        least = np.inf
        best: tuple[float, tuple[float, ...], Codes] | None = None
        for _ in range(MOST_NODES):
            if not self._heap or (best is not None and self._heap[0][0] >= best[0] - SAME):
                break
            bound, _, node, solved = heapq.heappop(self._heap)
            if solved is None:
                self._push_solved(node)
                continue
            least = min(least, bound)
            if self._branch(node, solved):
                continue
            rounded = self._rounded(node, solved)
            if rounded is None:
                proven = self._part(node, solved) and proven
            elif best is None or rounded[0] < best[0]:
                best = (*rounded, node.codes)
        else:
            proven = False
        if best is None:
            return None, proven
        return Solution(best[1], best[2], float(np.sqrt(least))), proven

    # -- nodes -------------------------------------------------------------------------------------------------

    def _open_levels(self) -> bool:
        """One unsolved node a combination of levels; false where there were too many to try all."""
        reach = np.array([number.encoded_reach for number in self._numbers]).reshape(-1, 2)
        lower, upper = reach[:, 0], reach[:, 1]
        for codes in islice(cheapest_first(self._categories), MOST_LEVELS):
            self._check()
            moved = self._point.copy()
            for category, code in zip(self._categories, codes, strict=True):
                moved[category.start : category.start + category.encoding.width] = 0.0
                if code >= 0:
                    moved[category.start + code] = category.encoding.factor
            node = _Node(codes, moved, lower, upper)
            heapq.heappush(self._heap, (cost_of(self._categories, codes), next(self._order), node, None))
        return math.prod(len(category.options) for category in self._categories) <= MOST_LEVELS

    def _solve(self, node: _Node, inset: Floats | float = 0.0) -> tuple[float, Floats] | None:
        """(squared distance, numbers) of the nearest point within the node, and `inset` within each border."""
        self._check()
        fixed = node.point.copy()
        fixed[self._rows] = 0.0
        needs = self._needs - self._gains @ fixed + inset
        solved = nearest_point(self._start, self._gains[:, self._rows], needs, node.lower, node.upper)
        if solved is None:
            return None
        return self._cost(node, solved), solved

    def _cost(self, node: _Node, solved: Floats) -> float:
        return cost_of(self._categories, node.codes) + float(np.sum((solved - self._start) ** 2))

    def _push_solved(self, node: _Node) -> None:
        if np.any(node.lower > node.upper):
            return
        solution = self._solve(node)
        if solution is not None:
            heapq.heappush(self._heap, (solution[0], next(self._order), node, solution[1]))

    def _branch(self, node: _Node, solved: Floats) -> bool:
        """Split at the first whole number that is not whole; false where all are."""
        for position, number in enumerate(self._numbers):
            at = float(solved[position])
            if not number.whole or abs(at - self._start[position]) <= SAME:
                continue
            below, above = number.around(at)
            if below == above:
                continue
            self._push_beside(node, position, at, number.encode(np.array([below, above])))
            return True
        return False

    def _part(self, node: _Node, solved: Floats) -> bool:
        """Split at one whole number, as the others cannot be rounded beside it; false where all are fixed already."""
        for position, number in enumerate(self._numbers):
            if number.whole and node.lower[position] < node.upper[position]:
                at = float(solved[position])
                below, above = number.around(at)
                if below == above:
                    below, above = below - 1, above + 1
                ends = number.encode(np.clip([below, above], *number.limits))
                self._push_solved(_fixed(node, position, at))
                self._push_beside(node, position, at, ends)
                return True
        return False

    def _push_beside(self, node: _Node, position: int, at: float, ends: Floats) -> None:
        """The values of one number up to one end and from the other on, and the customer's own where it lies between.

        A count of a customer need not be whole, and may stay as it is. at : lies between the ends, and is not pushed.
        """
        below, above = ends.tolist()
        start = float(self._start[position])
        if below < at:
            self._push_solved(replace(node, upper=_with(node.upper, position, below)))
        if above > at:
            self._push_solved(replace(node, lower=_with(node.lower, position, above)))
        is_between = below < start < above and node.lower[position] <= start <= node.upper[position]
        if is_between and abs(start - at) > SAME:
            self._push_solved(_fixed(node, position, start))

    # -- rounding ----------------------------------------------------------------------------------------------

    def _rounded(self, node: _Node, solved: Floats) -> tuple[float, tuple[float, ...]] | None:
        """(squared distance, values) with every number that moves at the roundest possible value."""
        for finer in range(FINEST):
            rounded = self._one_by_one(node, solved, finer) or self._all_at_once(node, solved, finer)
            if rounded is not None:
                return rounded
        return None

    def _one_by_one(self, node: _Node, solved: Floats, finer: int) -> tuple[float, tuple[float, ...]] | None:
        """Each number down or up, whichever leaves the smaller change, solving again for those that come after.

        The change is close to the smallest one, but the last numbers may have no round value left.
        """
        values = [number.value for number in self._numbers]
        cost = self._cost(node, solved)
        for position in sorted(range(len(values)), key=lambda position: not self._numbers[position].whole):
            tried = [
                (result, value, fixed)
                for encoded, value in self._spoken(position, float(solved[position]), finer)
                if node.lower[position] - SAME <= encoded <= node.upper[position] + SAME
                for fixed in [_fixed(node, position, encoded)]
                for result in [self._solve(fixed)]
                if result is not None
            ]
            if not tried:
                return None
            (cost, solved), values[position], node = min(tried, key=lambda option: option[0][0])
        return cost, tuple(values)

    def _all_at_once(self, node: _Node, solved: Floats, finer: int) -> tuple[float, tuple[float, ...]] | None:
        """Solve at such a distance inside every border that rounding to the nearest value cannot leave the segment."""
        steps = np.zeros(len(solved))
        for position, number in enumerate(self._numbers):
            if number.whole:
                node = _fixed(node, position, float(solved[position]))
            else:
                ends = number.encode(np.array(number.around(float(solved[position]), finer)))
                steps[position] = ends[1] - ends[0]
        inner = self._solve(node, np.abs(self._gains[:, self._rows]) @ steps)  # twice what rounding needs
        if inner is None:
            return None
        values = []
        for position, at in enumerate(inner[1].tolist()):
            options = self._spoken(position, at, finer)
            encoded, value = min(options, key=lambda option, at=at: abs(option[0] - at))  # type: ignore[misc]
            values.append(value)
            node = _fixed(node, position, encoded)
        solution = self._solve(node)
        return None if solution is None else (solution[0], tuple(values))

    def _spoken(self, position: int, at: float, finer: int) -> list[tuple[float, float]]:
        """(encoded, value) of the values that people say next to an encoded one; the customer's own if unmoved."""
        number, start = self._numbers[position], float(self._start[position])
        if abs(at - start) <= SAME:
            return [(start, number.value)]
        near = np.array(sorted(set(number.around(at, finer))))
        return list(zip(number.encode(near).tolist(), near.tolist(), strict=True))


def _fixed(node: _Node, position: int, encoded: float) -> _Node:
    return replace(node, lower=_with(node.lower, position, encoded), upper=_with(node.upper, position, encoded))


def _with(values: Floats, position: int, value: float) -> Floats:
    changed = values.copy()
    changed[position] = value
    return changed
