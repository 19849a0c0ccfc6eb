"""Screening: a product of matrices, in single precision, leaves two segments that may be a customer's nearest.

The squared distance from a customer x to a centre c is |x|² + 2 (|c|²/2 - x·c). Libraries of linear algebra compute x·c
in a tenth of the time of the distance, but their rounding depends on the size of the batch. Therefore the products only
exclude segments, by a bound on their error, and no answer contains them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from segment_model.assigners.nearest import two_smallest
from segment_model.encoding.encoder import Flags, Floats, Indices

Singles = NDArray[np.float32]

UNIT = 2.0**-24  # the relative error of an operation in single precision
TINY = 2.0**-126  # the absolute error of an operation whose result is below it
MULTIPLICATIONS_AT_ONCE = 2**18  # OpenBLAS wakes other threads for larger products, which costs more than it saves


class Candidates(NamedTuple):
    """Two segments of each of n customers, as positions, and whether it is certain that no third one is as near."""

    first: Indices
    second: Indices
    sure: Flags


class Screen:
    """Screens three or more centres, (segments, width)."""

    def __init__(self, centres: Floats) -> None:
        with np.errstate(over="ignore"):
            squares = np.square(centres).sum(axis=1)
            self._centres: Singles = centres.astype(np.float32)
            self._halves: Singles = (squares / 2).astype(np.float32)[:, None]
            self._largest_square = np.float32(squares.max())

    def candidates(self, points: Floats) -> Candidates:
        """The two segments with the least scores |c|²/2 - x·c of (width, n) points.

        The error of a score is at most (width + 8) (UNIT s + TINY), s = |x|² + |c|²: `width` roundings for x·c, in any
        order (Higham, Accuracy and Stability of Numerical Algorithms, 3.1), and fewer than 8 for the conversions,
        |c|²/2, the difference and the distance in double precision that the score stands for. A segment is excluded if
        its score exceeds the second one by the errors of both; twice as much is asked, since s is rounded as well.
        No score exceeds s in size: where single precision ends, s is infinite first, and nothing is excluded.
        """
        width, size = points.shape
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            singles = points.astype(np.float32)
            squares = np.einsum("dn,dn->n", singles, singles) + self._largest_square
            scores = self._scores(singles)
            near = two_smallest(scores, np.zeros(size, dtype=np.bool_))
            limit = near.runner_up_distance + np.float32(4 * (width + 8)) * (UNIT * squares + TINY)
            possible = np.zeros(size, dtype=np.min_scalar_type(len(scores)))
            for row in scores:
                possible += row <= limit
        return Candidates(near.segment, near.runner_up, possible == 2)

    def _scores(self, singles: Singles) -> Singles:
        """(segments, n)."""
        scores = np.empty((len(self._centres), singles.shape[1]), dtype=np.float32)
        step = max(1, MULTIPLICATIONS_AT_ONCE // self._centres.size)
        for start in range(0, singles.shape[1], step):
            part = slice(start, start + step)
            np.matmul(self._centres, singles[:, part], out=scores[:, part])
        return np.subtract(self._halves, scores, out=scores)
