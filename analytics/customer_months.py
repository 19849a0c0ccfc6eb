"""What customers did month by month: whether they paid, ordered or came, and for how much money.

One pass over the raw rows; retention and growth read its result, which has at most one row a customer and month.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum

import ibis
import ibis.expr.types as ir

from analytics.history import DatedRows, History
from analytics.money.paying_months import FIRST_PAID, mrr_by_customer
from analytics.month_ends import MonthEnds
from analytics.whole_sums import whole_sum

BEFORE = -1  # stands for the position of every month that ends before the first month end


class Activity(StrEnum):
    """What makes a customer active in a month."""

    PAYING = "paying at the end of the month"
    ORDERING = "an order in the month"
    USING = "an event in the month"


@dataclass(frozen=True, slots=True)
class CustomerMonths:
    """The months of customers, by the position of the month end in `MonthEnds.dates`.

    table : `customer_id`, `position` (BEFORE, or 0 to n), `cents` (the MRR at that month end, or the revenue of the
    month that ends then; 0 of events) and `active`. firsts : `customer_id` and `first`, the position of the month of
    the first paid start, the first order or the first event. members : see `DatedRows`.
    """

    activity: Activity
    table: ir.Table
    firsts: ir.Table
    members: ir.Table


def customer_months(history: History, mrr: ir.Table | None = None) -> CustomerMonths | None:
    """The months out of subscriptions; without them out of orders; without these out of events; else None.

    mrr : `mrr_by_customer` of the history, where it is computed already.
    """
    ends = history.month_ends
    if history.terms is not None:
        if mrr is None:
            mrr = history.keep(mrr_by_customer(history.terms.rows, ends))
        return _of_terms(mrr, history.terms.members, history)
    if history.orders is not None:
        rows = history.orders.rows
        has_money = "cents" in rows.columns
        cents, bought = (rows.cents, rows.cents > 0) if has_money else (_no_money(), ibis.literal(True))
        months = _by_month(rows, rows.ordered_at, cents, bought, ends)
        return _with_firsts(Activity.ORDERING, months, history.orders, history)
    if history.events is not None:
        rows = history.events.rows
        months = _by_month(rows, rows.occurred_at, _no_money(), ibis.literal(True), ends)
        return _with_firsts(Activity.USING, months, history.events, history)
    return None


def month_position(moment: ir.TimestampValue, ends: MonthEnds) -> ir.IntegerValue:
    """The position of the first month end after a moment; less than 0, or more than n, outside of the record."""
    first = ends.dates[0]
    month = moment.year().cast("int64") * 12 + moment.month().cast("int64")
    return month - (first.year * 12 + first.month - 1)


def at_earliest(position: ir.IntegerValue) -> ir.IntegerValue:
    """The position, or BEFORE where it is less than 0."""
    return ibis.greatest(position, ibis.literal(BEFORE, "int64"))


def _no_money() -> ir.IntegerValue:
    return ibis.literal(0, "int64")


def _by_month(
    rows: ir.Table, moment: ir.TimestampValue, cents: ir.IntegerValue, active: ir.BooleanValue, ends: MonthEnds
) -> ir.Table:
    end = ibis.literal(datetime.combine(ends.dates[-1], time.min), "timestamp")
    marked = rows.select(customer_id=rows.customer_id, moment=moment, cents=cents, active=active)
    marked = marked.filter(marked.moment < end)
    marked = marked.mutate(position=at_earliest(month_position(marked.moment, ends)))
    return marked.group_by("customer_id", "position").aggregate(
        cents=whole_sum(marked.cents), active=marked.active.fill_null(False).max()
    )


def _with_firsts(activity: Activity, months: ir.Table, rows: DatedRows, history: History) -> CustomerMonths:
    table = history.keep(months)
    active = table.filter(table.active)
    firsts = active.group_by("customer_id").aggregate(first=active.position.min())
    return CustomerMonths(activity, table, history.keep(firsts), rows.members)


def _of_terms(mrr: ir.Table, members: ir.Table, history: History) -> CustomerMonths:
    ends = history.month_ends
    tables = [
        mrr.filter(mrr[f"mrr_{position}"] > 0).select(
            customer_id=mrr.customer_id,
            position=ibis.literal(position, "int64"),
            cents=mrr[f"mrr_{position}"].cast("int64"),
            active=ibis.literal(True),
        )
        for position in range(len(ends.dates))
    ]
    started = mrr.filter(mrr[FIRST_PAID].notnull())
    firsts = started.select(
        customer_id=started.customer_id, first=at_earliest(month_position(started[FIRST_PAID], ends))
    )
    return CustomerMonths(
        Activity.PAYING, history.keep(ibis.union(tables[0], *tables[1:])), history.keep(firsts), members
    )
