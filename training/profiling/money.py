"""Additive amounts of money: the columns whose total over customers has a meaning, and each segment's share of it."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pandas as pd

from segment_model.contract import Column, Kind
from segment_model.encoding.encoder import Indices

# Units that add up over customers: "USD" and "USD a month", but not "USD an order".
ADDS_UP = re.compile(r"([A-Z]{3}|[$€£¥₹])( a month)?")


def additive_amounts(columns: Iterable[Column], frame: pd.DataFrame, labels: Indices) -> tuple[Column, ...]:
    """The columns of money of which each segment has a share: additive, and no segment's total is negative."""
    return tuple(column for column in columns if _adds_up(column) and _is_shareable(frame[column.name], labels))


def total_and_share(amounts: pd.Series[float], labels: Indices, position: int) -> tuple[float, float]:
    """The total of the customers of the segment at `position` (-1: the unassigned), and its share of everyone's."""
    total = float(amounts[labels == position].sum())
    return total, total / float(amounts.sum())


def _adds_up(column: Column) -> bool:
    is_money = column.kind is Kind.NUMBER and ADDS_UP.fullmatch(column.unit) is not None
    return is_money and "change" not in column.name.split("_")


def _is_shareable(amounts: pd.Series[float], labels: Indices) -> bool:
    totals = amounts.groupby(labels).sum()
    return bool(totals.min() >= 0 and totals.sum() > 0)
