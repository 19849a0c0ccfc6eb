"""Retention of the members of a segment: the share of them who are active k months later, wherever they are then."""

from __future__ import annotations

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from analytics.groups import SEGMENT
from analytics.history import EVERYONE, History
from analytics.intervals.shares import wilson
from analytics.record import RETENTION
from analytics.retention.later_months import active_by_month


def member_retention(members: ir.Table, history: History, floor: int = 10) -> pd.DataFrame:
    """The table `RETENTION`, of everyone and of each segment.

    members : see `later_months.members_and_months`. A month end with fewer members than `floor` has no share.

    Raises
    ------
    SourceError
        If the engine fails.
    """
    ends = history.month_ends
    months = len(ends.months)
    counts = [active_by_month(members, name, months) for name in (EVERYONE, SEGMENT)]
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
            "segment": np.repeat(whole.group.to_numpy(dtype=object), months),
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
    places = frame.segment.map(lambda name: order.get(name, len(order)))
    ordered = frame.assign(place=places).sort_values(["place", "segment"], kind="stable")
    return ordered.loc[:, list(RETENTION)].reset_index(drop=True)
