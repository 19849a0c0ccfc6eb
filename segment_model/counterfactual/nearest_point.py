"""The point of a polytope nearest to another point: a small convex quadratic programme, solved exactly."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls

from segment_model.encoding.encoder import Floats

EMPTY = 1e-6  # the residual is 1 / sqrt(1 + distance²): smaller means no point within a million encoded units
AGREED = 1e-9  # a constraint may be violated by this much through rounding


def nearest_point(point: Floats, gains: Floats, needs: Floats, lower: Floats, upper: Floats) -> Floats | None:
    """argmin ‖x − point‖ subject to gains · x >= needs and lower <= x <= upper; None where there is no such x.

    point, lower, upper : (d,); gains : (m, d); needs : (m,). Least distance programming as in Lawson and Hanson,
    Solving Least Squares Problems (1974), chapter 23: its dual is one non-negative least squares problem, which also
    tells when no point fits. The active constraints are then solved once more, so that only rounding is left.
    """
    free = upper > lower
    fixed = np.where(free, point, np.clip(point, lower, upper))
    needs = needs - gains[:, ~free] @ fixed[~free]
    start = point[free]
    length = np.sqrt(np.sum(gains[:, free] ** 2, axis=1))
    flat = length <= 1e-12
    if np.any(needs[flat] > AGREED):
        return None
    rows = gains[np.ix_(~flat, free)] / length[~flat, None]
    eye = np.eye(len(start))
    matrix = np.vstack([rows, eye, -eye])
    bound = np.concatenate([needs[~flat] / length[~flat], lower[free], -upper[free]]) - matrix @ start
    move = _least_move(matrix, bound)
    if move is None:
        return None
    fixed[free] = np.clip(start + move, lower[free], upper[free])
    return fixed


def _least_move(matrix: Floats, bound: Floats) -> Floats | None:
    """argmin ‖y‖ subject to matrix · y >= bound."""
    if np.all(bound <= 0):
        return np.zeros(matrix.shape[1])
    if not matrix.shape[1]:
        return None
    target = np.zeros(matrix.shape[1] + 1)
    target[-1] = 1.0
    system = np.vstack([matrix.T, bound])
    weights, residual = nnls(system, target, maxiter=100 * len(bound))
    if residual <= EMPTY:
        return None
    rest = system @ weights - target
    rough = -rest[:-1] / rest[-1]
    active = weights > 0
    exact: Floats = np.linalg.lstsq(matrix[active], bound[active], rcond=None)[0]
    return exact if np.all(matrix @ exact >= bound - AGREED) else rough
