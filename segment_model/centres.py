"""The middle of each segment's customers, which is not everywhere what the assigner measures distances to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segment_model.assigners.nearest_core import NearestCore
from segment_model.encoding.encoder import MISSING_LEVEL, CategoryEncoding, Floats, RawCustomers

if TYPE_CHECKING:
    from segment_model.model import SegmentModel


def centres(model: SegmentModel) -> Floats:
    """(segments, width): where each segment's customers have their middle, encoded.

    KMeans: their means, which are the centroids. KMeans allowing for correlation keeps sites in their stead (decision
    9), which may lie far from every customer: there the card's typical customer. HDBSCAN: the mean of the exemplars.
    """
    assigner = model.assigner
    if isinstance(assigner, NearestCore):
        return np.array([assigner.exemplars[assigner.owner == n].mean(axis=0) for n in range(assigner.size)])
    return typical_points(model) if keeps_sites(model) else assigner.centroids


def keeps_sites(model: SegmentModel) -> bool:
    """Whether the centroids are not means but places that give the right borders."""
    return bool(model.provenance.get("parameters", {}).get("allowing_for") == "correlation")


def typical_points(model: SegmentModel) -> Floats:
    """(segments, width): each card's medians and commonest levels, encoded.

    What a card does not tell (a sensitive column) is encoded as if it were missing.
    """
    encoder, everyone = model.encoder, [card.medians for card in model.discovered_cards]
    numbers = [[np.nan if (v := one.get(name)) is None else v for one in everyone] for name in encoder.numbers.names]
    codes = [[_code(category, one.get(category.name)) for one in everyone] for category in encoder.categories]
    shape = (len(codes), len(everyone))
    customers = RawCustomers(
        np.array(numbers, dtype=np.float64).reshape(-1, len(everyone)),
        np.array(codes, dtype=np.intp).reshape(shape),
        np.zeros(shape, dtype=np.bool_),
    )
    return np.ascontiguousarray(encoder.encode(customers).T)


def _code(category: CategoryEncoding, level: object) -> int:
    return category.positions.get(level if isinstance(level, str) else MISSING_LEVEL, category.unseen_position)
