"""Recency, frequency and monetary value of a customer's orders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import ibis.expr.types as ir

from features.as_of import AnyAsOf
from features.settings import RfmSettings
from features.tables.canonical import CanonicalTable, Tally
from features.tables.exact_sums import from_ten_thousandths, ten_thousandths
from features.tables.raw_tables import LARGEST
from segment_model.contract import Column, Kind, Role

GROUP = "rfm"


def prepare_orders(orders: CanonicalTable, settings: RfmSettings) -> CanonicalTable:
    """Rows that count under the chosen conventions, with `money` in ten-thousandths and `is_purchase`."""
    table = orders.table
    amount = table.amount if "amount" in table.columns else table.quantity * table.price
    table = table.mutate(amount=amount)
    usable = (table.amount.abs() <= LARGEST).fill_null(False)
    refund, zero = usable & (table.amount < 0), usable & (table.amount == 0)
    sums = table.aggregate(
        unusable=(~usable).sum(), refunds=refund.sum(), zero_amounts=zero.sum(), countable=table.count()
    )
    kept = usable
    if settings.refunds == "dropped":
        kept = kept & (table.amount >= 0)
    if settings.zero_amounts == "dropped":
        kept = kept & (table.amount != 0)
    table = table.filter(kept).mutate(
        money=lambda t: ten_thousandths(t.amount),
        is_purchase=lambda t: t.amount >= 0 if settings.refunds == "netted" else ibis.literal(True),
    )

    def count_rows(totals: Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, int]:
        refunds, dropped = int(totals["refunds"] or 0), {"without_usable_amount": int(totals["unusable"] or 0)}
        if settings.refunds == "dropped":
            dropped["refunds_dropped"] = refunds
        if settings.zero_amounts == "dropped":
            dropped["zero_amounts_dropped"] = int(totals["zero_amounts"] or 0)
        used = int(totals["countable"]) - sum(dropped.values())
        kept_refunds = {} if settings.refunds == "dropped" else {f"refunds_{settings.refunds}": refunds}
        return {**counts, **dropped, "used": used, **kept_refunds}

    return CanonicalTable(orders.name, table, (*orders.tallies, Tally(sums, count_rows, "orders: counting refunds")))


def rfm(orders: ir.Table, as_of: AnyAsOf, settings: RfmSettings) -> ir.Table:
    """One row a customer: the columns of `columns` but the scores, from prepared orders."""
    bought = orders.is_purchase
    order_count = bought.sum()
    if "order_id" in orders.columns:
        without_id = (bought & orders.order_id.isnull()).sum()
        order_count = orders.order_id.nunique(where=bought) + without_id
    days = orders.day.nunique(where=bought)
    frequency = {"orders": order_count, "lines": bought.sum(), "active_days": days}
    sums = orders.group_by("customer_id").aggregate(
        frequency=frequency[settings.frequency],
        order_count=order_count,
        first_day=orders.day.min(where=bought),
        last_day=orders.day.max(where=bought),
        money=orders.money.sum(),
        **(
            {"discount": orders.discount.fill_null(0.0).abs().pipe(ten_thousandths).sum()}
            if _discounted(orders)
            else {}
        ),
    )
    money = from_ten_thousandths(sums.money)
    gaps = (sums.order_count - 1).cast("float64")
    values = {
        "recency_days": (as_of.day - sums.last_day).cast("float64"),
        "frequency": sums.frequency.cast("float64"),
        "monetary_value": money,
        "average_order_value": money / sums.order_count.cast("float64").nullif(0.0),
        "tenure_days": (as_of.day - sums.first_day).cast("float64"),
        "days_between_orders": (sums.last_day - sums.first_day).cast("float64") / gaps.nullif(0.0),
    }
    if _discounted(orders):
        gross = sums.money.cast("float64") + sums.discount.cast("float64")
        values["discount_share"] = ibis.ifelse(gross > 0, sums.discount.cast("float64") / gross, 0.0).clip(0.0, 1.0)
    return sums.select("customer_id", **values)


def cdnow_summary(orders: ir.Table, as_of: AnyAsOf) -> ir.Table:
    """The CDNOW summary of Fader and Hardie, as in BTYD and lifetimes: same-day orders are one, weeks of 7 days.

    The observation ends with the last day before `as_of`.
    """
    days = orders.filter(orders.is_purchase).group_by("customer_id", "day").aggregate(money=orders.money.sum())
    sums = days.group_by("customer_id").aggregate(
        days=days.count(),
        first=days.day.min(),
        last=days.day.max(),
        money=days.money.sum(),
        first_money=days.money.argmin(days.day),
    )
    repeats = (sums.days - 1).cast("float64")
    later = from_ten_thousandths(sums.money - sums.first_money)
    return sums.select(
        "customer_id",
        cdnow_frequency=repeats,
        cdnow_recency_weeks=(sums.last - sums.first).cast("float64") / 7,
        cdnow_age_weeks=(as_of.last_day - sums.first).cast("float64") / 7,
        cdnow_repeat_value=ibis.ifelse(repeats > 0, later / repeats.nullif(0.0), 0.0),
    )


def columns(settings: RfmSettings, currency: str, discounted: bool) -> tuple[Column, ...]:
    """What `rfm` computes. Bases: recency, frequency and monetary value (and discounts); the rest follows from them."""
    counted = {"orders": "orders", "lines": "order lines", "active_days": "days with an order"}[settings.frequency]
    money_of = {"dropped": "without refunds", "netted": "less refunds", "kept": "with refunds as negative rows"}
    base, tell = Role.BASIS, Role.DESCRIPTOR
    listed = [
        Column(
            "recency_days", Kind.COUNT, base, "days", GROUP,
            "as-of day - day of the last order", True,
            low="bought recently", high="lapsed", label="time since the last order",
        ),
        Column(
            "frequency", Kind.COUNT, base, counted, GROUP, f"number of {counted}",
            low="rare buyers", high="frequent buyers",
        ),
        Column(
            "monetary_value", Kind.NUMBER, base, currency, GROUP,
            f"sum of amounts, {money_of[settings.refunds]}", low="low spend", high="high spend",
        ),
        Column(
            "average_order_value", Kind.NUMBER, tell, f"{currency} an order", GROUP,
            "sum of amounts / number of orders", True, low="small orders", high="large orders",
        ),
        Column(
            "tenure_days", Kind.COUNT, tell, "days", GROUP,
            "as-of day - day of the first order", True,
            low="new customer", high="long-standing customer", label="time since the first order",
        ),
        Column(
            "days_between_orders", Kind.NUMBER, tell, "days", GROUP,
            "(day of the last order - day of the first) / (number of orders - 1); missing with a single order",
            True, low="orders in quick succession", high="long gaps between orders", label="time between orders",
        ),
    ]  # fmt: skip
    if discounted:
        listed.append(
            Column(
                "discount_share", Kind.SHARE, base, "of the undiscounted price", GROUP,
                "discounts / (amounts + discounts)", low="pays full price", high="discount seeker",
            )
        )  # fmt: skip
    return tuple(listed)


def cdnow_columns(currency: str) -> tuple[Column, ...]:
    """What `cdnow_summary` computes."""
    tell = Role.DESCRIPTOR
    return (
        Column(
            "cdnow_frequency", Kind.COUNT, tell, "repeat days", GROUP, "days with an order - 1",
            True, low="few repeats", high="many repeats",
        ),
        Column(
            "cdnow_recency_weeks", Kind.NUMBER, tell, "weeks", GROUP, "(day of the last order - day of the first) / 7",
            True, low="stopped early", high="kept buying",
        ),
        Column(
            "cdnow_age_weeks", Kind.NUMBER, tell, "weeks", GROUP,
            "(last observed day - day of the first order) / 7, T in the literature",
            True, low="new customer", high="long-standing customer",
        ),
        Column(
            "cdnow_repeat_value", Kind.NUMBER, tell, f"{currency} a repeat day", GROUP,
            "money of the repeat days / number of repeat days; 0 without a repeat",
            True, low="low repeat spend", high="high repeat spend",
        ),
    )  # fmt: skip


def _discounted(orders: ir.Table) -> bool:
    return "discount" in orders.columns
