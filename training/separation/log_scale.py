"""The logarithmic scale of numbers that are never negative, on which a gap must show as well.

Whether a density has a valley depends on the scale. The days since the last order of one cohort of shoppers pile up at
both ends, near 0 and near the age of the cohort, and thin out between: two groups on the scale of days, one slope on a
logarithmic scale. A real gap is empty on either scale. Numbers that are encoded by their logarithm are not tested on
the linear scale, where groups near 0 are too narrow for the test.
"""

from __future__ import annotations

import numpy as np

from segment_model.encoding.encoder import Encoder, Floats, Transform

NEARLY_STRAIGHT = 0.99  # correlation of a column with its logarithm; above it, both scales show the same


def on_log_scale(points: Floats, encoder: Encoder) -> Floats | None:
    """The (n, width) encoded points with log1p of each untransformed number that is never negative, as widely spread.

    None where this changes no column.
    """
    numbers = encoder.numbers
    scaled = points.copy()
    changed = False
    for column, transform in enumerate(numbers.transforms):
        spread = float(points[:, column].std())
        if transform is not Transform.NONE or numbers.lower[column] < 0 or spread == 0:
            continue
        logs = np.log1p(np.maximum(points[:, column] / numbers.factor[column] + numbers.center[column], 0.0))
        logs = (logs - logs.mean()) / logs.std() * spread
        if np.corrcoef(logs, points[:, column])[0, 1] < NEARLY_STRAIGHT:
            scaled[:, column], changed = logs, True
    return scaled if changed else None
