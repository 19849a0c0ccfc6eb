"""Sums by group and month, computed in the engine; only they come to Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis.expr.types as ir
import pandas as pd

from analytics.groups import Groupings
from analytics.history import EVERYONE
from features.sources import fetch

KEYS = ("grouping", "group", "position")


def sums_by_group(rows: ir.Table, groupings: Groupings, aggregates: Mapping[str, ir.Value], what: str) -> pd.DataFrame:
    """The aggregates by group and position, with everyone first.

    rows : with `position` and a column for each grouping. Returns a table indexed by `KEYS`.
    """
    frames = [_fetched(rows.group_by("position").aggregate(**aggregates), EVERYONE, what)]
    for name in groupings.names:
        keyed = rows.group_by("position", group=rows[name]).aggregate(**aggregates)
        frames.append(_fetched(keyed, name, what))
    return pd.concat(frames, ignore_index=True).set_index(list(KEYS)).sort_index()


def on_every_month(sums: pd.DataFrame, positions: Sequence[int]) -> pd.DataFrame:
    """The sums with a row for each group and position: 0 where the engine had no rows."""
    groups = dict.fromkeys((grouping, group) for grouping, group, _ in sums.index)
    index = pd.MultiIndex.from_tuples([(*group, p) for group in groups for p in positions], names=list(KEYS))
    return sums.reindex(index, fill_value=0)


def _fetched(table: ir.Table, grouping: str, what: str) -> pd.DataFrame:
    frame: pd.DataFrame = fetch(table, what).to_pandas()
    return frame.assign(grouping=grouping, group=frame.get("group", EVERYONE))
