"""The rows of orders, terms and events for the analyst's figures: those before a moment, money in whole numbers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import ibis
import ibis.expr.types as ir

from features.as_of import AsOf
from features.groups.opened_tables import OpenedTables
from features.history.row_flags import row_flags
from features.tables.exact_sums import ten_thousandths
from features.tables.raw_tables import EVENTS, ORDERS, SUBSCRIPTIONS

DATED = (SUBSCRIPTIONS.name, ORDERS.name, EVENTS.name)
KEPT = {
    ORDERS.name: ("customer_id", "ordered_at", "order_id", "is_purchase"),
    EVENTS.name: ("customer_id", "occurred_at", "name", "feature"),
    SUBSCRIPTIONS.name: ("customer_id", "started_at", "subscription_id", "plan"),
}


def dated_rows(
    opened: OpenedTables,
    name: str,
    observed_until: AsOf,
    conditions: Mapping[str, str] = MappingProxyType({}),
    time_zone: str = "UTC",
) -> ir.Table:
    """The rows of a raw table before a moment, under our names.

    conditions : as text over all of our columns of the table, by the name of the column that says which rows meet it
    (`features.history.row_flags`); moments in them are of `time_zone`.

    Orders have `cents` in ten-thousandths where they have money, `cost_cents` where a cost is known, and `is_purchase`
    where refunds are netted: a refund lowers the money, and is no order. Terms have `cents` (0 where null), `is_trial`,
    and `ended_at`, null where they run, or end at or after the moment: that end is not known yet.

    Raises
    ------
    SourceError
        If a condition names a column that the table does not have, or compares one with what it is not.
    """
    rows = opened.before(observed_until).rows[name]
    columns = [column for column in KEPT[name] if column in rows.columns]
    flags = row_flags(rows, name, conditions, observed_until, time_zone)
    if name == ORDERS.name:
        return rows.select(*columns, **_money_of_orders(rows), **flags)
    if name == SUBSCRIPTIONS.name:
        return rows.select(*columns, **_of_terms(rows, observed_until), **flags)
    return rows.select(*columns, **flags)


def _money_of_orders(rows: ir.Table) -> dict[str, ir.Value]:
    money: dict[str, ir.Value] = {"cents": rows.money} if "money" in rows.columns else {}
    return money | ({"cost_cents": ten_thousandths(rows.cost)} if "cost" in rows.columns else {})


def _of_terms(rows: ir.Table, observed_until: AsOf) -> dict[str, ir.Value]:
    ended: ir.Value = ibis.null("timestamp")
    if "ended_at" in rows.columns:
        ended = ibis.ifelse(rows.ended_at < observed_until.clock(), rows.ended_at, ended)
    trial: ir.Value = rows.trial.fill_null(0.0) != 0 if "trial" in rows.columns else ibis.literal(False)
    return {"ended_at": ended, "cents": ten_thousandths(rows.mrr).fill_null(0), "is_trial": trial}
