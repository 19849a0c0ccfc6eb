"""Sums by group and month, computed in the engine; only they come to Python."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import ibis.expr.types as ir
import pandas as pd

from analytics.fetched import fetched
from analytics.groups import SEGMENT, Groupings
from analytics.history import EVERYONE

KEYS = ("grouping", "group", "position")
Aggregates = Mapping[str, ir.Value]


def sums_by_group(rows: ir.Table, groupings: Groupings, aggregates: Aggregates, what: str) -> pd.DataFrame:
    """The aggregates by group and position, with everyone first.

    rows : with `position` and a column for each grouping. Returns a table indexed by `KEYS`.
    """
    frames = [_placed(rows.group_by("position").aggregate(**aggregates), EVERYONE, what)]
    for name in groupings.names:
        by_group = rows.group_by("position", group=rows[name]).aggregate(**aggregates)
        frames.append(_placed(by_group, name, what))
    return pd.concat(frames, ignore_index=True).set_index(list(KEYS)).sort_index()


def on_every_month(sums: pd.DataFrame, positions: Sequence[int], segments: Sequence[str] = ()) -> pd.DataFrame:
    """The sums with a row for each group and position: 0 where the engine had no rows.

    segments : those that have rows though none of their customers has any.
    """
    groups = dict.fromkeys((grouping, group) for grouping, group, _ in sums.index)
    groups = {(EVERYONE, EVERYONE): None, **groups, **{(SEGMENT, segment): None for segment in segments}}
    index = pd.MultiIndex.from_tuples([(*group, p) for group in groups for p in positions], names=list(KEYS))
    return sums.reindex(index, fill_value=0)


def sums_of_customers(
    rows: ir.Table,
    groupings: Groupings,
    own: Aggregates,
    aggregates: Callable[[ir.Table], Aggregates],
    what: str,
) -> pd.DataFrame:
    """The aggregates by group over customers, each with its `own` sums over all of its months in the group.

    Returns a table indexed by `grouping` and `group`.
    """
    everyone = rows.group_by("customer_id").aggregate(**own)
    frames = [_placed(everyone.aggregate(**aggregates(everyone)), EVERYONE, what)]
    for name in groupings.names:
        customers = rows.group_by("customer_id", group=rows[name]).aggregate(**own)
        frames.append(_placed(customers.group_by("group").aggregate(**aggregates(customers)), name, what))
    return pd.concat(frames, ignore_index=True).set_index(["grouping", "group"])


def _placed(table: ir.Table, grouping: str, what: str) -> pd.DataFrame:
    frame = fetched(table, what)
    return frame.assign(grouping=grouping, group=frame.get("group", EVERYONE))
