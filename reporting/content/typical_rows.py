"""Customers to know a group by: typical ones that differ from one another."""

from __future__ import annotations

import numpy as np

from segment_model.encoding.encoder import Floats, Indices

TYPICAL_CUSTOMERS = 3
HEART = 0.5  # of a group's customers, those nearest to its typical point


def typical_rows(points: Floats, rows: Indices) -> list[int]:
    """Row numbers of up to three customers of a group.

    The first is the one nearest to the medians of the group; each further one is that of the nearer half who is
    farthest from those already chosen. points : (n, width) encoded. rows : the row numbers of the group's customers.
    """
    if not len(rows):
        return []
    own = points[rows]
    distance = np.linalg.norm(own - np.median(own, axis=0), axis=1)
    order = np.argsort(distance, kind="stable")
    heart = order[: max(1, int(np.ceil(HEART * len(order))))]
    chosen = [int(heart[0])]
    while len(chosen) < min(TYPICAL_CUSTOMERS, len(heart)):
        gaps = np.min([np.linalg.norm(own[heart] - own[row], axis=1) for row in chosen], axis=0)
        farthest = int(heart[np.argmax(gaps)])
        if farthest in chosen:  # all others are the same as one that is chosen
            break
        chosen.append(farthest)
    return [int(rows[row]) for row in chosen]
