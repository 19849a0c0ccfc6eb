"""The figures of orders by group, for each month and for all months."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from analytics.catalogue import orders as catalogue
from analytics.groups import Groupings
from analytics.history import EVERYONE, History
from analytics.intervals.estimates import RatioOfMoney, RatioOfSums, Share
from analytics.intervals.pair_sums import PairSums
from analytics.marking import EstimateOf, Marking, with_interval
from analytics.money.order_sums import BASKET, CUSTOMER, DECILES, MARGIN, OrderSums, order_sums
from analytics.month_ends import MonthEnds
from analytics.options import RecordOptions
from analytics.record import Definition
from analytics.tidy import joined, not_below_zero, rows_of, with_floor
from features.tables.exact_sums import TEN_THOUSANDTHS

DECILE = "decile"  # the grouping of tenths of the customers by what they spent
NO_ORDERS = "no orders"
NO_REVENUE = "revenue is not above 0"  # as where refunds outweigh the orders
NO_COSTS = "no costs known"
PAIRS: Mapping[Definition, tuple[str, EstimateOf]] = {
    catalogue.BASKET: (BASKET, RatioOfSums),
    catalogue.MARGIN: (MARGIN, RatioOfMoney),
}


def order_figures(history: History, groupings: Groupings, options: RecordOptions, marking: Marking) -> pd.DataFrame:
    """The rows of a history with orders; those of money only where the orders have money.

    Raises
    ------
    SourceError
        If the engine fails.
    """
    ends = history.month_ends
    sums = order_sums(history, groupings, options)
    months = sums.months.reset_index()
    keys = months[["grouping", "group"]].assign(period=months.position.map(ends.month_before))
    window = sums.window.reset_index()
    window_keys = window[["grouping", "group"]].assign(period=ends.window)
    tables = [_of_period(months, keys, sums, options, None)]
    if len(ends.months) > 1:  # else the month is the window
        tables.append(_of_period(window, window_keys, sums, options, marking))
    tables.append(_of_customers(window, window_keys, sums.has_money, options, marking))
    if sums.has_money:
        tables.append(_by_decile(sums.deciles, ends, options.floor))
    return joined(tables)


def _of_period(
    sums: pd.DataFrame,
    keys: pd.DataFrame,
    whole: OrderSums,
    options: RecordOptions,
    marking: Marking | None,
) -> pd.DataFrame:
    """Revenue, orders, basket and margin of periods; n are the buying customers."""
    n = sums.buyers
    tables = [rows_of(catalogue.ORDERS, keys, sums.orders, n), rows_of(catalogue.BUYERS, keys, n, n)]
    if not whole.has_money:
        return joined(tables)
    total, orders_of_all = _of_everyone(sums.cents, keys), _of_everyone(sums.orders, keys)
    tables += [
        rows_of(catalogue.REVENUE, keys, sums.cents / TEN_THOUSANDTHS, n),
        rows_of(
            catalogue.REVENUE_SHARE,
            keys,
            sums.cents / total.where(total > 0),
            n,
            note=np.where(total > 0, "", np.where(orders_of_all > 0, NO_REVENUE, NO_ORDERS)),
        ),
    ]
    rates = {catalogue.BASKET: (sums.cents / TEN_THOUSANDTHS, sums.orders, np.full(len(sums), NO_ORDERS))}
    if whole.has_costs:
        reason = np.where(sums.known_lines > 0, NO_REVENUE, NO_COSTS)
        rates[catalogue.MARGIN] = (sums.profit, sums.known_cents, reason)
    for definition, (numerator, denominator, reason) in rates.items():
        note = np.where(denominator > 0, "", reason)
        rows = rows_of(definition, keys, numerator / denominator.where(denominator > 0), n, note=note)
        if options.intervals:
            name, estimate = PAIRS[definition]
            own = PairSums.of_frame(sums, name)
            rows = with_interval(rows, own, estimate)
            rows = marking.marked(rows, definition, own, estimate) if marking is not None else rows
            rows = not_below_zero(rows) if definition == catalogue.BASKET else rows  # a margin can be negative
        tables.append(with_floor(rows, options.floor))
    return joined(tables)


def _of_customers(
    rows: pd.DataFrame, keys: pd.DataFrame, has_money: bool, options: RecordOptions, marking: Marking
) -> pd.DataFrame:
    """What the customers of each group did in all months."""
    rows, keys = rows[rows.buyers > 0], keys[rows.buyers > 0]
    n = rows.buyers
    repeat = rows_of(catalogue.REPEAT_RATE, keys, rows.again / n, n)
    value = rows_of(catalogue.REVENUE_PER_CUSTOMER, keys, rows.buyers_cents / TEN_THOUSANDTHS / n, n)
    if options.intervals:
        again, all_of_them = (np.asarray(rows[name], np.float64) for name in ("again", "buyers"))
        trials = PairSums.of_counts(again, all_of_them)
        repeat = with_interval(repeat, trials, independent_share)
        repeat = marking.marked(repeat, catalogue.REPEAT_RATE, trials, independent_share)
        money = PairSums.of_frame(rows, CUSTOMER)
        value = with_interval(value, money, RatioOfSums)
        value = not_below_zero(marking.marked(value, catalogue.REVENUE_PER_CUSTOMER, money, RatioOfSums))
    tables = [repeat, value] if has_money else [repeat]
    return joined([with_floor(table, options.floor) for table in tables])


def independent_share(sums: PairSums) -> Share:
    """A share of customers, each of whom counts once."""
    return Share(sums.x, sums.y)


def _of_everyone(sums: pd.Series[int], keys: pd.DataFrame) -> pd.Series[int]:
    """Everyone's sum of the period of each row."""
    is_everyone = keys.grouping == EVERYONE
    return keys.period.map(sums[is_everyone].set_axis(keys.period[is_everyone]))


def _by_decile(deciles: pd.DataFrame, ends: MonthEnds, floor: int) -> pd.DataFrame:
    """The share of revenue of each tenth of the customers, and of the top tenth; none of fewer customers than the
    floor, or than there are tenths."""
    total = deciles.cents.sum()
    if total <= 0 or deciles.customers.sum() < max(floor, DECILES):
        return joined([])
    groups = deciles.decile.astype("int64").astype("str")
    keys = pd.DataFrame({"grouping": DECILE, "group": groups, "period": ends.window})
    shares = rows_of(catalogue.DECILE_SHARE, keys, deciles.cents / total, deciles.customers)
    everyone = pd.DataFrame({"grouping": [EVERYONE], "group": [EVERYONE], "period": [ends.window]})
    top = deciles.cents[deciles.decile == 1].sum() / total
    return joined([shares, rows_of(catalogue.TOP_DECILE_SHARE, everyone, top, deciles.customers.sum())])
