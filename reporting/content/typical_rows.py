"""Example customers of a group: typical ones that differ from one another."""

from __future__ import annotations

import numpy as np

from segment_model.encoding.encoder import Floats, Indices

TYPICAL_CUSTOMERS = 3
INNER_SHARE = 0.5  # of a group's customers: those nearest to its medians, among whom examples are chosen


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
    inner = order[: max(1, int(np.ceil(INNER_SHARE * len(order))))]
    chosen = [int(inner[0])]
    while len(chosen) < min(TYPICAL_CUSTOMERS, len(inner)):
        gaps = np.min([np.linalg.norm(own[inner] - own[row], axis=1) for row in chosen], axis=0)
        farthest = int(inner[np.argmax(gaps)])
        if farthest in chosen:  # all others are the same as one that is chosen
            break
        chosen.append(farthest)
    return [int(rows[row]) for row in chosen]
