"""The silhouettes of a sample of customers, one by one, for the silhouette plot (Rousseeuw 1987)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from segment_model.encoding.encoder import Floats, Indices
from training.evaluation.quality import stratified_sample
from training.evaluation.silhouette_values import silhouette_values
from training.fitting.single_thread import single_thread

MOST_MEASURED = 1_500
SEED = 0


@dataclass(frozen=True)
class Silhouettes:
    """The segments' positions (m,) of m sampled, assigned customers, and their silhouettes (m,), -1..1.

    `silhouettes` is None where fewer than two segments have customers: there is nothing to compare.
    """

    labels: Indices
    silhouettes: Floats | None

    @property
    def segments(self) -> list[int]:
        """The positions of the segments that have customers."""
        return [int(position) for position in np.unique(self.labels)]


def measure_silhouettes(points: Floats, labels: Indices) -> Silhouettes:
    """Silhouettes of a stratified sample of at most about 1,500 of the (n, width) encoded customers."""
    rows = stratified_sample(labels, MOST_MEASURED, SEED)
    rows = rows[labels[rows] >= 0]
    sampled = labels[rows]
    if not 2 <= len(np.unique(sampled)) < len(sampled):
        return Silhouettes(sampled, None)
    with single_thread():
        return Silhouettes(sampled, silhouette_values(points[rows], sampled))
