"""Valleys of density between two neighbouring segments: located on some customers, counted on others.

Only customers in a tube around the line between the two means count: those whose projection onto the border between the
two segments still is nearest to one of them. If the density of all customers is log-concave (uniform or Gaussian, with
any correlation), so is the density along the line within the tube (Prékopa 1973): it has one peak and no valley.
Without the tube even slices of one Gaussian show valleys, because they touch where they are narrow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from scipy.special import bdtr

from segment_model.encoding.encoder import Floats, Indices

FEWEST_IN_TUBE = 6
WINDOW = 0.25  # width of a counting window, as a share of the distance between the two segments' medians
STEPS = 40


@dataclass(frozen=True)
class Counts:
    """Held-out customers in three windows of one width: the valley and the peaks on either side."""

    valley: int = 0
    left: int = 0
    right: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.valley + other.valley, self.left + other.left, self.right + other.right)

    @property
    def depth(self) -> float:
        """Density of the valley over that of the lower peak; 1 where the lower peak is empty."""
        lower = min(self.left, self.right)
        return min(1.0, self.valley / lower) if lower else 1.0

    @property
    def chance(self) -> float:
        """Chance of so empty a valley if the density has one peak: it is then at least as dense as the lower peak.

        Given their sum, the count in the valley is then binomial with a probability of 1/2 or more.
        """
        if not self.left or not self.right:
            return 1.0
        return max(float(bdtr(self.valley, self.valley + peak, 0.5)) for peak in (self.left, self.right))


@dataclass(frozen=True)
class Windows:
    """Where to count along a line: the starts of the valley and of the peaks before and behind it, all of one width.

    starts : (3,), or empty where customers are too few or the valley lies at an end.
    """

    starts: Floats
    width: float = 0.0

    @classmethod
    def located(cls, positions: Floats) -> Self:
        """The windows of (m,) positions."""
        positions = np.sort(positions)
        middle = int(np.searchsorted(positions, 0.5))
        left, right = positions[:middle], positions[middle:]
        if len(positions) < FEWEST_IN_TUBE or len(left) < 2 or len(right) < 2:
            return cls(np.empty(0))
        low, high = _median(left), _median(right)
        width = WINDOW * (high - low)
        starts = np.linspace(low, high - width, STEPS)
        numbers = _within(positions, starts, width)
        emptiest = np.flatnonzero(numbers == numbers.min())
        bottom = starts[emptiest[len(emptiest) // 2]]
        around = np.linspace(low - width, high, 2 * STEPS)
        crowd = _within(positions, around, width)
        before, after = around + width <= bottom, around >= bottom + width
        if not before.any() or not after.any():
            return cls(np.empty(0))
        peaks = [around[side][np.argmax(crowd[side])] for side in (before, after)]
        return cls(np.array([bottom, *peaks]), width)

    def count(self, positions: Floats) -> Counts:
        """The customers at (m,) positions in each window."""
        if not len(self.starts):
            return Counts()
        return Counts(*_within(np.sort(positions), self.starts, self.width).tolist())


@dataclass(frozen=True)
class Line:
    """The points in a tube: their rows (m,) among all, and their positions (m,) along it."""

    rows: Indices
    positions: Floats


@dataclass(frozen=True)
class Layout:
    """A space to look for valleys in: a linear map (width, width) of points, and the mapped means (segments, width)."""

    transform: Floats
    means: Floats

    def neighbours(self) -> Iterator[tuple[int, int]]:
        """The pairs whose diametral ball holds no third mean: the Gabriel graph (Gabriel and Sokal 1969)."""
        squared = ((self.means[:, None] - self.means[None]) ** 2).sum(axis=2)
        for a in range(len(self.means)):
            for b in range(a + 1, len(self.means)):
                detour = squared[a] + squared[b]
                detour[[a, b]] = np.inf
                if np.all(detour >= squared[a, b]):
                    yield a, b

    def between(self, points: Floats) -> Floats:
        """Positions (n,) of (n, width) points along the line from the first of two means, at 0, to the second, at 1."""
        way = self.means[1] - self.means[0]
        length = float(way @ way)
        positions: Floats = ((points @ self.transform) - self.means[0]) @ way / (length or 1.0)
        return positions

    def on(self, points: Floats) -> Mapped:
        """(n, width) points mapped into this layout."""
        mapped = points @ self.transform
        inner = mapped @ self.means.T
        own = (mapped**2).sum(axis=1)[:, None]
        return Mapped(self.means, mapped, own - 2 * inner + (self.means**2).sum(axis=1), inner)


@dataclass(frozen=True)
class Mapped:
    """n points in a layout: mapped (n, width), with squared distances to and inner products with the means."""

    means: Floats
    points: Floats
    squared: Floats
    inner: Floats

    @cached_property
    def nearest(self) -> Indices:
        """(n,) the nearest mean."""
        nearest: Indices = np.argmin(self.squared, axis=1)
        return nearest

    def along(self, a: int, b: int) -> Line:
        """The points in the tube, and where they lie along the line from mean a (at 0) to mean b (at 1)."""
        way = self.means[b] - self.means[a]
        length = float(way @ way)
        if length == 0:
            return Line(np.empty(0, dtype=np.intp), np.empty(0))
        ours = np.flatnonzero((self.nearest == a) | (self.nearest == b))
        projected = self.inner[ours, b] - self.inner[ours, a]
        position = (projected - self.means[a] @ way) / length
        shift = 0.5 - position
        # ‖x + s·way − m‖² = ‖x − m‖² + 2s·way·(x − m) + s²‖way‖², and the last term is the same for every mean
        feet = self.squared[ours] + 2 * shift[:, None] * (projected[:, None] - self.means @ way)
        inside = np.minimum(feet[:, a], feet[:, b]) <= feet.min(axis=1)
        return Line(ours[inside], position[inside])


def straight(points: Floats, labels: Indices, segments: int) -> Layout:
    """The layout of the encoded space itself; every segment needs a customer among the (n, width) `points`."""
    return Layout(np.eye(points.shape[1]), _means(points, labels, segments))


def rounded(points: Floats, labels: Indices, segments: int) -> Layout:
    """The layout that whitens the slightly shrunk scatter within segments, as in Fisher's discriminant analysis."""
    eigenvalues, vectors = np.linalg.eigh(scatter(points, labels, segments))
    whitening = vectors / np.sqrt(eigenvalues)
    return Layout(whitening, _means(points, labels, segments) @ whitening)


