"""Marks of groups that differ from the rest, corrected for how many groups are looked at."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import false_discovery_control

from analytics.record import Mark

LEVEL = 0.05  # the share of marks that may be false


def marks(difference: npt.ArrayLike, p: npt.ArrayLike, defines: bool = False) -> npt.NDArray[np.object_]:
    """The mark of each group of one figure, by the sign of its difference from the rest and the p-value of its test.

    The p-values are corrected together (Benjamini and Hochberg 1995); a missing one is no look and gets no mark.
    defines : whether the figure measures what shaped the segments; then a difference says nothing new.
    """
    values, differences = np.asarray(p, dtype=float), np.asarray(difference, dtype=float)
    corrected = np.ones(values.shape)
    known = ~np.isnan(values)
    if known.any():
        corrected[known] = false_discovery_control(values[known])
    side = np.where(differences > 0, str(Mark.ABOVE), str(Mark.BELOW)) if not defines else str(Mark.DEFINES)
    return np.where(corrected < LEVEL, side, str(Mark.NONE)).astype(object)
