"""Cohorts of acquisition: customers by the period in which they first paid, ordered or came, and what became of them.

The first period looks at the whole history; the cohorts of periods before the record are left out.
"""

from __future__ import annotations

from typing import Literal

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from ibis import _

from analytics.customer_months import Activity, CustomerMonths
from analytics.fetched import fetched
from analytics.groups import SEGMENT, Groupings
from analytics.history import EVERYONE, History
from analytics.record import COHORTS
from analytics.retention.cohort_counts import CohortCounts, cohort_rows
from analytics.retention.periods import Periods
from analytics.whole_sums import whole_sum

WHAT = "cohorts"


def cohorts(
    history: History, months: CustomerMonths, groupings: Groupings, kind: Literal["month", "quarter"] = "month"
) -> pd.DataFrame:
    """The table `COHORTS`: of everyone, of each level of each attribute and of each segment.

    A customer counts under the level that it had at the end of its first period, and under the segment in which it was
    at the end of the third month: a segment by what customers do is not known before they do it. A cohort whose third
    month is not over is not split by segment.

    Raises
    ------
    SourceError
        If an engine fails.
    """
    periods, last = Periods.of(history.month_ends, kind), len(history.month_ends.dates) - 1
    if not len(periods):
        return pd.DataFrame(columns=list(COHORTS))
    acquired = months.firsts.select("customer_id", cohort=periods.of_position(months.firsts["first"]))
    acquired = acquired.filter((acquired.cohort >= 0) & (acquired.cohort < len(periods)))
    active = history.keep(_active_periods(months, acquired, periods))
    customers = history.keep(_with_groups(_with_last(acquired, active), months, groupings, periods))
    active = history.keep(_beside(active, customers, groupings))
    tables = [_of_grouping(customers, active, name, periods, last) for name in (EVERYONE, *groupings.names)]
    table = pd.concat(tables, ignore_index=True)
    return table.assign(money=np.nan) if months.activity is Activity.USING else table


def without_small_cohorts(table: pd.DataFrame, floor: int) -> pd.DataFrame:
    """The table `COHORTS` without the shares of fewer customers than `floor`, as with every rate; counts stay."""
    return table.assign(share=table.share.where(table["size"] >= floor))


def _active_periods(months: CustomerMonths, acquired: ir.Table, periods: Periods) -> ir.Table:
    """The periods of the acquired customers with activity or money: `customer_id`, `period`, `cents`, `active`."""
    table = months.table.mutate(period=periods.of_position(months.table.position))
    table = table.filter((table.period >= 0) & (table.period < len(periods)))
    table = table.semi_join(acquired, "customer_id")
    if periods.length == 1:
        return table.select("customer_id", "period", "cents", "active")
    if months.activity is Activity.PAYING:
        table = table.filter(periods.is_at_end(table.position))
    sums = {"cents": whole_sum(table.cents), "active": table.active.max()}
    return table.group_by("customer_id", "period").aggregate(**sums)


def _with_last(acquired: ir.Table, active: ir.Table) -> ir.Table:
    """Acquired customers with the last period in which they were active, missing where they never were."""
    lasts = active.filter(active.active).group_by(own_id="customer_id").aggregate(last=_.period.max())
    return acquired.left_join(lasts, acquired.customer_id == lasts.own_id).drop("own_id")


def _with_groups(acquired: ir.Table, months: CustomerMonths, groupings: Groupings, periods: Periods) -> ir.Table:
    """Acquired customers with their groups."""
    at_end = groupings.with_groups(acquired.mutate(position=periods.end(acquired.cohort)), months.members)
    settled = at_end.drop(SEGMENT).mutate(position=periods.settled(at_end.cohort))
    return Groupings({}).with_groups(settled, months.members)


def _beside(active: ir.Table, customers: ir.Table, groupings: Groupings) -> ir.Table:
    """Active periods with the cohort and the groups of their customers."""
    own = customers.select("cohort", "position", *groupings.names, own_id=customers.customer_id)
    return active.join(own, active.customer_id == own.own_id).drop("own_id")


def _of_grouping(customers: ir.Table, active: ir.Table, grouping: str, periods: Periods, last: int) -> pd.DataFrame:
    """The rows of all groups of a grouping."""
    if grouping == SEGMENT:
        customers, active = (table.filter(table.position <= last) for table in (customers, active))
    group = ibis.literal(EVERYONE) if grouping == EVERYONE else _[grouping]
    sizes = customers.group_by("cohort", "last", group=group).aggregate(customers=_.count())
    sums = active.group_by("cohort", "period", group=group).aggregate(
        customers=_.active.sum(), cents=whole_sum(active.cents)
    )
    sized, summed = (fetched(table, WHAT) for table in (sizes, sums))
    tables = [
        cohort_rows(_counts(of_group, summed[summed.group == name], periods)).assign(grouping=grouping, group=name)
        for name, of_group in sized.groupby("group")
    ]
    if not tables:
        return pd.DataFrame(columns=list(COHORTS))
    return pd.concat(tables, ignore_index=True).loc[:, list(COHORTS)]


def _counts(sized: pd.DataFrame, summed: pd.DataFrame, periods: Periods) -> CohortCounts:
    """The arrays of a group, by its customers of each cohort and last active period, and by its sums."""
    size, m = np.zeros(len(periods), dtype=np.int64), len(periods)
    lasts, active, cents = (np.zeros((m, m), dtype=np.int64) for name in range(3))
    np.add.at(size, sized.cohort.to_numpy(), sized.customers.to_numpy())
    known = sized[sized["last"].notna()]
    cohort = known.cohort.to_numpy()
    np.add.at(lasts, (cohort, known["last"].to_numpy(dtype=np.int64) - cohort), known.customers.to_numpy())
    cohort, k = summed.cohort.to_numpy(), (summed.period - summed.cohort).to_numpy()
    active[cohort, k], cents[cohort, k] = summed.customers.to_numpy(), summed.cents.to_numpy()
    later = np.cumsum(lasts[:, ::-1], axis=1)[:, ::-1]
    return CohortCounts(periods.labels, size, active, later, cents)
