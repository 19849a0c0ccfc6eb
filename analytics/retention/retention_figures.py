"""Retention after 3, 6 and 12 months as figures of every group."""

from __future__ import annotations

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from analytics.catalogue.retention import RETENTION
from analytics.groups import SEGMENT, Groupings
from analytics.history import EVERYONE, History
from analytics.intervals.marks import marks
from analytics.intervals.shares import effective_n, share_differences, wilson
from analytics.options import RecordOptions
from analytics.record import Definition, Mark
from analytics.retention.later_months import SUMS, pooled_by_customer
from analytics.tidy import joined, rows_of, with_floor

NOT_KNOWN_YET = "not known yet"


def retention_figures(
    members: ir.Table, history: History, groupings: Groupings, options: RecordOptions
) -> pd.DataFrame:
    """Rows of `FIGURES`, of the table of `later_months.members_and_months`.

    The interval is Wilson's for as many customers as are independently as informative: a customer who is a member at
    ten month ends is not ten customers.

    Raises
    ------
    SourceError
        If the engine fails.
    """
    months = history.month_ends.months
    period = months[0] if len(months) == 1 else f"{months[0]}/{months[-1]}"
    after = [k for k in RETENTION if k <= len(months)]
    everyone = pooled_by_customer(members, EVERYONE, len(months), after)
    tables = []
    for name in (EVERYONE, *groupings.names):
        sums = everyone if name == EVERYONE else pooled_by_customer(members, name, len(months), after)
        for k in after:
            own = sums[sums.k == k].sort_values("group")
            all_customers = everyone[everyone.k == k]
            tables.append(_rows(RETENTION[k], name, own, all_customers, period, options.floor))
    unknown = pd.DataFrame(
        [(EVERYONE, EVERYONE, period), *((SEGMENT, segment, period) for segment in history.segments)],
        columns=["grouping", "group", "period"],
    )
    tables += [rows_of(RETENTION[k], unknown, np.nan, 0, note=NOT_KNOWN_YET) for k in RETENTION if k > len(months)]
    return joined(tables)


def _rows(
    definition: Definition, grouping: str, own: pd.DataFrame, everyone: pd.DataFrame, period: str, floor: int
) -> pd.DataFrame:
    """The rows of one figure and grouping; own, everyone : the sums over customers, of each group and of all."""
    if not len(own) or not len(everyone):
        return joined([])
    keys = pd.DataFrame({"grouping": grouping, "group": own.group, "period": period})
    x, y = own.x.to_numpy(dtype=float), own.y.to_numpy(dtype=float)
    n = effective_n(*(own[name] for name in SUMS))
    with np.errstate(invalid="ignore"):
        share = y / x
    low, high = wilson(share * n, n)
    note = np.where(x == 0, NOT_KNOWN_YET, "")
    rows = with_floor(rows_of(definition, keys, share, own.n, low, high, note), floor)
    return rows if grouping == EVERYONE else rows.assign(mark=_marks(share, n, own, everyone, floor))


def _marks(share: np.ndarray, n: np.ndarray, own: pd.DataFrame, everyone: pd.DataFrame, floor: int) -> np.ndarray:
    """Marks of groups against all other customers, who are as informative for their number as everyone is."""
    whole = everyone.iloc[0]
    scale = float(effective_n(*(whole[name] for name in SUMS))) / whole.x
    rest_x, rest_y = whole.x - own.x.to_numpy(dtype=float), whole.y - own.y.to_numpy(dtype=float)
    difference, p = share_differences(share * n, n, rest_y * scale, rest_x * scale)
    enough = (own.n.to_numpy() >= floor) & (rest_x * scale >= floor)
    return marks(difference, np.where(enough, p, np.nan)) if len(own) > 1 else np.full(len(own), str(Mark.NONE))
