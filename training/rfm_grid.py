"""The usual marketing names of segments that are made of recency, frequency and monetary value alone.

Marketing grids of R against F and M differ in their borders; ours is written out below and in the reference.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from segments.contract import VectorContract
from segments.encoder import Flags, Floats

BASES = frozenset({"recency_days", "frequency", "monetary_value"})
SCORES = 5

# One row an R score, from 5 (bought recently) down to 1; one column an F/M score, from 1 (least) to 5.
GRID: Mapping[int, tuple[str, str, str, str, str]] = {
    5: ("new customers", "potential loyalists", "potential loyalists", "champions", "champions"),
    4: ("promising", "potential loyalists", "potential loyalists", "loyal customers", "champions"),
    3: ("about to sleep", "about to sleep", "needing attention", "loyal customers", "loyal customers"),
    2: ("hibernating", "hibernating", "at risk", "at risk", "cannot lose them"),
    1: ("lost", "hibernating", "at risk", "cannot lose them", "cannot lose them"),
}
NAMES = frozenset(name for row in GRID.values() for name in row)
LENIENCE = 0.05  # ranks; a name that a segment bears stays true so far beyond its cells


def is_rfm_only(contract: VectorContract) -> bool:
    """Whether recency, frequency and monetary value, and nothing else, shape the segments."""
    return {column.name for column in contract.basis} == BASES


def grid_name(values: Mapping[str, Floats], members: Flags) -> str:
    """A segment's name by the grid, or "" where it has no member or no known value.

    values : the (n,) numbers of the three bases; members : (n,) whether each customer is in the segment.

    A segment's place in a column is the middle rank of its median among all customers, 0 to 1: the share below it plus
    half the share equal to it. R is the fifth in which 1 - its place in recency lies, F/M that of the mean of its
    places in frequency and monetary value; 5 is best.
    """
    shares = _shares(values, members)
    return GRID[score(shares[0])][score(shares[1]) - 1] if shares else ""


def names_near(values: Mapping[str, Floats], members: Flags) -> frozenset[str]:
    """The name by the grid, and those of cells at most `LENIENCE` away: a retrain leaves a name for a clear reason."""
    shares = _shares(values, members)
    if shares is None:
        return frozenset()
    recency, money = (sorted({score(share - LENIENCE), score(share + LENIENCE)}) for share in shares)
    return frozenset(GRID[r][m - 1] for r in recency for m in money)


def _shares(values: Mapping[str, Floats], members: Flags) -> tuple[float, float] | None:
    """How recent, and how frequent and valuable, 0 to 1 each; None where it is not known."""
    places = {name: place(values[name], members) for name in BASES}
    if any(np.isnan(found) for found in places.values()):
        return None
    return 1 - places["recency_days"], (places["frequency"] + places["monetary_value"]) / 2


def place(values: Floats, members: Flags) -> float:
    """The middle rank, 0 to 1, of the members' median among all known values; NaN where none is known."""
    known = values[~np.isnan(values)]
    own = values[members & ~np.isnan(values)]
    if not len(own):
        return float("nan")
    median = np.median(own)
    return float(np.mean(known < median) + np.mean(known == median) / 2)


def score(share: float) -> int:
    """The fifth, 1 to 5, in which a share of 0 to 1 lies."""
    return min(SCORES, 1 + int(SCORES * max(0.0, share)))
