"""The usual marketing names of segments that are made of recency, frequency and monetary value alone.

Marketing grids of R against F and M differ in their borders; ours is written out below and in the reference.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from segment_model.contract import VectorContract
from segment_model.encoding.encoder import Flags, Floats

BASES = frozenset({"recency_days", "frequency", "monetary_value"})
SCORES = 5
MIDDLE = 3

# One row an R score, from 5 (bought recently) down to 1; one column an F/M score, from 1 (least) to 5.
GRID: Mapping[int, tuple[str, str, str, str, str]] = {
    5: ("new customers", "potential loyalists", "potential loyalists", "champions", "champions"),
    4: ("promising", "potential loyalists", "potential loyalists", "loyal customers", "champions"),
    3: ("about to sleep", "about to sleep", "needing attention", "loyal customers", "loyal customers"),
    2: ("hibernating", "hibernating", "at risk", "at risk", "cannot lose them"),
    1: ("lost", "hibernating", "at risk", "cannot lose them", "cannot lose them"),
}
NAMES = frozenset(name for row in GRID.values() for name in row)
LENIENCE = 0.05  # ranks; a name that a segment bears stays true so far beyond its cells; no praise beyond the middle


def is_rfm_only(contract: VectorContract) -> bool:
    """Whether recency, frequency and monetary value, and nothing else, shape the segments."""
    return {column.name for column in contract.basis} == BASES


def grid_name(values: Mapping[str, Floats], members: Flags) -> str:
    """A segment's name by the grid, or "" where it has no member or no known value.

    values : the (n,) numbers of the three bases; members : (n,) whether each customer is in the segment.

    A segment's place in a column is the middle rank of its median among all customers, 0 to 1: the share below it plus
    half the share equal to it. R is the fifth in which 1 - its place in recency lies, F/M that of the mean of its
    places in frequency and monetary value; 5 is best. F/M is 3 at most where one of the two is below the middle: a name
    must not praise what the median does not show.
    """
    found = _standing(values, members)
    return found.name(score(found.recency), score(found.money)) if found else ""


def names_near(values: Mapping[str, Floats], members: Flags) -> frozenset[str]:
    """The name by the grid, and those of cells at most `LENIENCE` away: a retrain leaves a name for a clear reason.

    The middle below which F/M is 3 at most has no such margin: there an inherited name, as a new one, would praise what
    the median does not show.
    """
    found = _standing(values, members)
    if found is None:
        return frozenset()
    recency, money = ([score(share - LENIENCE), score(share + LENIENCE)] for share in (found.recency, found.money))
    return frozenset(found.name(r, m) for r in recency for m in money)


@dataclass(frozen=True)
class _Standing:
    """How recent, and how frequent and valuable, 0 to 1 each; and the best score that the latter may give."""

    recency: float
    money: float
    best: int

    def name(self, recency: int, money: int) -> str:
        return GRID[recency][min(money, self.best) - 1]


def _standing(values: Mapping[str, Floats], members: Flags) -> _Standing | None:
    """None where a place is not known."""
    places = {name: place(values[name], members) for name in BASES}
    if any(np.isnan(found) for found in places.values()):
        return None
    both = (places["frequency"], places["monetary_value"])
    return _Standing(1 - places["recency_days"], sum(both) / 2, SCORES if min(both) >= 0.5 else MIDDLE)


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
