"""Recency, frequency and monetary value of a customer's orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import ibis
import ibis.expr.types as ir

from features.as_of import AnyAsOf
from features.grammar.summed_numbers import LARGEST
from features.groups.repeated_totals import repeated_totals
from features.groups.windows import both, in_window, window_words
from features.notices import Notice
from features.settings import RfmSettings
from features.tables.canonical import CanonicalTable, Tally
from features.tables.exact_sums import from_ten_thousandths, ten_thousandths
from features.tables.raw_tables import ORDERS
from segment_model.contract import Column, Kind, Role

GROUP = "rfm"
ORDER_COUNT = "__orders"  # beside the columns of the vector: the orders of a customer under any convention
DISCOUNT = "discount"
MOST = "largest "  # before the name of a column, in the totals of a tally
OF_MONEY = frozenset({"monetary_value", "average_order_value", "discount_share", "cdnow_repeat_value"})


def prepare_orders(orders: CanonicalTable, settings: RfmSettings) -> CanonicalTable:
    """Rows that count under the chosen conventions, with `money` in ten-thousandths if the rows have it.

    Where not every row is a purchase, `is_purchase` tells which are.
    """
    if not any(set(columns) <= set(orders.table.columns) for columns in ORDERS.either):
        return _without_amounts(orders)
    prepared = _with_amounts(orders, settings)
    return prepared if settings.monetary else replace(prepared, table=prepared.table.drop("money"))


def _without_amounts(orders: CanonicalTable) -> CanonicalTable:
    sums = orders.table.aggregate(countable=orders.table.count())

    def count_rows(totals: Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, int]:
        return {**counts, "used": int(totals["countable"])}

    tally = Tally(sums, count_rows, "orders: counting rows")
    return CanonicalTable(orders.name, orders.table, (*orders.tallies, tally))


def _with_amounts(orders: CanonicalTable, settings: RfmSettings) -> CanonicalTable:
    table = orders.table
    amount = table.amount if "amount" in table.columns else table.quantity * table.price
    table = table.mutate(amount=amount)
    usable = (table.amount.abs() <= LARGEST).fill_null(False)
    refund, zero = usable & (table.amount < 0), usable & (table.amount == 0)
    compared = ("amount", DISCOUNT) if settings.monetary and DISCOUNT in table.columns else ()
    sums = table.aggregate(
        unusable=(~usable).sum(),
        refunds=refund.sum(),
        zero_amounts=zero.sum(),
        countable=table.count(),
        **{f"{MOST}{name}": table[name].abs().max() for name in compared},
    )
    kept = usable
    if settings.refunds == "dropped":
        kept = kept & (table.amount >= 0)
    if settings.zero_amounts == "dropped":
        kept = kept & (table.amount != 0)
    table = table.filter(kept).mutate(money=lambda t: ten_thousandths(t.amount))
    if settings.refunds == "netted":
        table = table.mutate(is_purchase=table.amount >= 0)

    def count_rows(totals: Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, int]:
        refunds, dropped = int(totals["refunds"] or 0), {"without_usable_amount": int(totals["unusable"] or 0)}
        if settings.refunds == "dropped":
            dropped["refunds_dropped"] = refunds
        if settings.zero_amounts == "dropped":
            dropped["zero_amounts_dropped"] = int(totals["zero_amounts"] or 0)
        used = int(totals["countable"]) - sum(dropped.values())
        kept_refunds = {} if settings.refunds == "dropped" else {f"refunds_{settings.refunds}": refunds}
        return {**counts, **dropped, "used": used, **kept_refunds}

    tally = Tally(sums, count_rows, "orders: counting refunds", _notices_of_discounts)
    repeated = repeated_totals(orders.table) if settings.monetary and "amount" in orders.table.columns else ()
    return CanonicalTable(orders.name, table, (*orders.tallies, tally, *repeated))


def _notices_of_discounts(totals: Mapping[str, Any]) -> tuple[Notice, ...]:
    """A warning where no discount is above 1 and amounts are: then they may be shares of the price."""
    discount, amount = (float(totals.get(f"{MOST}{name}") or 0) for name in (DISCOUNT, "amount"))
    if not 0 < discount <= 1 < amount:
        return ()
    text = (
        f"no discount is above {discount:g}, and amounts go up to {amount:,.2f}: where discounts are no money, but "
        "shares of the price, write `not_read: [discount]`"
    )
    return (Notice(ORDERS.name, text, warning=True),)


def rfm(orders: ir.Table, as_of: AnyAsOf, settings: RfmSettings) -> ir.Table:
    """One row a customer: the columns of `columns` but the scores, and `ORDER_COUNT`, from prepared orders."""
    bought, lately = _purchases(orders), in_window(orders, as_of, settings.window_days)
    counting = both(bought, lately)
    lines = orders.count(where=counting)
    order_count = lines
    if "order_id" in orders.columns:
        # the lines without an id are the lines less those with one
        order_count = orders.order_id.nunique(where=counting) + (lines - orders.order_id.count(where=counting))
    days = orders.day.nunique(where=counting)
    frequency = {"orders": order_count, "lines": lines, "active_days": days}
    sums = orders.group_by("customer_id").aggregate(
        frequency=frequency[settings.frequency],
        order_count=order_count,
        first_day=orders.day.min(where=bought),
        last_day=orders.day.max(where=bought),
        **({} if lately is None else {"first_counted": orders.day.min(where=counting)}),
        **_moments(orders, settings),
        **_sums_of_money(orders, lately),
    )
    gaps = (sums.order_count - 1).cast("float64")
    first_counted = sums.first_day if lately is None else sums.first_counted  # the last purchase is in any window
    return sums.select(
        "customer_id",
        recency_days=_days_since(sums, "last", as_of),
        frequency=sums.frequency.cast("float64"),
        tenure_days=_days_since(sums, "first", as_of),
        days_between_orders=(sums.last_day - first_counted).cast("float64") / gaps.nullif(0.0),
        **_values_of_money(sums),
        **{ORDER_COUNT: sums.order_count},
    )


def _purchases(orders: ir.Table) -> ir.BooleanColumn | None:
    """Which rows are purchases; None where all are, since an engine computes a filtered aggregate more slowly."""
    return orders.is_purchase if "is_purchase" in orders.columns else None


def _moments(orders: ir.Table, settings: RfmSettings) -> dict[str, ir.TimestampValue]:
    """The moments of the first and the last purchase, where elapsed days count from them."""
    if settings.recency == "calendar_days":
        return {}
    bought = _purchases(orders)
    return {
        "first_moment": orders.ordered_at.min(where=bought),
        "last_moment": orders.ordered_at.max(where=bought),
    }


def _days_since(sums: ir.Table, which: str, as_of: AnyAsOf) -> ir.FloatingValue:
    """Days since the "first" or the "last" purchase: of the calendar, or elapsed where its moment is known."""
    days = as_of.day - sums[f"{which}_day"]
    if f"{which}_moment" in sums.columns:
        # after so many days of 24 hours the calendar shows the as-of day, but perhaps a later time of day
        same_time = sums[f"{which}_moment"] + days.cast("int32").as_interval("D")
        days = days - ibis.ifelse(same_time > as_of.clock(), 1, 0)
    return days.cast("float64")


def _sums_of_money(orders: ir.Table, lately: ir.BooleanColumn | None) -> dict[str, ir.IntegerValue]:
    if "money" not in orders.columns:
        return {}
    sums = {"money": _sum(orders.money, lately)}
    if is_discounted(orders):
        sums["discount"] = orders.discount.fill_null(0.0).abs().pipe(ten_thousandths).pipe(_sum, lately)
    return sums


def _sum(values: ir.IntegerColumn, lately: ir.BooleanColumn | None) -> ir.IntegerScalar:
    """The sum of the rows within the window, 0 where none is."""
    return values.sum() if lately is None else values.sum(where=lately).fill_null(0)


def _values_of_money(sums: ir.Table) -> dict[str, ir.FloatingValue]:
    if "money" not in sums.columns:
        return {}
    money = from_ten_thousandths(sums.money)
    values = {
        "monetary_value": money,
        "average_order_value": money / sums.order_count.cast("float64").nullif(0.0),
    }
    if "discount" in sums.columns:
        gross = sums.money.cast("float64") + sums.discount.cast("float64")
        values["discount_share"] = ibis.ifelse(gross > 0, sums.discount.cast("float64") / gross, 0.0).clip(0.0, 1.0)
    return values


def cdnow_summary(orders: ir.Table, as_of: AnyAsOf) -> ir.Table:
    """The CDNOW summary of Fader and Hardie, as in BTYD and lifetimes: same-day orders are one, weeks of 7 days.

    The observation ends with the last day before `as_of`.
    """
    has_money = "money" in orders.columns
    purchases = _purchases(orders)
    bought = orders if purchases is None else orders.filter(purchases)
    days = bought.group_by("customer_id", "day").aggregate(**({"money": bought.money.sum()} if has_money else {}))
    sums = days.group_by("customer_id").aggregate(
        days=days.count(),
        first=days.day.min(),
        last=days.day.max(),
        **({"money": days.money.sum(), "first_money": days.money.argmin(days.day)} if has_money else {}),
    )
    repeats = (sums.days - 1).cast("float64")
    values = {
        "cdnow_frequency": repeats,
        "cdnow_recency_weeks": (sums["last"] - sums["first"]).cast("float64") / 7,
        "cdnow_age_weeks": (as_of.last_day - sums["first"]).cast("float64") / 7,
    }
    if has_money:
        later = from_ten_thousandths(sums.money - sums.first_money)
        values["cdnow_repeat_value"] = ibis.ifelse(repeats > 0, later / repeats.nullif(0.0), 0.0)
    return sums.select("customer_id", **values)


def columns(settings: RfmSettings, currency: str, discounted: bool) -> tuple[Column, ...]:
    """What `rfm` computes. Bases: recency, frequency and monetary value (and discounts); the rest follows from them."""
    counted = {"orders": "orders", "lines": "order lines", "active_days": "days with an order"}[settings.frequency]
    money_of = {"dropped": "without refunds", "netted": "less refunds", "kept": "with refunds as negative rows"}
    since = {
        "calendar_days": "as-of day - day of the {} order",
        "elapsed_days": "whole days of 24 hours from the {} order to the as-of moment",
    }[settings.recency]
    base, tell, lately = Role.BASIS, Role.DESCRIPTOR, window_words(settings.window_days)
    listed = [
        Column(
            "recency_days", Kind.COUNT, base, "days", GROUP, since.format("last"), True,
            low="bought recently", high="lapsed", label="time since the last order",
        ),
        Column(
            "frequency", Kind.COUNT, base, counted, GROUP, f"number of {counted}{lately}",
            low=f"few {counted}", high=f"many {counted}",
        ),
        Column(
            "monetary_value", Kind.NUMBER, base, currency, GROUP,
            f"sum of amounts, {money_of[settings.refunds]}{lately}", low="low spend", high="high spend",
        ),
        Column(
            "average_order_value", Kind.NUMBER, tell, f"{currency} an order", GROUP,
            f"sum of amounts / number of orders{lately}", True, low="small orders", high="large orders",
        ),
        Column(
            "tenure_days", Kind.COUNT, tell, "days", GROUP, since.format("first"), True,
            low="new customer", high="long-standing customer", label="time since the first order",
        ),
        Column(
            "days_between_orders", Kind.NUMBER, tell, "days", GROUP,
            f"(day of the last order - day of the first) / (number of orders - 1){lately}; missing with a single order",
            True, low="orders in quick succession", high="long gaps between orders", label="time between orders",
        ),
    ]  # fmt: skip
    if discounted:
        listed.append(
            Column(
                "discount_share", Kind.SHARE, base, "of the undiscounted price", GROUP,
                f"discounts / (amounts + discounts){lately}", low="pays full price", high="discount seeker",
            )
        )  # fmt: skip
    return tuple(column for column in listed if settings.monetary or column.name not in OF_MONEY)


def of_invoices(column: Column) -> Column:
    """A column of orders beside subscriptions, whose orders are invoices: it describes, and has no words of buying.

    Who pays by the quarter buys neither rarely nor long ago.
    """
    return replace(column, role=Role.DESCRIPTOR, low="", high="")


def cdnow_columns(settings: RfmSettings, currency: str) -> tuple[Column, ...]:
    """What `cdnow_summary` computes."""
    tell = Role.DESCRIPTOR
    listed = (
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
    return tuple(column for column in listed if settings.monetary or column.name not in OF_MONEY)


def is_discounted(orders: ir.Table) -> bool:
    """Whether prepared orders have both money and discounts."""
    return {DISCOUNT, "money"} <= set(orders.columns)
