"""Contact between two segments: places where customers of both lie among each other.

Slices of a curved shape look parted where the straight line between their means leaves the shape, though they touch
elsewhere. So a gap must also hold where the segments come closest: the densest place at which both mix is found on
four fifths of the customers, and on the last fifth customers are counted around it and around the densest place of
either segment; five times. Between real groups there is no such place, or it is clearly sparser than either.
"""

from __future__ import annotations

import numpy as np
from scipy.special import bdtr

from segment_model.encoding.encoder import Floats, Indices

NEIGHBOURS = 30  # customers around a place; fewer in small segments
MOST_OF_ALL = 1 / 6  # of the customers of both segments
FEWEST_NEIGHBOURS = 5
MIXED = 1 / 3  # share of a place's customers who belong to the other segment
MOST_COMPARED = 2_000  # customers of both segments
RESOLVED = 0.5  # radius of a place over its distance to the densest places; wider ones show no dip, real or not
SEED = 0


def touch_densely(points: Floats, nearest: Indices, folds: Indices, pair: tuple[int, int], most_depth: float) -> bool:
    """Whether the two segments of a pair touch at a place that is not clearly sparser than the densest of either.

    points : (n, width), in the space that whitens the scatter within segments. nearest, folds : (n,) the segment and
    the fold of each. Sparser means: at most `most_depth` times as dense, with a probability of at most 5 % if both were
    equally dense. False where the segments do not touch, or too few customers lie around to resolve a dip.
    """
    rows = np.flatnonzero((nearest == pair[0]) | (nearest == pair[1]))
    if len(rows) > MOST_COMPARED:
        rows = np.sort(np.random.default_rng(SEED).choice(rows, MOST_COMPARED, replace=False))
    own, fold = nearest[rows], folds[rows]
    squared = _squared_distances(points[rows])
    neighbours = min(NEIGHBOURS, int(MOST_OF_ALL * len(rows)))
    if neighbours < FEWEST_NEIGHBOURS:
        return False
    counts, resolved = np.zeros(3), 0
    for left_out in np.unique(folds):
        kept, tested = np.flatnonzero(fold != left_out), np.flatnonzero(fold == left_out)
        if len(kept) <= neighbours:
            return False
        among = squared[np.ix_(kept, kept)]
        near = np.argpartition(among, neighbours, axis=1)[:, : neighbours + 1]  # with the customer itself
        radius = np.take_along_axis(among, near, axis=1).max(axis=1)
        mixed = (own[kept][near] != own[kept][:, None]).sum(axis=1) >= MIXED * neighbours
        if not mixed.any():
            return False
        places = [_densest(radius, chosen) for chosen in (mixed, *(own[kept] == segment for segment in pair))]
        border = places[0]
        resolved += radius[border] <= RESOLVED**2 * min(among[border, place] for place in places[1:])
        counts += (squared[np.ix_(kept[places], tested)] <= radius[border]).sum(axis=1)
    at_border, densest = int(counts[0]), int(counts[1:].min())
    if resolved <= len(np.unique(folds)) / 2:
        return False
    is_dip = at_border <= most_depth * densest and bdtr(at_border, at_border + densest, 0.5) <= 0.05
    return not is_dip


def _densest(radius: Floats, chosen: np.ndarray) -> int:
    among = np.flatnonzero(chosen)
    return int(among[np.argmin(radius[among])])


def _squared_distances(points: Floats) -> Floats:
    squares = (points**2).sum(axis=1)
    distances: Floats = np.maximum(squares[:, None] - 2 * points @ points.T + squares[None], 0.0)
    return distances
