"""The customers of one raw table, as its vectors know them: one row each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

DATED = ("orders", "events", "subscriptions")  # tables that say when something happened
LISTED = "customers"  # the table that says who there is, and what they are
OWN = "vectors"  # the user's own features, which have no dates
ORDER = (*DATED, LISTED)  # the table named first wins where tables disagree
NO_IDS = pd.Index([], dtype="str")


@dataclass(frozen=True)
class TableCustomers:
    """The customers of a raw table with a usable row before the as-of moment.

    ids : unique text, in any order. whole : whether they were whole numbers of 64 bits when they were read. numeric :
    whether the source has a column of numbers. undated : the ids without a dated row. rows : the orders or events of
    each; None where the table counts nothing. oldest, newest : the first and the last moment of all its rows, those at
    or after the as-of moment included; None where no row has one.
    """

    name: str
    ids: pd.Index
    numeric: bool = False
    whole: bool = False
    undated: pd.Index | None = None
    rows: pd.Series | None = None
    oldest: datetime | None = None
    newest: datetime | None = None

    @property
    def is_dated(self) -> bool:
        """Whether the table says when something happened, and not only what customers are."""
        return self.name in DATED


def in_order(tables: Sequence[TableCustomers]) -> list[TableCustomers]:
    """The tables in the order of `ORDER`, others after them."""
    return sorted(tables, key=lambda table: ORDER.index(table.name) if table.name in ORDER else len(ORDER))
