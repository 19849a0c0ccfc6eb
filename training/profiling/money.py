"""Additive amounts of money: the columns whose total over customers has a meaning, and each segment's share of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from segment_model.contract import Column
from segment_model.encoding.encoder import Indices
from training.money_columns import adds_up


@dataclass(frozen=True, slots=True)
class Totals:
    """The total of an amount over each segment, by position (-1: the unassigned), and over everyone."""

    of_segments: Mapping[int, float]
    of_everyone: float

    def share(self, position: int) -> float:
        """The share of everyone's total that a segment has."""
        return self.of_segments[position] / self.of_everyone

    @property
    def is_shareable(self) -> bool:
        """Whether each segment has a share of it: no total is negative, and not all are 0."""
        return min(self.of_segments.values()) >= 0 and self.of_everyone > 0


def totals_of(columns: Iterable[Column], frame: pd.DataFrame, labels: Indices, segments: int) -> dict[str, Totals]:
    """The totals of the columns of money that add up and that segments have shares of, by name.

    frame : (n rows) raw values. labels : (n,) positions, -1 where unassigned.
    """
    totals = {}
    for column in columns:
        if adds_up(column):
            amounts = frame[column.name]
            of_segments = {place: float(amounts[labels == place].sum()) for place in range(-1, segments)}
            own = Totals(of_segments, float(amounts.sum()))
            if own.is_shareable:
                totals[column.name] = own
    return totals
