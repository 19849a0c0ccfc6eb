"""KMeans beside which a few customers who hold much of the money are a segment of their own.

KMeans weighs customers alike, so it has no centre for a few dozen among thousands. Head/tail breaks of the amount
(`training/fitting/head_tail.py`) say who they are; the mean of their points is one more centroid. So the segment is
served, and explained exactly, like those of KMeans.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.encoding.encoder import Encoder, Floats, Indices, Transform
from training.candidates.candidate import CandidateSpec, DerivedSpec, Fit, NoSegmentsError, largest_first, means_of
from training.fitting.head_tail import heads
from training.fitting.top_of_means import TopOfMeans

TOP, HEAD = "top_of", "head"  # the parameters that say whose top is a segment, and which head of it


@dataclass(frozen=True)
class AmountAxis:
    """The encoded coordinate of an amount of money that was encoded by log1p."""

    name: str
    place: int
    center: float
    factor: float

    @classmethod
    def of(cls, encoder: Encoder, name: str) -> AmountAxis | None:
        """The coordinate of a column; None where it is encoded otherwise."""
        numbers = encoder.numbers
        place = numbers.names.index(name)
        if numbers.transforms[place] is not Transform.LOG1P or not numbers.factor[place]:
            return None
        return cls(name, place, float(numbers.center[place]), float(numbers.factor[place]))

    def amounts(self, points: Floats) -> Floats:
        """The amounts (n,) of (n, width) points."""
        amounts: Floats = np.expm1(points[:, self.place] / self.factor + self.center)
        return amounts

    def coordinate(self, amount: float) -> float:
        """Where an amount lies on the axis."""
        return float((np.log1p(amount) - self.center) * self.factor)


@dataclass(frozen=True)
class TopSpendersSpec(DerivedSpec):
    """The segments of `spec`, and the customers in the head of an amount; depth : its place among the heads."""

    axis: AmountAxis
    depth: int

    @property
    def name(self) -> str:
        return f"{self.spec.name} and the top of {self.axis.name}"

    @property
    def parameters(self) -> dict[str, Any]:
        segments = {"segments": self.spec.parameters["segments"] + 1} if "segments" in self.spec.parameters else {}
        return {**self.spec.parameters, **segments, TOP: self.axis.name, HEAD: self.depth + 1}

    def for_share(self, share: float) -> CandidateSpec:
        return replace(self, spec=self.spec.for_share(share))

    def centres_of(self, points: Floats, labels: Indices) -> Floats | None:
        segments = self.parameters.get("segments")
        return None if segments is None else means_of(points, labels, segments)

    def fit(self, points: Floats, seed: int) -> Fit:
        """Fit `spec`, and add the mean of the head as a centroid; the nearest one then decides for every customer."""
        fitted = self.spec.fit(points, seed)
        amounts = self.axis.amounts(points)
        sites, breaks = fitted.assigner.sites, heads(amounts)
        if sites is None or len(breaks) <= self.depth:
            raise NoSegmentsError(f"no head of {self.axis.name} is a segment of its own")
        centroids = np.vstack([sites, points[breaks[self.depth]].mean(axis=0)])
        nearest = NearestCentroid(centroids).nearest(np.ascontiguousarray(points.T)).segment
        if len(np.unique(nearest)) < len(centroids):
            raise NoSegmentsError(f"the head of {self.axis.name} leaves a segment without customers")
        order, labels = largest_first(nearest, len(centroids))
        assigner = NearestCentroid(np.ascontiguousarray(centroids[order]))
        within = amounts[breaks[self.depth - 1]] if self.depth else amounts
        border = self.axis.coordinate(float(within.mean()))
        top = TopOfMeans(sites, self.axis.place, border, order) if fitted.of_means else None
        return Fit(assigner, np.arange(len(points)), labels, fitted.facts, top=top)
