"""Why component A of a mixture and not B: exact Shapley values of the log-odds, which are quadratic in the point.

A quadratic margin f(z) = zᵀQz + l·z + c couples two columns at most, so its interventional Shapley values (Lundberg and
Lee 2017) have a closed form that needs only the background's mean m and covariance C. With u = z − m, and so
f(z) = uᵀQu + g·u + f(m), where g = l + 2Qm, a column p (a number, or a category's whole block of dimensions) gets

    φ_p = Σ_{i in p} [ g_i u_i + u_i (Qu)_i − Σ_j Q_ij C_ij ],     base = E[f] = f(m) + Σ_ij Q_ij C_ij.

Each pair of columns shares its interaction 2 Q_ij u_i u_j evenly, and the terms u_i E[u_j] vanish, since E[u] = 0.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segment_model.encoding.encoder import Encoder, Floats, Indices
from segment_model.explanation.explainer import Explanations, SegmentParts, complete_explanations


@dataclass(frozen=True)
class LogDensities:
    """k weighted Gaussian log-densities of a point z: heights − |(z − mean) · factor|² / 2, component by component.

    means : (k, width). factors : (k, width, width), factor · factorᵀ is a component's precision. heights : (k,), the
    logarithm of the weighted density at the mean, up to a constant that all components share.
    """

    means: Floats
    factors: Floats
    heights: Floats

    @cached_property
    def precisions(self) -> Floats:
        """(k, width, width) inverse covariances."""
        precisions: Floats = np.einsum("kij,klj->kil", self.factors, self.factors)
        return precisions


@dataclass(frozen=True)
class QuadraticMargin:
    """One margin around the background's mean: uᵀQu + slope · u + a constant, with its means over the background.

    quadratic : (width, width). slope : (width,). expected : (width,) the mean of u_i (Qu)_i. base : the mean margin.
    """

    quadratic: Floats
    slope: Floats
    expected: Floats
    base: float

    def contributions(self, deviations: Floats) -> Floats:
        """(width, n) deviations from the background's mean to each dimension's part of the contributions."""
        coupled = np.zeros_like(deviations)
        for row, deviation in zip(self.quadratic, deviations, strict=True):  # Q is symmetric: its row is its column
            coupled += row[:, None] * deviation  # dimension by dimension: the same bits alone and in a batch
        parts: Floats = (self.slope[:, None] + coupled) * deviations - self.expected[:, None]
        return parts


@dataclass(frozen=True)
class QuadraticExplainer:
    """Exact explanation of the log-odds (in nats) of two components, log w_A N_A(z) − log w_B N_B(z).

    mean : (width,) and covariance : (width, width) of the encoded training customers.
    """

    encoder: Encoder
    densities: LogDensities
    mean: Floats
    covariance: Floats
    _margins: dict[tuple[int, int], QuadraticMargin] = field(default_factory=dict, repr=False, compare=False)

    @property
    def linear(self) -> None:
        return None

    @property
    def by_segment(self) -> SegmentParts:
        quadratics = -self.densities.precisions / 2
        from_means = self.mean - self.densities.means
        everyone = range(len(from_means))
        base = [[self._margin(a, b).base if a != b else 0.0 for b in everyone] for a in everyone]
        return SegmentParts(
            self.mean,
            np.array(base),
            slopes=2 * (quadratics * from_means[:, None, :]).sum(axis=2),
            quadratics=quadratics,
            expected=(quadratics * self.covariance).sum(axis=2),
        )

    @property
    def is_slow(self) -> bool:
        return False

    def explain(self, points: Floats, toward: Indices, against: Indices) -> Explanations:
        """Explain (width, n) points, each toward one segment and against another."""
        deviations = points - self.mean[:, None]
        base = np.zeros(points.shape[1])
        parts = np.zeros_like(points)
        for a, b in np.unique(np.column_stack([toward, against]), axis=0).tolist():
            if b < 0:  # there is no second segment
                continue
            rows = np.flatnonzero((toward == a) & (against == b))
            margin = self._margin(a, b)
            base[rows] = margin.base
            parts[:, rows] = margin.contributions(np.ascontiguousarray(deviations[:, rows]))
        return complete_explanations(self.encoder.columns, toward, against, base, self.encoder.by_column(parts))

    def _margin(self, toward: int, against: int) -> QuadraticMargin:
        """The margin of a pair of segments, computed when its first customer comes."""
        pair = (toward, against)
        if pair not in self._margins:  # two threads may compute the same value
            self._margins[pair] = self._learn_margin(toward, against)
        return self._margins[pair]

    def _learn_margin(self, toward: int, against: int) -> QuadraticMargin:
        densities = self.densities
        p, q = densities.precisions[toward], densities.precisions[against]
        from_a, from_b = self.mean - densities.means[toward], self.mean - densities.means[against]
        quadratic = (q - p) / 2
        pull_b, pull_a = (q * from_b).sum(axis=1), (p * from_a).sum(axis=1)
        slope = pull_b - pull_a
        height = densities.heights[toward] - densities.heights[against]
        at_mean = height + ((pull_b * from_b).sum() - (pull_a * from_a).sum()) / 2
        expected = (quadratic * self.covariance).sum(axis=1)
        return QuadraticMargin(quadratic, slope, expected, float(at_mean + expected.sum()))

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"mean": self.mean, "covariance": self.covariance}
