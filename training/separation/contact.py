"""Contact between two segments: places where customers of both lie among each other.

Slices of a curved shape look parted where the straight line between their means leaves the shape, though they touch
elsewhere. So a gap must also hold where the segments come closest: the densest place at which both mix is found on
four fifths of the customers, and on the last fifth customers are counted around it and around the densest place of
either segment; five times. Between real groups there is no such place, or it is clearly sparser than either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import bdtr

from segment_model.encoding.encoder import Flags, Floats, Indices

# Customers around a place, and the highest probability of a dip if both places were equally dense: many customers
# show a dip surely, few resolve narrow shapes and cannot be held to that.
PLACES = ((30, 0.05), (10, 1.0))
MOST_OF_ALL = 1 / 6  # of the customers of both segments
FEWEST_NEIGHBOURS = 5
MIXED = 1 / 3  # share of a place's customers who belong to the other segment
SEARCHED = 2  # times as many neighbours as a place has; a fold leaves four fifths of them
MOST_COMPARED = 2_000  # customers of both segments
RESOLVED = 0.5  # radius of a place over its distance to the densest places; wider ones show no dip, real or not
SEED = 0


def touch_densely(points: Floats, nearest: Indices, folds: Indices, pair: tuple[int, int], most_depth: float) -> bool:
    """Whether the two segments of a pair touch at a place that is not clearly sparser than the densest of either.

    points : (n, width), in the space that whitens the scatter within segments. nearest, folds : (n,) the segment and
    the fold of each. Sparser means: at most `most_depth` times as dense, improbably so if both were equally dense (see
    `PLACES`). False where the segments do not touch, or too few customers lie around to resolve a dip.
    """
    rows = np.flatnonzero((nearest == pair[0]) | (nearest == pair[1]))
    if len(rows) > MOST_COMPARED:
        rows = np.sort(np.random.default_rng(SEED).choice(rows, MOST_COMPARED, replace=False))
    most = int(MOST_OF_ALL * len(rows))
    places = [(min(near, most), chance) for near, chance in PLACES]
    if most < FEWEST_NEIGHBOURS:
        return False
    both = _Both(points[rows], nearest[rows], folds[rows], pair, max(near for near, _ in places))
    return any(_dense_contact(both, near, most_depth, chance) for near, chance in places)


class _Both:
    """The customers of both segments of a pair: points (n, width), segments (n,) and folds (n,).

    most : neighbours of a place, at most. The nearest of all are searched once; what a fold leaves is taken from them.
    """

    def __init__(self, points: Floats, own: Indices, fold: Indices, pair: tuple[int, int], most: int) -> None:
        self.own, self.fold, self.pair = own, fold, pair
        self.squared = _squared_distances(points)
        self._most = most
        self._near = _nearest(self.squared, SEARCHED * most)
        self._around: dict[int, _Around] = {}

    def around(self, left_out: int) -> _Around:
        """The neighbours of the customers whom a fold leaves, among themselves."""
        if left_out not in self._around:
            self._around[left_out] = _Around.of(self.squared, self._near, self.fold != left_out, self._most)
        return self._around[left_out]


@dataclass(frozen=True)
class _Around:
    """The nearest of the customers in the rows `kept` (m,) to each of them, the nearest first: (m, most + 1) each.

    near : positions in `kept`, that of the customer itself included. squared : the distances to them.
    """

    kept: Indices
    near: Indices
    squared: Floats

    @classmethod
    def of(cls, squared: Floats, nearest: Indices, is_kept: Flags, most: int) -> Self:
        """nearest : (n, searched) of all customers; where too few of them are kept, all that are kept are searched."""
        kept = np.flatnonzero(is_kept)
        wanted = min(most + 1, len(kept))
        among = nearest[kept]
        is_wanted = is_kept[among]
        is_wanted &= np.cumsum(is_wanted, axis=1) <= wanted
        near = np.empty((len(kept), wanted), dtype=np.intp)
        is_full = is_wanted.sum(axis=1) == wanted
        near[is_full] = among[is_full][is_wanted[is_full]].reshape(-1, wanted)
        if not is_full.all():
            near[~is_full] = kept[_nearest(squared[np.ix_(kept[~is_full], kept)], most)]
        return cls(kept, (np.cumsum(is_kept) - 1)[near], squared[kept[:, None], near])


def _dense_contact(both: _Both, neighbours: int, most_depth: float, most_chance: float) -> bool:
    """The test with places of so many neighbours."""
    folds = np.unique(both.fold)
    counts, resolved = np.zeros(3), 0
    for left_out in folds:
        around, tested = both.around(left_out), np.flatnonzero(both.fold == left_out)
        if len(around.kept) <= neighbours:
            return False
        own, radius = both.own[around.kept], around.squared[:, neighbours]
        mixed = (own[around.near[:, : neighbours + 1]] != own[:, None]).sum(axis=1) >= MIXED * neighbours
        if not mixed.any():
            return False
        chosen = [_densest(radius, among) for among in (mixed, *(own == each for each in both.pair))]
        places, widest = around.kept[chosen], radius[chosen[0]]
        resolved += widest <= RESOLVED**2 * both.squared[places[0], places[1:]].min()
        counts += (both.squared[np.ix_(places, tested)] <= widest).sum(axis=1)
    at_border, at_densest = int(counts[0]), int(counts[1:].min())
    if resolved <= len(folds) / 2:
        return False
    is_deep = at_border <= most_depth * at_densest
    return not (is_deep and bdtr(at_border, at_border + at_densest, 0.5) <= most_chance)


def _nearest(squared: Floats, most: int) -> Indices:
    """The columns of the `most` + 1 least of each row, the least first: (rows, at most most + 1)."""
    near = np.argpartition(squared, min(most, squared.shape[1] - 1), axis=1)[:, : most + 1]
    order = np.argsort(np.take_along_axis(squared, near, axis=1), axis=1, kind="stable")
    return np.take_along_axis(near, order, axis=1)


def _densest(radius: Floats, chosen: Flags) -> int:
    among = np.flatnonzero(chosen)
    return int(among[np.argmin(radius[among])])


def _squared_distances(points: Floats) -> Floats:
    squares = (points**2).sum(axis=1)
    distances: Floats = 2 * points @ points.T
    np.subtract(squares[:, None], distances, out=distances)
    distances += squares
    return np.maximum(distances, 0.0, out=distances)
