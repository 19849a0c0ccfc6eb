"""Orders less the money that was given back; their column `refunded_amount` is consumed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from features.tables.canonical import CanonicalTable, Tally

REFUNDED = "refunded_amount"
HALF_OF_A_TEN_THOUSANDTH = 0.00005  # an amount below it is 0 when it is summed


def less_refunded_amounts(orders: CanonicalTable, full_ones_dropped: bool) -> CanonicalTable:
    """Orders with the amount less `refunded_amount`, whose sign does not count; that column is gone.

    full_ones_dropped : leave out the rows that were given back in full, as refunds are left out.
    """
    table = orders.table
    if "amount" not in table.columns and not {"quantity", "price"} <= set(table.columns):
        return replace(orders, table=table.drop(REFUNDED))
    amount = table.amount if "amount" in table.columns else table.quantity * table.price
    given_back = table[REFUNDED].abs().fill_null(0.0)
    table = table.mutate(amount=amount - given_back, given_back=given_back)
    refunded = table.given_back > 0
    in_full = (refunded & (table.amount < HALF_OF_A_TEN_THOUSANDTH)).fill_null(False)
    sums = table.aggregate(refunded=refunded.sum(), in_full=in_full.sum())

    def count_rows(totals: Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, int]:
        dropped = {"refunded_in_full_dropped": int(totals["in_full"] or 0)} if full_ones_dropped else {}
        return {**counts, "with_refunded_amount": int(totals["refunded"] or 0), **dropped}

    tally = Tally(sums, count_rows, "orders: counting refunded amounts")
    kept = table.filter(~in_full) if full_ones_dropped else table
    return replace(orders, table=kept.drop("given_back", REFUNDED), tallies=(*orders.tallies, tally))
