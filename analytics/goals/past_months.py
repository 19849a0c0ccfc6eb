"""The customers as of past month ends, in whose vectors rules are searched: in memory, or wherever they lie."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import ibis.expr.types as ir
import pandas as pd

from analytics.goals.rule_columns import RuleColumn, binned, rule_columns
from segment_model.contract import VectorContract


class PastMonth(Protocol):
    """The customers as of one month end."""

    def columns(self, contract: VectorContract, left_out: Sequence[str]) -> tuple[RuleColumn, ...]:
        """As `analytics.goals.rule_columns.rule_columns`."""
        ...

    def placed(self, columns: Sequence[RuleColumn], rows: ir.Table) -> ir.Table:
        """As `analytics.goals.rule_columns.binned`, as a table in the engine of `rows`, with ids of their type."""
        ...


class PastMonths(Protocol):
    """The customers as of month ends; undated : the columns of their vectors that are not known as of the past."""

    @property
    def undated(self) -> tuple[str, ...]: ...

    def at(self, position: int) -> PastMonth:
        """Those at a position of the month ends."""
        ...


@dataclass(frozen=True, slots=True)
class FrameOfMonth:
    """The vectors as of a month end in memory; place : puts a frame beside rows in their engine."""

    frame: pd.DataFrame
    place: Callable[[pd.DataFrame, ir.Table], ir.Table]

    def columns(self, contract: VectorContract, left_out: Sequence[str]) -> tuple[RuleColumn, ...]:
        """As of `PastMonth`."""
        return rule_columns(self.frame, contract, left_out)

    def placed(self, columns: Sequence[RuleColumn], rows: ir.Table) -> ir.Table:
        """As of `PastMonth`."""
        return self.place(binned(self.frame, columns), rows)


@dataclass(frozen=True, slots=True)
class PastVectors:
    """The vectors as of month ends in memory.

    frame_at : by position, a row a customer, with the columns of the contract. place : a frame with `customer_id` as a
    table in the engine of rows. undated : the columns that are not known as of the past.
    """

    frame_at: Callable[[int], pd.DataFrame]
    place: Callable[[pd.DataFrame, ir.Table], ir.Table]
    undated: tuple[str, ...] = ()

    def at(self, position: int) -> FrameOfMonth:
        """As of `PastMonths`."""
        return FrameOfMonth(self.frame_at(position), self.place)
