"""Nearest-mean segments of a linearly transformed space, as nearest-centroid segments of the plain space.

Nearest-mean assignment under a linear transform has linear boundaries. So has the Voronoi diagram of a few *sites* in
the plain space. Sites with the same boundaries let `NearestCentroid` serve the segments, with the same arithmetic and
the same exact explanation. The sites need not be the segments' means; of all sites that fit, those nearest to the means
are taken.
"""

from __future__ import annotations

import numpy as np

from segment_model.encoding.encoder import Floats


def voronoi_sites(means: Floats, transform: Floats) -> Floats:
    """Sites (k, width) with the boundaries of the means (k, width) in the space of (width, width) `transform`.

    With A = transform · transformᵀ the transformed squared distances to a mean m differ as −2 x·Am + m·Am do. Those
    to sites c = s·Am + a differ by s times as much where |c|² = s·m·Am + a constant: one equation a segment, linear in
    s, a and that constant over s. Up to width + 2 segments an exact solution exists in general; for more it is a
    least-squares solution.
    """
    mapped = means @ transform @ transform.T
    right_side = np.einsum("kw,kw->k", means, mapped) / 2
    squares = np.einsum("kw,kw->k", mapped, mapped) / 2
    equations = np.column_stack([squares, mapped, -np.ones(len(means))])
    solution = np.linalg.lstsq(equations, right_side, rcond=None)[0]
    free = _null_space(equations)
    first_sites = _sites_of(mapped, solution)
    directions = np.array([_sites_of(mapped, direction).ravel() for direction in free])
    if len(directions):
        solution = solution + np.linalg.lstsq(directions.T, (means - first_sites).ravel(), rcond=None)[0] @ free
    return _sites_of(mapped, solution)


def _sites_of(mapped: Floats, unknowns: Floats) -> Floats:
    """s·mapped + a for unknowns (s, a, constant)."""
    moved: Floats = unknowns[0] * mapped + unknowns[1:-1]
    return moved


def _null_space(matrix: Floats) -> Floats:
    """(free, columns) orthonormal directions that the matrix sends to 0."""
    _, singular, directions = np.linalg.svd(matrix)
    rank = int(np.sum(singular > singular[0] * max(matrix.shape) * np.finfo(np.float64).eps))
    return directions[rank:]
