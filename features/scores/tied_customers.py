"""Ties between customers, broken by rank as in `pandas.qcut(values.rank(method="first"), shares)`.

A published table ranks customers in the order of its rows, which a group-by has sorted by customer. A table of a
database has no order, so the order of the ids decides here: whole numbers by their size, other ids by their letters.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
Ranges = NDArray[np.intp]
WHOLE = re.compile(r"-?\d{1,1000}", re.ASCII)  # Python reads up to 4,300 digits


def id_order(ids: Sequence[str]) -> NDArray[np.intp]:
    """The positions of the ids in rising order; by number if all of them are whole numbers."""
    key = (lambda place: (int(ids[place]), ids[place])) if all(map(WHOLE.fullmatch, ids)) else ids.__getitem__
    return np.array(sorted(range(len(ids)), key=key), dtype=np.intp)


def ranges_of_ranks(known: pd.Series[float], shares: Sequence[float], closed: Literal["right", "left"]) -> Ranges:
    """The range, counted from 0 for the lowest, of each customer's rank; customers with equal values rank by id.

    known : values without a missing one, by customer id. shares : of the customers below each edge.
    """
    order = id_order(known.index.tolist())
    by_value = order[np.argsort(known.to_numpy(dtype=float)[order], kind="stable")]
    ranks = np.empty(len(known), dtype=float)
    ranks[by_value] = np.arange(1, len(known) + 1)
    side: Literal["left", "right"] = "left" if closed == "right" else "right"
    edges = np.quantile(ranks, shares) if len(ranks) else np.zeros(len(shares))
    return np.asarray(np.searchsorted(edges, ranks, side=side), dtype=np.intp)


def edges_of_ranges(numbers: Floats, ranges: Ranges, shares: Sequence[float]) -> Floats:
    """The edges by which a new customer gets the score of the middle one of the customers with an equal value.

    numbers : (n,) the values, at least one. ranges : (n,) from `ranges_of_ranks`.
    """
    in_order = np.lexsort((ranges, numbers))
    distinct, first, counts = np.unique(numbers[in_order], return_index=True, return_counts=True)
    middle = ranges[in_order][first + (counts - 1) // 2]
    below = np.concatenate(([np.nextafter(distinct[0], -np.inf)], distinct))
    # of the values whose middle customer lies below the edge, the largest
    return np.asarray(below[np.searchsorted(middle, np.arange(1, len(shares) + 1), side="left")])
