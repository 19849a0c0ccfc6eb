"""Orders of several lines that all have the same amount: it may be the total of the order, which each line counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis.expr.types as ir

from features.notices import Notice
from features.tables.canonical import Tally
from features.tables.raw_tables import ORDERS
from segment_model.errors import counted

FIRST_ROWS = 20_000
ENOUGH_ORDERS = 5  # of several lines
NEARLY_ALL = 0.95  # of them


def repeated_totals(orders: ir.Table) -> tuple[Tally, ...]:
    """A tally without counts that warns where nearly all orders of several lines, of the first rows, are such.

    orders : rows with `amount`. None where nothing says which lines are one order.
    """
    if "order_id" not in orders.columns:
        return ()
    first = orders.select("order_id", "amount").limit(FIRST_ROWS)
    paid = first.filter(first.order_id.notnull() & (first.amount != 0))
    by_order = paid.group_by("order_id").aggregate(lines=paid.count(), least=paid.amount.min(), most=paid.amount.max())
    several = by_order.filter(by_order.lines > 1)
    sums = several.aggregate(several=several.count(), alike=(several.least == several.most).sum())
    return (Tally(sums, lambda _, counts: dict(counts), "orders: comparing lines", _notices, only_notices=True),)


def _notices(totals: Mapping[str, Any]) -> tuple[Notice, ...]:
    several, alike = int(totals["several"]), int(totals["alike"] or 0)
    if several < ENOUGH_ORDERS or alike < NEARLY_ALL * several:
        return ()
    orders = counted(several, "order")
    text = (
        f"{alike:,} of {orders} with several lines have the same amount on each line: where it is the total of the "
        "order, it counts once a line; keep one line of each order, or map the money of the line to amount"
    )
    return (Notice(ORDERS.name, text, warning=True),)
