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
from analytics.retention.month_bits import aggregated_words, month_words, was_active, was_active_at

WHAT = "retention"


def members_and_months(
    history: History, months: CustomerMonths, groupings: Groupings, after: Sequence[int]
) -> ir.Table:
    """Kept: the memberships with their groups and the months in which the customer was active (`month_bits`);
    `is_active`, whether it was in the month that ends then; and `after_k` for each k of `after`, whether it was in the
    k-th month after, missing where that month is not over."""
    last = len(history.month_ends.months)
    table = months.table.filter(months.table.active & (months.table.position >= 0))
    each = table.group_by(own_id="customer_id").aggregate(**aggregated_words(table.position, last))
    members = groupings.of_members(months.members)
    joined = members.left_join(each, members.customer_id == each.own_id).drop("own_id")
    known = joined.mutate(**{name: joined[name].fill_null(0) for name in month_words(last)})
    flags = {
        f"after_{k}": ibis.ifelse(known.position + k <= last, was_active_at(known, known.position + k, last), None)
        for k in after
    }
    return history.keep(known.mutate(is_active=was_active_at(known, known.position, last), **flags))


def active_by_month(members: ir.Table, grouping: str, months: int) -> pd.DataFrame:
    """By group and position: `size`, the members, and `active_1` to `active_n`, those active in these months."""
    flags = {f"active_{p}": was_active(members, p).sum() for p in range(1, months + 1)}
    before_the_last = members.filter(members.position < months)
    keys = {"group": ibis.literal(EVERYONE) if grouping == EVERYONE else members[grouping]}
    return fetched(before_the_last.group_by("position", **keys).aggregate(size=_.count(), **flags), WHAT)


def pooled_by_customer(members: ir.Table, grouping: str, after: Sequence[int]) -> pd.DataFrame:
    """The `PairSums` of each group, under the names "after 3", ...: of each customer, x of y month ends at which it was
    a member were followed by activity in the k-th month.

    after : the k, of which `members` has columns. A row a group, in order of name.
    """
    group = ibis.literal(EVERYONE) if grouping == EVERYONE else members[grouping]
    counts: dict[str, ir.Value] = {f"y_{k}": members[f"after_{k}"].count() for k in after}
    counts |= {f"x_{k}": members[f"after_{k}"].sum().fill_null(0) for k in after}
    each = members.group_by("customer_id", group=group).aggregate(**counts)
    sums: dict[str, ir.Value] = {}
    for k in after:
        times = each[f"y_{k}"]
        sums |= pair_aggregates(f"after {k}", each[f"x_{k}"], times, times > 0)
    return fetched(each.group_by("group").aggregate(**sums), WHAT).sort_values("group", ignore_index=True)
