"""The other scale of numbers that are never negative, on which a gap must show as well: linear or logarithmic.

Whether a density has a valley depends on the scale. The days since the last order of one cohort of shoppers pile up at
both ends, near 0 and near the age of the cohort, and thin out between: two groups on the scale of days, one slope on a
logarithmic scale. Spend that falls off evenly in money may show two hills in its logarithm. A real gap is empty on
either scale.
"""

from __future__ import annotations

import numpy as np

from segment_model.encoding.encoder import Encoder, Floats, Transform

NEARLY_STRAIGHT = 0.99  # correlation of a column on its two scales; above it, both show the same


def on_other_scale(points: Floats, encoder: Encoder) -> Floats | None:
    """The (n, width) encoded points with each number that is never negative on its other scale, as widely spread.

    The logarithm is log1p. Numbers with other transforms stay as they are. None where this changes no column.
    """
    numbers = encoder.numbers
    scaled = points.copy()
    changed = False
    for column, transform in enumerate(numbers.transforms):
        spread = float(points[:, column].std())
        if transform not in (Transform.NONE, Transform.LOG1P) or numbers.lower[column] < 0 or spread == 0:
            continue
        inside = np.maximum(points[:, column] / numbers.factor[column] + numbers.center[column], 0.0)
        other = np.log1p(inside) if transform is Transform.NONE else np.expm1(inside)
        other = (other - other.mean()) / other.std() * spread
        if np.corrcoef(other, points[:, column])[0, 1] < NEARLY_STRAIGHT:
            scaled[:, column], changed = other, True
    return scaled if changed else None
