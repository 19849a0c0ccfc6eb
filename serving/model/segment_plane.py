"""A flat picture of the segments: where they, and a customer, lie on the plane in which the segments differ most.

The plane is a linear view of the model's encoded space (principal components of the segments' centres, each weighted
by its share), so that whoever moves a value sees the customer move the same way every time. It is for looking at: the
model assigns in the whole space, of which the plane keeps the share `kept` of the differences between segments.
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
    """`directions` (2, width) from the point `middle` (width,); `places` (segments, 2) of the segments' centres."""

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
        directions = np.array([_upright(row) for row in _completed(known, middles.shape[1])])
        total = float(np.sum(sizes**2))
        kept = float(np.sum(sizes[:2] ** 2)) / total if total > 0 else 1.0
        return cls(middle, directions, (middles - middle) @ directions.T, min(1.0, kept))

    def place(self, points: Floats) -> Floats:
        """(width, n) encoded customers to (n, 2)."""
        return np.asarray((points.T - self.middle) @ self.directions.T, dtype=np.float64)


def _completed(directions: list[Floats], width: int) -> list[Floats]:
    """Two orthogonal directions: where segments differ in fewer, the encoded axis least along those there are."""
    found = list(directions)
    while len(found) < 2:
        axes = np.eye(width)
        for row in found:
            axes = axes - np.outer(axes @ row, row)
        lengths = np.linalg.norm(axes, axis=1)
        most = int(np.argmax(lengths))
        found.append(axes[most] / lengths[most] if lengths[most] > 1e-9 else np.zeros(width))
    return found


def _upright(direction: Floats) -> Floats:
    """The sign of a principal component is arbitrary; ours makes its largest part positive."""
    turned: Floats = direction * (1.0 if direction[np.argmax(np.abs(direction))] >= 0 else -1.0)
    return turned
