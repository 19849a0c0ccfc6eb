"""The sums behind the figures of orders, computed in the engine."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pandas as pd

from analytics.customer_months import month_position
from analytics.fetched import fetched
from analytics.groups import Groupings
from analytics.history import History
from analytics.intervals.pair_sums import pair_aggregates
from analytics.money.month_sums import Aggregates, on_every_month, sums_by_group
from analytics.month_ends import MonthEnds
from analytics.options import RecordOptions
from analytics.whole_sums import whole_sum
from features.tables.exact_sums import from_ten_thousandths

BASKET, MARGIN, CUSTOMER = "basket", "margin", "customer"  # pairs of sums behind intervals
SUMMED = ("cents", "orders", "known_cents", "known_lines", "profit")
DECILES = 10


@dataclass(frozen=True, slots=True)
class OrderSums:
    """The sums of a history with orders.

    months : by group and position 1 to n, of the month that ends there. window : of all months, by where customers are
    at the last month end: the same sums, those who bought again, the money of those who bought. deciles : the money of
    each tenth of the customers, 1 the top.
    """

    months: pd.DataFrame
    window: pd.DataFrame
    deciles: pd.DataFrame
    has_money: bool
    has_costs: bool


def order_sums(history: History, groupings: Groupings, options: RecordOptions) -> OrderSums:
    """The sums of a history with orders.

    Raises
    ------
    SourceError
        If the engine fails.
    """
    assert history.orders is not None  # noqa: S101 - the caller asks only where the company has orders
    ends, rows = history.month_ends, history.orders.rows
    purchases = history.keep(purchases_by_month(rows, ends))
    grouped = history.keep(groupings.with_groups(purchases, history.orders.members))
    own = {name: whole_sum(grouped[name]) for name in SUMMED}
    of_month: dict[str, ir.Value] = {"buyers": (grouped.orders > 0).sum(), **own}
    if options.intervals:
        of_month |= _pairs(grouped)
    sums = sums_by_group(grouped, groupings, of_month, "orders")
    months = on_every_month(sums, range(1, len(ends.dates)), history.segments)
    customers = history.keep(_of_all_months(purchases, ends))
    placed = groupings.with_groups(customers, history.orders.members)
    of_window: dict[str, ir.Value] = {
        "buyers": (placed.orders > 0).sum(),
        "again": (placed.orders > 1).sum(),
        "buyers_cents": whole_sum(placed.cents, where=placed.orders > 0),
        **{name: whole_sum(placed[name]) for name in SUMMED},
        **({**_pairs(placed), **_pair_of_buyers(placed)} if options.intervals else {}),
    }
    window = sums_by_group(placed, groupings, of_window, "orders of all months").droplevel("position")
    # 0 where nobody is any more; a group at the last month end can be that of no month with orders
    groups = dict.fromkeys([*((grouping, group) for grouping, group, _ in months.index), *window.index])
    window = window.reindex(pd.MultiIndex.from_tuples(groups, names=window.index.names), fill_value=0)
    has_money, has_costs = ("cents" in rows.columns, "cost_cents" in rows.columns)
    return OrderSums(months, window, _deciles(customers.filter(customers.orders > 0)), has_money, has_costs)


def purchases_by_month(rows: ir.Table, ends: MonthEnds) -> ir.Table:
    """A row for each customer and month with order lines, by the position of the month's end.

    cents : the money. orders : different order ids, and lines without one. known_cents, profit : money of the lines
    whose cost is known (`known_lines` of them), and that less the cost. Where refunds are netted, they lower the money
    and are no orders.
    """
    first, last = (ibis.literal(day.isoformat(), "timestamp") for day in (ends.dates[0], ends.dates[-1]))
    none = ibis.literal(0, "int64")
    lines = rows.filter((rows.ordered_at >= first) & (rows.ordered_at < last))
    cents = lines.cents if "cents" in lines.columns else none
    cost = lines.cost_cents if "cost_cents" in lines.columns else ibis.null("int64")
    lines = lines.mutate(position=month_position(lines.ordered_at, ends), money=cents, profit=cents - cost)
    bought = lines.is_purchase if "is_purchase" in lines.columns else None
    orders = lines.count(where=bought)
    if "order_id" in lines.columns:  # the lines without an id are the lines less those with one
        orders = lines.order_id.nunique(where=bought) + (orders - lines.order_id.count(where=bought))
    return lines.group_by("customer_id", "position").aggregate(
        cents=whole_sum(lines.money),
        orders=orders.cast("int64"),
        known_cents=whole_sum(lines.money, where=lines.profit.notnull()),  # noqa: PD004 - an expression, no frame
        known_lines=lines.profit.count().cast("int64"),
        profit=whole_sum(lines.profit),
    )


def _of_all_months(purchases: ir.Table, ends: MonthEnds) -> ir.Table:
    """A row a customer with order lines, as it is at the last month end."""
    sums = purchases.group_by("customer_id").aggregate(**{name: whole_sum(purchases[name]) for name in SUMMED})
    return sums.mutate(position=ibis.literal(len(ends.dates) - 1, "int64"))


def _pairs(rows: ir.Table) -> Aggregates:
    cents, known, profit = (from_ten_thousandths(rows[name]) for name in ("cents", "known_cents", "profit"))
    return {
        **pair_aggregates(BASKET, cents, rows.orders, (rows.orders > 0) | (rows.cents != 0), thirds=True),
        **pair_aggregates(MARGIN, profit, known, rows.known_cents != 0),
    }


def _pair_of_buyers(buyers: ir.Table) -> Aggregates:
    is_counted = buyers.orders > 0
    return pair_aggregates(
        CUSTOMER, from_ten_thousandths(buyers.cents), is_counted.ifelse(1, 0), is_counted, thirds=True
    )


def _deciles(buyers: ir.Table) -> pd.DataFrame:
    """`decile` (1: who spent most), `customers`, `cents`; equal spenders are ordered by their id."""
    tenth = ibis.ntile(DECILES).over(order_by=[buyers.cents.desc(), buyers.customer_id])
    ranked = buyers.mutate(decile=tenth + 1)
    sums = ranked.group_by("decile").aggregate(customers=ranked.count(), cents=whole_sum(ranked.cents))
    return fetched(sums, "deciles of revenue").sort_values("decile", ignore_index=True)
