"""The plane in which the segments differ most, for a picture of segments and customers.

The plane is spanned by the first two principal components of the segments' centres in the encoded space, each centre
weighted by its share of the customers. The view is linear: the same change of a value moves every customer in the same
direction. It is a picture only; the model assigns in the whole space.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from segment_model.encoding.encoder import Floats
    from segment_model.model import SegmentModel


@dataclass(frozen=True)
class SegmentPlane:
    """The plane through `middle` (width,) along the orthonormal `directions` (2, width).

    places : (segments, 2) coordinates of the segments' centres. kept : the share of the variance between the centres,
    0 to 1, that the plane shows.
    """

    middle: Floats
    directions: Floats
    places: Floats
    kept: float

    @classmethod
    def of(cls, model: SegmentModel) -> Self:
        middles = model.centres
        weights = np.array([card.size for card in model.cards], dtype=np.float64)
        weights = weights / weights.sum() if weights.sum() > 0 else np.full(len(weights), 1 / len(weights))
        middle = weights @ middles
        spread = (middles - middle) * np.sqrt(weights)[:, None]
        _, sizes, rows = np.linalg.svd(spread, full_matrices=False)
        known = [row for row, size in zip(rows, sizes, strict=True) if size > 1e-9 * max(sizes[0], 1e-300)][:2]
        directions = np.array([_oriented(row) for row in _completed(known, middles.shape[1])])
        total = float(np.sum(sizes**2))
        kept = float(np.sum(sizes[:2] ** 2)) / total if total > 0 else 1.0
        return cls(middle, directions, (middles - middle) @ directions.T, min(1.0, kept))

    def place(self, points: Floats) -> Floats:
        """Project (width, n) encoded customers onto the plane: (n, 2)."""
        return np.asarray((points.T - self.middle) @ self.directions.T, dtype=np.float64)


def _completed(directions: list[Floats], width: int) -> list[Floats]:
    """Two orthogonal directions; a missing one is the encoded axis that the others explain least."""
    completed = list(directions)
    while len(completed) < 2:
        axes = np.eye(width)
        for row in completed:
            axes = axes - np.outer(axes @ row, row)
        lengths = np.linalg.norm(axes, axis=1)
        most = int(np.argmax(lengths))
        completed.append(axes[most] / lengths[most] if lengths[most] > 1e-9 else np.zeros(width))
    return completed


def _oriented(direction: Floats) -> Floats:
    """Fix the arbitrary sign of a principal component: its largest coordinate is positive."""
    oriented: Floats = direction * (1.0 if direction[np.argmax(np.abs(direction))] >= 0 else -1.0)
    return oriented