def scatter(points: Floats, labels: Indices, segments: int) -> Floats:
    """The covariance (width, width) within segments, slightly shrunk towards a sphere; label -1 is no segment."""
    kept = labels >= 0
    within = points[kept] - _means(points, labels, segments)[labels[kept]]
    covariance = within.T @ within / len(within)
    width = len(covariance)
    share = min(0.5, width / len(within))
    shrunk: Floats = (1 - share) * covariance + (share * np.trace(covariance) / width + 1e-9) * np.eye(width)
    return shrunk


def positions_between(
    known: Floats, labels: Indices, pair: tuple[int, int], unknown: Floats
) -> list[tuple[Floats, Floats]]:
    """Positions along the line between two segments, in either layout: of `known` points, and of `unknown` ones.

    known : (n, width); labels : (n,) their segments, of which those of the pair lay the line. Empty where one of these
    has no point.
    """
    own = np.select([labels == segment for segment in pair], [0, 1], -1).astype(np.intp)
    if min(np.count_nonzero(own == number) for number in (0, 1)) == 0:
        return []
    layouts = [make(known, own, 2) for make in (straight, rounded)]
    return [(layout.between(known), layout.between(unknown)) for layout in layouts]


def _median(ordered: Floats) -> float:
    """The median of (m,) ordered values."""
    return float((ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2)


def _within(positions: Floats, starts: Floats, width: float) -> Indices:
    return np.searchsorted(positions, starts + width, "right") - np.searchsorted(positions, starts, "left")


def _means(points: Floats, labels: Indices, segments: int) -> Floats:
    return np.array([points[labels == segment].mean(axis=0) for segment in range(segments)])
