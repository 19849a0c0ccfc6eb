"""Members of a group at a month end, and whether they were active in each month after.

The group is that of the month end; what became of a customer counts whatever group it is in then.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pandas as pd
from ibis import _

from analytics.customer_months import CustomerMonths
from analytics.fetched import fetched
from analytics.groups import Groupings
from analytics.history import EVERYONE, History
from analytics.intervals.pair_sums import pair_aggregates

WHAT = "retention"


def members_and_months(history: History, months: CustomerMonths, groupings: Groupings) -> ir.Table:
    """Kept: the memberships with their groups, and `active_1` to `active_n`, whether the customer was active in the
    month that ends at that position."""
    last = len(history.month_ends.dates) - 1
    table = months.table.filter(months.table.active & (months.table.position > 0))
    flags = {f"active_{p}": (table.position == p).max() for p in range(1, last + 1)}
    wide = table.group_by(own_id="customer_id").aggregate(**flags)
    members = groupings.of_members(months.members)
    joined = members.left_join(wide, members.customer_id == wide.own_id).drop("own_id")
    return history.keep(joined.mutate(**{name: joined[name].fill_null(False) for name in flags}))


def active_by_month(members: ir.Table, grouping: str, months: int) -> pd.DataFrame:
    """By group and position: `size`, the members, and `active_1` to `active_n`, those active in these months."""
    flags = {f"active_{p}": members[f"active_{p}"].sum() for p in range(1, months + 1)}
    before_the_last = members.filter(members.position < months)
    keys = {"group": ibis.literal(EVERYONE) if grouping == EVERYONE else members[grouping]}
    return fetched(before_the_last.group_by("position", **keys).aggregate(size=_.count(), **flags), WHAT)


def pooled_by_customer(members: ir.Table, grouping: str, months: int, after: Sequence[int]) -> pd.DataFrame:
    """The `PairSums` of each group, under the names "after 3", ...: of each customer, x of y month ends at which it was
    a member were followed by activity in the k-th month.

    after : the k, each at most `months`. A row a group, in order of name.
    """
    group = ibis.literal(EVERYONE) if grouping == EVERYONE else members[grouping]
    counts: dict[str, ir.Value] = {}
    for k in after:
        within = members.position <= months - k
        active = [(members.position == p) & members[f"active_{p + k}"] for p in range(months - k + 1)]
        counts |= {f"y_{k}": within.sum(), f"x_{k}": ibis.or_(*active).sum()}
    each = members.group_by("customer_id", group=group).aggregate(**counts)
    sums: dict[str, ir.Value] = {}
    for k in after:
        times = each[f"y_{k}"]
        sums |= pair_aggregates(f"after {k}", each[f"x_{k}"], times, times > 0)
    return fetched(each.group_by("group").aggregate(**sums), WHAT).sort_values("group", ignore_index=True)
