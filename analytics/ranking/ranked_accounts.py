"""Orders accounts by a value in their engine; equal ones stand in the order of their ids."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from analytics.ranking.measures import BEFORE, NOW

RANK, CHANGE = "rank", "change"
KEPT = ("customer_id", "segment_id", "strength", "representative")


def with_amounts(members: ir.Table, amounts: ir.Table) -> ir.Table:
    """The members with NOW and BEFORE; 0 for those without rows.

    amounts : of `measures.Measure`, in the engine of the members.
    """
    ours = amounts.select(NOW, BEFORE, account="customer_id")
    joined = members.left_join(ours, members.customer_id == ours.account)
    return joined.select(*members.columns, **{name: joined[name].fill_null(0.0) for name in (NOW, BEFORE)})


def ranked_accounts(accounts: ir.Table, by_change: bool, most: int | None = None) -> ir.Table:
    """The accounts in order: RANK from 1, KEPT, `value`, `value_month_before` and CHANGE.

    accounts : with KEPT, NOW and BEFORE, missing where they are not known. by_change : the highest change first, else
    the highest value. Those without stand last; equal ones in the order of `customer_id`. most : only so many.
    """
    change = accounts[NOW] - accounts[BEFORE]
    columns = {name: accounts[name] for name in KEPT}
    listed = accounts.select(**columns, value=accounts[NOW], value_month_before=accounts[BEFORE], **{CHANGE: change})
    key = listed[CHANGE] if by_change else listed["value"]
    order = [key.isnull().ifelse(1, 0), key.desc(), listed.customer_id]
    ranked = listed.mutate(**{RANK: (ibis.row_number().over(order_by=order) + 1).cast("int64")})
    ranked = ranked.order_by(RANK)
    return ranked if most is None else ranked.limit(most)
