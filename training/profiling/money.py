"""Additive amounts of money: the columns whose total over customers has a meaning, and each segment's share of it."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from segment_model.contract import Column
from segment_model.encoding.encoder import Indices
from training.money_columns import adds_up


def additive_amounts(columns: Iterable[Column], frame: pd.DataFrame, labels: Indices) -> tuple[Column, ...]:
    """The columns of money of which each segment has a share: additive, and no segment's total is negative."""
    return tuple(column for column in columns if adds_up(column) and _is_shareable(frame[column.name], labels))


def total_and_share(amounts: pd.Series[float], labels: Indices, position: int) -> tuple[float, float]:
    """The total of the customers of the segment at `position` (-1: the unassigned), and its share of everyone's."""
    total = float(amounts[labels == position].sum())
    return total, total / float(amounts.sum())


def _is_shareable(amounts: pd.Series[float], labels: Indices) -> bool:
    totals = amounts.groupby(labels).sum()
    return bool(totals.min() >= 0 and totals.sum() > 0)
