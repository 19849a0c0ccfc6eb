"""Contact between two segments: places where customers of both lie among each other.

Slices of a curved shape look parted where the straight line between their means leaves the shape, though they touch
elsewhere. So a gap must also hold where the segments come closest: the densest place at which both mix is found on
four fifths of the customers, and on the last fifth customers are counted around it and around the densest place of
either segment; five times. Between real groups there is no such place, or it is clearly sparser than either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
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
    rows = rows[np.argsort(nearest[rows], kind="stable")]
    most = int(MOST_OF_ALL * len(rows))
    if most < FEWEST_NEIGHBOURS:
        return False
    places = [(min(near, most), chance) for near, chance in PLACES]
    both = _Both.of(points[rows], nearest[rows], folds[rows], [near for near, _ in places])
    return any(_dense_contact(both, near, most_depth, chance) for near, chance in places)


@dataclass(frozen=True)
class _Around:
    """The nearest of the customers whom a fold leaves, themselves included: near, squared, (r, most + 1) each.

    near : their rows, the nearest first, for each of the customers in `rows` (r,). squared : the distances to them.
    """

    rows: Indices
    near: Indices
    squared: Floats


class _Neighbours:
    """The neighbours of the customers in `rows`: searched once among all, and what a fold leaves taken from these."""

    def __init__(self, squared: Floats, rows: Indices, fold: Indices, most: int) -> None:
        self._squared, self._rows, self._fold, self._most = squared, rows, fold, most
        self._around: dict[int, _Around] = {}

    def without(self, left_out: int) -> _Around:
        """The neighbours of those whom the fold leaves; where too few of the searched are left, all are searched."""
        if left_out not in self._around:
            self._around[left_out] = self._search(self._fold != left_out)
        return self._around[left_out]

    @cached_property
    def _nearest(self) -> Indices:
        return _nearest(self._squared[self._rows], SEARCHED * self._most)

    def _search(self, is_kept: Flags) -> _Around:
        is_own = is_kept[self._rows]
        rows, among = self._rows[is_own], self._nearest[is_own]
        kept = np.flatnonzero(is_kept)
        wanted = min(self._most + 1, len(kept))
        is_wanted = is_kept[among]
        is_wanted &= np.cumsum(is_wanted, axis=1) <= wanted
        near = np.empty((len(rows), wanted), dtype=np.intp)
        is_full = is_wanted.sum(axis=1) == wanted
        near[is_full] = among[is_full][is_wanted[is_full]].reshape(-1, wanted)
        if not is_full.all():
            near[~is_full] = kept[_nearest(self._squared[np.ix_(rows[~is_full], kept)], self._most)]
        return _Around(rows, near, self._squared[rows[:, None], near])


@dataclass(frozen=True)
class _Both:
    """The n customers of both segments of a pair, those of one segment after those of the other.

    own, fold : (n,) their segments and folds. squared : (n, n) squared distances. doubtful : the neighbours of those
    who may be mixed; everyone : those of all, which take most of the time and are searched only if somebody is.
    """

    own: Indices
    fold: Indices
    squared: Floats
    doubtful: _Neighbours
    everyone: _Neighbours

    @classmethod
    def of(cls, points: Floats, own: Indices, fold: Indices, neighbours: Sequence[int]) -> Self:
        """points : (n, width). neighbours : the numbers of neighbours of a place."""
        squared = _squared_distances(points)
        rows = _possibly_mixed(squared, own, fold, neighbours)
        doubtful, everyone = (
            _Neighbours(squared, searched, fold, max(neighbours)) for searched in (rows, np.arange(len(own)))
        )
        return cls(own, fold, squared, doubtful, everyone)


def _possibly_mixed(squared: Floats, own: Indices, fold: Indices, neighbours: Sequence[int]) -> Indices:
    """The customers who may have `MIXED` of so many neighbours from the other segment, whichever fold is left out.

    Whoever has them has at most the rest of the neighbours nearer than the last of them. Counting who is nearer than
    the nearest of the other segment, which settles it for most, takes a tenth of a search.
    """
    most_own = max(neighbours) + 1 - MIXED * max(neighbours)
    needed = int(np.ceil(MIXED * min(neighbours)))
    folds = np.eye(fold.max() + 1)[fold]
    border = int(np.searchsorted(own, own[-1]))
    first, second = slice(0, border), slice(border, len(own))
    possible = []
    for these, others in ((first, second), (second, first)):
        within, across = squared[these, these], squared[these, others]
        if not across.size:
            continue
        nearer = np.count_nonzero(within < across.min(axis=1)[:, None], axis=1)
        rows = np.flatnonzero(nearer <= most_own + folds[these].sum(axis=0).max())
        last = min(needed, across.shape[1]) - 1
        reach = np.partition(across[rows], last, axis=1)[:, [last]]
        by_fold = (within[rows] < reach) @ folds[these]
        possible.append(these.start + rows[by_fold.sum(axis=1) - by_fold.max(axis=1) <= most_own])
    return np.concatenate(possible) if possible else np.empty(0, dtype=np.intp)


def _dense_contact(both: _Both, neighbours: int, most_depth: float, most_chance: float) -> bool:
    """The test with places of so many neighbours."""
    folds = np.unique(both.fold)
    counts, resolved = np.zeros(3), 0
    for left_out in folds:
        tested = np.flatnonzero(both.fold == left_out)
        doubtful = both.doubtful.without(left_out)
        if len(both.fold) - len(tested) <= neighbours:
            return False
        others = both.own[doubtful.near[:, : neighbours + 1]] != both.own[doubtful.rows, None]
        is_mixed = others.sum(axis=1) >= MIXED * neighbours
        if not is_mixed.any():
            return False
        everyone = both.everyone.without(left_out)
        own = both.own[everyone.rows]
        border, *dense = (
            _densest(around, among, neighbours)
            for around, among in ((doubtful, is_mixed), *((everyone, own == each) for each in np.unique(both.own)))
        )
        places, widest = np.array([border[0], *(row for row, _ in dense)]), border[1]
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


def _densest(around: _Around, is_chosen: Flags, neighbours: int) -> tuple[int, float]:
    """The row of the chosen customer whose so many neighbours are nearest, and the squared radius that they lie in."""
    among = np.flatnonzero(is_chosen)
    radii = around.squared[among, neighbours]
    least = int(np.argmin(radii))
    return int(around.rows[among[least]]), float(radii[least])


def _squared_distances(points: Floats) -> Floats:
    squares = (points**2).sum(axis=1)
    distances: Floats = 2 * points @ points.T
    np.subtract(squares[:, None], distances, out=distances)
    distances += squares
    return np.maximum(distances, 0.0, out=distances)
