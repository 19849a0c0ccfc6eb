"""Segments told apart in a turned space, served as nearest centroids of the plain one.

Whoever goes to the nearest mean in a turned space crosses flat borders. Few flat borders are also those between the
nearest of a few *sites* in the plain space (a Voronoi diagram), so that `NearestCentroid` can serve them: the same
arithmetic, the same exact explanation. The sites need not be the segments' means; of all that fit, those nearest to
the means are taken.
"""

from __future__ import annotations

import numpy as np

from segment_model.encoding.encoder import Floats


def sites(means: Floats, turn: Floats) -> Floats:
    """Sites (k, width) whose nearest one is that of the means (k, width) in the space of (width, width) `turn`.

    With A = turn · turnᵀ the turned distances to a mean m differ as −2 x·Am + m·Am do. Sites c = s·Am + a give as
    much, s times, where |c|² = s·m·Am + a constant: an equation a segment, linear in s, a and that constant over s.
    Up to width + 2 segments they can be met in general; for more they are met as nearly as can be.
    """
    pulls = means @ turn @ turn.T
    known = np.einsum("kw,kw->k", means, pulls) / 2
    squares = np.einsum("kw,kw->k", pulls, pulls) / 2
    borders = np.column_stack([squares, pulls, -np.ones(len(means))])
    start = np.linalg.lstsq(borders, known, rcond=None)[0]
    free = _null_space(borders)
    places = _places(pulls, start)
    ways = np.array([_places(pulls, way).ravel() for way in free])
    if len(ways):
        start = start + np.linalg.lstsq(ways.T, (means - places).ravel(), rcond=None)[0] @ free
    return _places(pulls, start)


def _places(pulls: Floats, unknowns: Floats) -> Floats:
    """s·pulls + a for unknowns (s, a, constant)."""
    result: Floats = unknowns[0] * pulls + unknowns[1:-1]
    return result


def _null_space(matrix: Floats) -> Floats:
    """(free, columns) orthonormal ways that the matrix sends to 0."""
    _, values, ways = np.linalg.svd(matrix)
    rank = int(np.sum(values > values[0] * max(matrix.shape) * np.finfo(np.float64).eps))
    return ways[rank:]
