"""Whether the ids of several tables meet: how many are shared, and which would be under another writing.

Leading zeros and case are part of an id, so `00123` and `123` are two customers until the settings merge them. Where an
export has dropped them in one table, the tables do not meet, and every customer falls into two halves. So it does where
a program wrote one letter as two characters, or left one that nobody sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from features.joining.alike_ids import AlikeIds, AlikeInTables
from features.joining.id_rules import rewritten
from features.joining.shared_ids import SharedIds, notices_of_shared
from features.joining.table_customers import TableCustomers, in_order
from features.notices import Notice
from features.settings import IdSettings


def overlap_notices(tables: Sequence[TableCustomers], ids: IdSettings) -> list[Notice]:
    """How many ids each table shares with the others, the ids that would meet, and pairs of tables that hardly meet.

    Raises
    ------
    SourceError
        If tables share no id with the others, not even by way of a third one, and the settings do not allow it.
    """
    ordered = in_order(tables)
    pairs = _pairs([table for table in ordered if len(table.ids)])
    within = {table.name: alike for table in ordered if (alike := _within(table))}
    between = {(pair.first.name, pair.second.name): alike for pair in pairs if (alike := _between(pair))}
    sizes = {table.name: len(table.ids) for table in ordered}
    return notices_of_shared(sizes, [pair.counts for pair in pairs], AlikeInTables(within, between), ids)


@dataclass(frozen=True)
class Pair:
    """Two tables: the number of ids that they share, and the ids that only one of them has."""

    first: TableCustomers
    second: TableCustomers
    shared: int
    only_first: pd.Index
    only_second: pd.Index

    @property
    def counts(self) -> SharedIds:
        """How many ids there are, and are shared; with an id of each table that the other lacks."""
        lonely = ((self.only_first, self.first), (self.only_second, self.second))
        examples = ", ".join(f"{ids.min()!r} only in {table.name}" for ids, table in lonely if len(ids))
        sizes = len(self.first.ids), len(self.second.ids)
        return SharedIds(self.first.name, self.second.name, *sizes, self.shared, examples)


def _pairs(tables: Sequence[TableCustomers]) -> list[Pair]:
    """Every pair of tables, the earlier one first; all ids are compared as text once, and then by position."""
    if len(tables) < 2:
        return []
    codes, ids = pd.factorize(tables[0].ids.append([table.ids for table in tables[1:]]))
    holds = np.zeros((len(tables), len(ids)), dtype=np.bool_)
    for row, own in zip(holds, np.split(codes, np.cumsum([len(table.ids) for table in tables])[:-1]), strict=True):
        row[own] = True
    return [
        Pair(first, second, int((here & beside).sum()), ids[here & ~beside], ids[beside & ~here])
        for (first, here), (second, beside) in combinations(zip(tables, holds, strict=True), 2)
    ]


def _within(table: TableCustomers) -> AlikeIds | None:
    """The ids of one table that are equal but for their writing, each beside the least of these."""
    if table.whole:
        return None
    keys = rewritten(table.ids)
    if not keys.has_duplicates:
        return None
    ids = pd.Series(table.ids, index=keys)
    least = ids.groupby(level=0).transform("min")
    repeated = (least != ids).to_numpy()
    return AlikeIds.of(pd.Index(least[repeated]), pd.Index(ids[repeated]))


def _between(pair: Pair) -> AlikeIds | None:
    """Different ids of two tables that are equal but for their writing; one of them is not shared."""
    both_whole = pair.first.whole and pair.second.whole
    if both_whole or not (len(pair.only_first) or len(pair.only_second)):
        return None
    sides = [(pair.only_first, pair.second.ids), (pair.first.ids, pair.only_second)]
    merged = [_keyed(left, "first").merge(_keyed(right, "second"), on="key") for left, right in sides]
    alike = pd.concat(merged).drop_duplicates(["first", "second"])
    alike = alike[alike["first"] != alike["second"]]
    return AlikeIds.of(pd.Index(alike["first"]), pd.Index(alike["second"]))


def _keyed(ids: pd.Index, name: str) -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(ids, dtype="str"), "key": pd.Series(rewritten(ids), dtype="str")})
