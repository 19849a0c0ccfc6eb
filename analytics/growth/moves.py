"""Moves of customers from one month end to the next, counted in the engine by where they were and where they are."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pandas as pd
from ibis import _

from analytics.customer_months import Activity, CustomerMonths
from analytics.fetched import fetched
from analytics.history import History
from analytics.whole_sums import whole_sum

WHAT = "sizes of segments"


def memberships_with_money(history: History, months: CustomerMonths, *more: str) -> ir.Table:
    """Kept: each membership with `cents`, the MRR at the month end or the revenue of the month that ends then; of
    subscriptions also `first`, see `CustomerMonths.firsts`. more : other columns of the members to keep."""
    own = months.table.select("cents", own_id="customer_id", own_position="position")
    members = months.members.select("customer_id", "segment", *more, position=months.members.position.cast("int64"))
    joined = members.left_join(own, [members.customer_id == own.own_id, members.position == own.own_position])
    if months.activity is not Activity.PAYING:
        return history.keep(joined.select(*members.columns, cents=joined.cents.fill_null(0)))
    firsts = months.firsts.select("first", first_id="customer_id")
    joined = joined.left_join(firsts, members.customer_id == firsts.first_id)
    return history.keep(joined.select(*members.columns, "first", cents=joined.cents.fill_null(0)))


def first_sizes(members: ir.Table) -> pd.DataFrame:
    """`segment`, `customers` and `cents` at the first month end."""
    first = members.filter(members.position == 0)
    return fetched(first.group_by("segment").aggregate(customers=_.count(), cents=whole_sum(first.cents)), WHAT)


def moves(members: ir.Table, last: int) -> pd.DataFrame:
    """Customers by `position`, `source` (the segment at the month end before) and `target` (at this one).

    A missing source: no membership before; a missing target: none any more. Columns: customers, cents_before,
    cents_after, and of subscriptions, of those who are members at both, `left` (had MRR, have none) and `returned` (had
    none then, but earlier, and have MRR), else 0.
    """
    before = members.filter(members.position < last).select(
        before_id="customer_id", before_at=members.position + 1, source="segment", cents_before="cents"
    )
    first = {"first": "first"} if "first" in members.columns else {}
    after = members.filter(members.position > 0).select(
        after_id="customer_id", after_at="position", target="segment", cents_after="cents", **first
    )
    both = before.outer_join(after, [before.before_id == after.after_id, before.before_at == after.after_at])
    pairs = both.select(
        "source",
        "target",
        *first,
        position=ibis.coalesce(both.before_at, both.after_at),
        cents_before=both.cents_before.fill_null(0),
        cents_after=both.cents_after.fill_null(0),
    )
    left = returned = ibis.literal(0, "int64")
    if first:
        # the money of who is no member is not known here, so that nothing is said of its payments
        stays = pairs.source.notnull() & pairs.target.notnull()  # noqa: PD004 - an expression, no frame
        left = (stays & (pairs.cents_before > 0) & (pairs.cents_after == 0)).sum()
        had_some = (pairs["first"] < pairs.position).fill_null(False)
        returned = (stays & (pairs.cents_before == 0) & (pairs.cents_after > 0) & had_some).sum()
    counts = pairs.group_by("position", "source", "target").aggregate(
        customers=pairs.count(),
        cents_before=whole_sum(pairs.cents_before),
        cents_after=whole_sum(pairs.cents_after),
        left=left,
        returned=returned,
    )
    return fetched(counts, WHAT)
