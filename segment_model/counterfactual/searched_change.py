"""A small change by deterministic search, where no formula gives the smallest: curved borders and derived columns.

The search tries points spread evenly over the allowed ranges, and points between the customer and places inside the
segment. It draws the best ones back toward the customer as far as the segment reaches, rounds them, and improves them
step by step. The change leads into the segment, but need not be the smallest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice, product

import numpy as np

from segment_model.counterfactual.free_categories import Codes, FreeCategory, cheapest_first, cost_of
from segment_model.counterfactual.free_numbers import FINEST, SAME, FreeNumber, spoken
from segment_model.encoding.encoder import Flags, Floats

SPREAD = 4096  # points tried at first, over all combinations of levels
MOST_LEVELS = 64  # combinations of levels, the cheapest
KEPT = 8
HALVINGS = 40
ROUNDS = 20
DEPTHS = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1)  # of the way from the customer
MOST_PAIRED = 4  # numbers; with more, steps go along the axes only

# (d, n) new values of the free numbers and one combination of levels -> in the segment or not, squared distances (n,);
# nearly all of the time is spent in it, so it may raise to end the search
Judge = Callable[[Floats, Codes], tuple[Flags, Floats]]


@dataclass(frozen=True)
class RoundedChange:
    """New values of the free numbers and codes of the free categories."""

    cost: float
    numbers: tuple[float, ...]
    codes: Codes


def search_change(
    numbers: Sequence[FreeNumber], categories: Sequence[FreeCategory], places: Floats, judge: Judge
) -> RoundedChange | None:
    """The best change, or None.

    places : (d, m) encoded values of the free numbers at places inside the target segment.
    """
    by_cost = list(islice(cheapest_first(categories), MOST_LEVELS))
    best: RoundedChange | None = None
    for codes in by_cost:
        if best is not None and cost_of(categories, codes) >= best.cost:
            break
        candidate = _Numbers(tuple(numbers), codes, judge).search(places, SPREAD // len(by_cost))
        if candidate is not None and (best is None or candidate.cost < best.cost):
            best = candidate
    return best


class _Numbers:
    """The search over the numbers under one combination of levels, in encoded coordinates (d, n)."""

    def __init__(self, numbers: tuple[FreeNumber, ...], codes: Codes, judge: Judge) -> None:
        self._numbers, self._codes, self._judge_values = numbers, codes, judge
        self._start = np.array([number.encoded for number in numbers])
        reach = np.array([number.encoded_reach for number in numbers]).reshape(-1, 2)
        self._low, self._high = reach[:, :1], reach[:, 1:]

    def search(self, places: Floats, spread: int) -> RoundedChange | None:
        still = np.array([[number.value] for number in self._numbers]).reshape(-1, 1)
        inside, cost = self._judge_values(still, self._codes)
        if inside[0]:
            return RoundedChange(float(cost[0]), tuple(still[:, 0]), self._codes)
        if not self._numbers:
            return None
        points = np.hstack([self._spread(spread), *self._toward(places)])
        inside, cost = self._judge(points)
        if not inside.any():
            return None
        chosen = np.flatnonzero(inside)[np.argsort(cost[inside], kind="stable")[:KEPT]]
        near = self._improved(self._drawn_back(points[:, chosen]))
        best: RoundedChange | None = None
        for point in near.T:
            candidate = self._rounded(point)
            if candidate is not None and (best is None or candidate.cost < best.cost):
                best = candidate
        return best

    # -- points ------------------------------------------------------------------------------------------------

    def _judge(self, points: Floats) -> tuple[Flags, Floats]:
        values = np.array([n.decode(row) for n, row in zip(self._numbers, points, strict=True)])
        return self._judge_values(values, self._codes)

    def _spread(self, size: int) -> Floats:
        """An additive recurrence on the generalised golden ratio; the ends of every range are among the points."""
        dimensions = len(self._numbers)
        ratio = 1.0
        for _ in range(64):  # the root of x^(d+1) = x + 1
            ratio = (1 + ratio) ** (1 / (dimensions + 1))
        shifts = np.power(ratio, -np.arange(1.0, dimensions + 1))[:, None]
        even = (0.5 + shifts * np.arange(1, size + 1)) % 1.0
        alone = np.linspace(0, 1, 65)
        spread = self._low + even * (self._high - self._low)
        axes = []
        for position in range(dimensions):
            line = np.repeat(self._start[:, None], len(alone), axis=1)
            line[position] = self._low[position] + alone * (self._high[position] - self._low[position])
            axes.append(line)
        return np.hstack([spread, *axes])

    def _toward(self, places: Floats) -> list[Floats]:
        start = self._start[:, None]
        return [np.clip(start + share * (places - start), self._low, self._high) for share in (0.25, 0.5, 0.75, 1.0)]

    def _drawn_back(self, points: Floats) -> Floats:
        """Each point moved straight toward the customer, as far as it stays inside (by bisection)."""
        start = self._start[:, None]
        out, into = np.zeros(points.shape[1]), np.ones(points.shape[1])
        for _ in range(HALVINGS):
            middle = (out + into) / 2
            inside, _ = self._judge(start + middle * (points - start))
            into, out = np.where(inside, middle, into), np.where(inside, out, middle)
        drawn: Floats = start + into * (points - start)
        return drawn

    def _improved(self, points: Floats) -> Floats:
        """Each point improved by steps along and between the axes, halved when none helps."""
        dimensions, many = points.shape
        steps = np.vstack(
            [np.eye(dimensions), -np.eye(dimensions), *(_pairs(dimensions) if dimensions <= MOST_PAIRED else [])]
        ).T
        best = points.copy()
        inside, cost = self._judge(best)
        cost = np.where(inside, cost, np.inf)
        length = np.full(many, 0.25) * np.sqrt(np.where(np.isfinite(cost), cost, 0.0))
        for _ in range(ROUNDS):
            moved = best[:, :, None] + length[None, :, None] * steps[:, None, :]
            moved = np.clip(moved, self._low[:, :, None], self._high[:, :, None])
            # a step along the border leaves it: draw each trial back a little toward the customer, too
            closer = self._start[:, None, None] + 0.98 * (moved - self._start[:, None, None])
            trials = np.concatenate([moved, closer], axis=2)
            inside, tried = self._judge(trials.reshape(dimensions, -1))
            tried = np.where(inside, tried, np.inf).reshape(many, -1)
            winner = np.argmin(tried, axis=1)
            least = tried[np.arange(many), winner]
            better = least < cost
            best[:, better] = trials[:, np.flatnonzero(better), winner[better]]
            cost = np.where(better, least, cost)
            length = np.where(better, length, length / 2)
        return self._drawn_back(best)

    # -- rounding ----------------------------------------------------------------------------------------------

    def _rounded(self, point: Floats) -> RoundedChange | None:
        """The roundest values inside the segment: at the border, then a little farther in, then with finer steps."""
        for finer, depth in product(range(FINEST), DEPTHS):
            farther = np.clip(self._start + (1 + depth) * (point - self._start), self._low[:, 0], self._high[:, 0])
            rounded = self._rounded_to(farther, finer)
            if rounded is not None:
                return rounded
        return None

    def _rounded_to(self, point: Floats, finer: int) -> RoundedChange | None:
        """The best of the round values around the point and the old ones, then of its neighbours while one improves."""
        near = [
            tuple(dict.fromkeys((*number.around(float(at), finer), number.value)))
            if abs(at - start) > SAME
            else (number.value,)
            for number, at, start in zip(self._numbers, point, self._start, strict=True)
        ]
        if len(near) > 6:  # 3^d would be too many: the values next to the point only where it moves far
            gap = np.abs(point - self._start)
            far = set(np.argsort(-gap, kind="stable")[:6].tolist())
            near = [options if position in far else options[:1] for position, options in enumerate(near)]
        best = self._best_of(np.array(list(product(*near))).T)
        while best is not None:
            better = self._best_of(self._neighbours(np.array(best.numbers), finer))
            if better is None or better.cost >= best.cost:
                break
            best = better
        return best

    def _neighbours(self, values: Floats, finer: int) -> Floats:
        """One number some steps up or down, or back at the customer's own value."""
        neighbours = []
        for position, number in enumerate(self._numbers):
            at = values[position]
            if np.isnan(at):  # it is missing and stays missing
                continue
            step = number.step(float(at), finer)
            shifts = [sign * many for many in (1, 2, 5, 10, 100) for sign in (-1, 1)]
            near = np.clip([spoken(round(at / step) + shift, step) for shift in shifts], *number.possible)
            for value in (*near, number.value):
                moved = values.copy()
                moved[position] = value
                neighbours.append(moved)
        return np.array(neighbours).reshape(-1, len(values)).T

    def _best_of(self, values: Floats) -> RoundedChange | None:
        inside, cost = self._judge_values(values, self._codes)
        if not inside.any():
            return None
        winner = int(np.argmin(np.where(inside, cost, np.inf)))
        return RoundedChange(float(cost[winner]), tuple(values[:, winner].tolist()), self._codes)


def _pairs(dimensions: int) -> list[Floats]:
    """Steps that raise one number and lower another, and both together."""
    steps = []
    for raised in range(dimensions):
        for other in range(raised + 1, dimensions):
            for sign, back in product((-1.0, 1.0), repeat=2):
                step = np.zeros((1, dimensions))
                step[0, raised], step[0, other] = sign, back
                steps.append(step / np.sqrt(2))
    return steps
