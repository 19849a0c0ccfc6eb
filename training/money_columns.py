"""Which columns are amounts of money that add up over customers, and which of them is the money of a table."""

from __future__ import annotations

import re
from collections.abc import Iterable

from segment_model.contract import Column, Kind

# Units that add up over customers: "USD" and "USD a month", but not "USD an order".
ADDS_UP = re.compile(r"([A-Z]{3}|[$€£¥₹])( a month)?")


def adds_up(column: Column) -> bool:
    """Whether a column is an amount of money whose total over customers has a meaning."""
    is_money = column.kind is Kind.NUMBER and ADDS_UP.fullmatch(column.unit) is not None
    return is_money and "change" not in column.name.split("_")


def money_column(columns: Iterable[Column]) -> str | None:
    """The name of the only amount of money among the columns; None where there is none, or several."""
    names = [column.name for column in columns if adds_up(column)]
    return names[0] if len(names) == 1 else None
