"""Retention of the members of a group: the share of them who are active k months later, wherever they are then."""

from __future__ import annotations

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from analytics.groups import SEGMENT
from analytics.history import EVERYONE, History, condition_column
from analytics.intervals.shares import wilson
from analytics.record import RETENTION
from analytics.retention.later_months import active_by_month


def member_retention(members: ir.Table, history: History, floor: int) -> pd.DataFrame:
    """The table `RETENTION`, of everyone, of each segment, and of who meets each condition and who does not.

    members : see `later_months.members_and_months`. A month end with fewer members than `floor` has no share.

    Raises
    ------
    SourceError
        If the engine fails.
    """
    ends = history.month_ends
    months = len(ends.months)
    groupings = (EVERYONE, SEGMENT, *map(condition_column, history.conditions))
    counts = [active_by_month(members, name, months).assign(grouping=name) for name in groupings]
    whole = pd.concat(counts, ignore_index=True).sort_values(["group", "position"], kind="stable")
    active = whole[[f"active_{p}" for p in range(1, months + 1)]].to_numpy(dtype=float)
    rows, k = len(whole), np.tile(np.arange(1, months + 1), len(whole))
    position = np.repeat(whole.position.to_numpy(dtype=np.int64), months)
    finished = position + k <= months
    row = np.repeat(np.arange(rows), months)
    customers = np.where(finished, active[row, np.minimum(position + k, months) - 1], np.nan)
    size = np.repeat(whole["size"].to_numpy(dtype=np.int64), months)
    shown = np.where(size >= floor, customers, np.nan)
    low, high = wilson(shown, size)
    frame = pd.DataFrame(
        {
            "grouping": np.repeat(whole.grouping.to_numpy(dtype=object), months),
            "group": np.repeat(whole.group.to_numpy(dtype=object), months),
            "month": [ends.month_before(p) for p in position],
            "size": size,
            "k": k,
            "customers": customers,
            "share": shown / size,
            "low": low,
            "high": high,
            "finished": finished,
        }
    )
    order = {name: place for place, name in enumerate((EVERYONE, *history.segments))}
    places = frame.group.map(lambda name: order.get(name, len(order)))
    of_grouping = frame.grouping.map({name: place for place, name in enumerate(groupings)})
    ordered = frame.assign(place=places, first=of_grouping).sort_values(["first", "place", "group"], kind="stable")
    return ordered.loc[:, list(RETENTION)].reset_index(drop=True)
