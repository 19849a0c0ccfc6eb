"""A candidate of two segments on either side of a line across a column; which column may depend on the customers."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from segment_model.assigners.nearest_centroid import NearestCentroid
from training.candidates.candidate import Fit


@dataclass(frozen=True)
class Halves:
    """The line goes through 0; the customers have two columns."""

    name: str
    divides_continuum: bool
    algorithm: str = "halves"
    needs_gaps: bool = False
    refits: int = 10

    @abstractmethod
    def across(self, customers: int, seed: int) -> int:
        """The column that the line crosses, among so many customers."""

    @property
    def parameters(self) -> dict[str, Any]:
        return {}

    def for_share(self, share: float) -> Self:
        return self

    def centres_of(self, points: NDArray[np.float64], labels: NDArray[np.intp]) -> None:
        return None

    def fit(self, points: NDArray[np.float64], seed: int) -> Fit:
        centres = np.zeros((2, 2))
        centres[:, self.across(len(points), seed)] = [-1, 1]
        assigner = NearestCentroid(centres)
        labels = assigner.nearest(np.ascontiguousarray(points.T)).segment
        return Fit(assigner, np.arange(len(points)), labels, {})
