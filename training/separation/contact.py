"""Contact between two segments: places where customers of both lie among each other.

Slices of a curved shape look parted where the straight line between their means leaves the shape, though they touch
elsewhere. So a gap must also hold where the segments come closest: the densest place at which both mix is found on
four fifths of the customers, and on the last fifth customers are counted around it and around the densest place of
either segment; five times. Between real groups there is no such place, or it is clearly sparser than either.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr

from segment_model.encoding.encoder import Flags, Floats, Indices

# Customers around a place, and the highest probability of a dip if both places were equally dense: many customers
# show a dip surely, few resolve narrow shapes and cannot be held to that.
PLACES = ((30, 0.05), (10, 1.0))
MOST_OF_ALL = 1 / 6  # of the customers of both segments
FEWEST_NEIGHBOURS = 5
MIXED = 1 / 3  # share of a place's customers who belong to the other segment
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
    both = _Both(_squared_distances(points[rows]), nearest[rows], folds[rows], pair)
    most = int(MOST_OF_ALL * len(rows))
    return any(_dense_contact(both, min(near, most), most_depth, chance) for near, chance in PLACES)


@dataclass(frozen=True)
class _Both:
    """The customers of both segments of a pair: squared distances (n, n), segments (n,) and folds (n,)."""

    squared: Floats
    own: Indices
    fold: Indices
    pair: tuple[int, int]


def _dense_contact(both: _Both, neighbours: int, most_depth: float, most_chance: float) -> bool:
    """The test with places of so many neighbours."""
    folds = np.unique(both.fold)
    if neighbours < FEWEST_NEIGHBOURS:
        return False
    counts, resolved = np.zeros(3), 0
    for left_out in folds:
        kept, tested = np.flatnonzero(both.fold != left_out), np.flatnonzero(both.fold == left_out)
        if len(kept) <= neighbours:
            return False
        own, among = both.own[kept], both.squared[np.ix_(kept, kept)]
        near = np.argpartition(among, neighbours, axis=1)[:, : neighbours + 1]  # with the customer itself
        radius = np.take_along_axis(among, near, axis=1).max(axis=1)
        mixed = (own[near] != own[:, None]).sum(axis=1) >= MIXED * neighbours
        if not mixed.any():
            return False
        border, *densest = (_densest(radius, chosen) for chosen in (mixed, *(own == each for each in both.pair)))
        resolved += radius[border] <= RESOLVED**2 * min(among[border, place] for place in densest)
        counts += (both.squared[np.ix_(kept[[border, *densest]], tested)] <= radius[border]).sum(axis=1)
    at_border, at_densest = int(counts[0]), int(counts[1:].min())
    if resolved <= len(folds) / 2:
        return False
    is_deep = at_border <= most_depth * at_densest
    return not (is_deep and bdtr(at_border, at_border + at_densest, 0.5) <= most_chance)


def _densest(radius: Floats, chosen: Flags) -> int:
    among = np.flatnonzero(chosen)
    return int(among[np.argmin(radius[among])])


def _squared_distances(points: Floats) -> Floats:
    squares = (points**2).sum(axis=1)
    distances: Floats = np.maximum(squares[:, None] - 2 * points @ points.T + squares[None], 0.0)
    return distances
