"""Marketing names, such as "champions", of segments whose only bases are recency, frequency and monetary value.

Marketing grids of R against F and M differ in their boundaries; `GRID` below and the reference define this one.
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
LENIENCE = 0.05  # ranks; an inherited name stays true this far beyond its cells (but see `names_near`)


def is_rfm_only(contract: VectorContract) -> bool:
    """Whether the bases are recency, frequency and monetary value, and no other column."""
    return {column.name for column in contract.basis} == BASES


def grid_name(values: Mapping[str, Floats], members: Flags) -> str:
    """A segment's name by the grid, or "" where it has no member or no known value.

    values : the (n,) numbers of the three bases; members : (n,) whether each customer is in the segment.

    A segment's rank in a column is the middle rank of its median among all customers, 0 to 1: the share below it plus
    half the share equal to it. R is the fifth in which 1 - its recency rank lies, F/M that of the mean of its ranks in
    frequency and monetary value; 5 is best. F/M is 3 at most where one of the two is below the middle, so that no name
    praises what the median does not show.
    """
    position = _grid_position(values, members)
    return position.name(score(position.recency), score(position.money)) if position else ""


def names_near(values: Mapping[str, Floats], members: Flags) -> frozenset[str]:
    """The names by the grid of all cells at most `LENIENCE` away, so that small shifts of a retrain change no name.

    The limit of F/M to 3 (`grid_name`) has no such margin: beyond it an inherited name, too, would praise what the
    median does not show.
    """
    position = _grid_position(values, members)
    if position is None:
        return frozenset()
    recency, money = ([score(rank - LENIENCE), score(rank + LENIENCE)] for rank in (position.recency, position.money))
    return frozenset(position.name(r, m) for r in recency for m in money)


@dataclass(frozen=True)
class _GridPosition:
    """A segment's ranks in recency and in frequency with monetary value, 0 to 1 each, and its highest F/M score."""

    recency: float
    money: float
    best: int

    def name(self, recency: int, money: int) -> str:
        return GRID[recency][min(money, self.best) - 1]


def _grid_position(values: Mapping[str, Floats], members: Flags) -> _GridPosition | None:
    """None where a rank is unknown."""
    ranks = {name: middle_rank(values[name], members) for name in BASES}
    if any(np.isnan(rank) for rank in ranks.values()):
        return None
    both = (ranks["frequency"], ranks["monetary_value"])
    return _GridPosition(1 - ranks["recency_days"], sum(both) / 2, SCORES if min(both) >= 0.5 else MIDDLE)


def middle_rank(values: Floats, members: Flags) -> float:
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
