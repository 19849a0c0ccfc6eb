"""Distances to segments, as features."""

from __future__ import annotations

import numpy as np

from segment_model.encoding.encoder import Floats
from segment_model.encoding.reader import Table
from segment_model.model import SegmentModel


def distances_to_segments(model: SegmentModel, customers: Table) -> Floats:
    """Euclidean distances (n, segments) of each customer to each segment, in the model's standardised space.

    Where sites decide, as in KMeans, they are to the sites, so that the least is that of the customer's own segment;
    else to the centres of the segments' customers.

    Raises
    ------
    ContractError, InputError
        If the customers do not follow the model's contract.
    """
    points = model.scorer.encoder.encode(model.scorer.reader.parts(customers)(0, len(customers))).T
    sites = model.assigner.sites
    places = model.centres if sites is None else sites
    return np.column_stack([np.sqrt(((points - place) ** 2).sum(axis=1)) for place in places])
