"""The profile of segments: sizes, typical values and totals of money, of each segment and of everyone.

It is made of a table in memory, or by an engine of customers who stay there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from segment_model.contract import Column
from segment_model.encoding.encoder import Indices
from training.profiling.money import Totals, totals_of
from training.profiling.rare_levels import with_rare_levels_pooled
from training.profiling.typical_values import typical_value
from training.profiling.words.word import Truth, Word
from training.profiling.words.word_rules import Spread

Typical = Mapping[str, float | str | None]


@dataclass(frozen=True)
class Profile:
    """What customers are like.

    customers : their number, the unassigned included. sizes : the customers of each segment. typical : of each segment
    the median of each number and the commonest level of each category, by column, rare levels pooled; None where no
    value is known. overall : the same of everyone. totals : of the amounts of money of which segments have shares.
    """

    customers: int
    sizes: tuple[int, ...]
    typical: tuple[Typical, ...]
    overall: Typical
    totals: Mapping[str, Totals]

    def share(self, position: int) -> float:
        """The share of a segment in all customers; 0 where there are none."""
        return self.sizes[position] / self.customers if self.customers else 0.0


class Population(Protocol):
    """All customers, assigned, of whom those in memory are a sample."""

    def profile(self, columns: Sequence[Column]) -> Profile:
        """Their profile in these columns."""
        ...

    def spread(self, column: str) -> Spread | None:
        """How far the known values of a number spread; None where none is known, or there is no such number."""
        ...

    def truths(self, words: Sequence[Word]) -> Sequence[Sequence[Truth]]:
        """Of each word, its truth in each segment."""
        ...


def profile_of(frame: pd.DataFrame, columns: Sequence[Column], labels: Indices, segments: int) -> Profile:
    """The profile of a table in these columns.

    frame : (n rows) raw values. labels : (n,) positions, -1 where unassigned.
    """
    pooled = with_rare_levels_pooled(frame, columns)
    members = [labels == position for position in range(segments)]
    return Profile(
        len(frame),
        tuple(int(chosen.sum()) for chosen in members),
        tuple({c.name: typical_value(pooled.loc[chosen, c.name], c) for c in columns} for chosen in members),
        {column.name: typical_value(pooled[column.name], column) for column in columns},
        totals_of(columns, frame, labels, segments),
    )
