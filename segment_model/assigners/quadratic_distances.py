"""Distances to segments as formulas that any engine can compute, for assigners whose distances are quadratic."""

from __future__ import annotations

from dataclasses import dataclass

from segment_model.encoding.encoder import Floats


@dataclass(frozen=True)
class QuadraticDistances:
    """The distance of an encoded point z to segment k is √(|(z − means_k) · factors_k|² + penalties_k).

    The nearest segment alone decides, the first of several at the same distance, and nobody is outside.

    means : (segments, width). factors : (segments, width, width), or None where each is the identity, so that the
    distance is Euclidean. penalties : (segments,), at least 0.
    """

    means: Floats
    factors: Floats | None
    penalties: Floats
