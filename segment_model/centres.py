"""Centres of segments where they are not the assigner's centroids: the typical customer of each segment's card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from segment_model.cards import SegmentCard
from segment_model.encoding.encoder import MISSING_LEVEL, CategoryEncoding, Encoder, Floats, RawCustomers


def keeps_sites(provenance: Mapping[str, Any]) -> bool:
    """Whether a model's centroids are sites of a Voronoi diagram instead of means (decision 9)."""
    return bool(provenance.get("parameters", {}).get("allowing_for") == "correlation")


def typical_points(encoder: Encoder, cards: Sequence[SegmentCard]) -> Floats:
    """(segments, width): each card's medians and commonest levels, encoded.

    A column that a card leaves out (a sensitive one) is encoded as missing.
    """
    typical = [card.medians for card in cards]
    numbers = [[np.nan if (v := row.get(name)) is None else v for row in typical] for name in encoder.numbers.names]
    codes = [[_code(category, row.get(category.name)) for row in typical] for category in encoder.categories]
    shape = (len(codes), len(typical))
    customers = RawCustomers(
        np.array(numbers, dtype=np.float64).reshape(-1, len(typical)),
        np.array(codes, dtype=np.intp).reshape(shape),
        np.zeros(shape, dtype=np.bool_),
    )
    return np.ascontiguousarray(encoder.encode(customers).T)


def _code(category: CategoryEncoding, level: object) -> int:
    return category.positions.get(level if isinstance(level, str) else MISSING_LEVEL, category.unseen_position)
