"""Three values of a customer's lifetime: by ARPA and churn, by the survival curve, and the money of the first year."""

from __future__ import annotations

from datetime import timedelta

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from analytics.catalogue import lifetime_value as catalogue
from analytics.groups import Groupings
from analytics.history import EVERYONE, History
from analytics.intervals.differences import limits_of_ratio
from analytics.intervals.estimates import RatioOfSums
from analytics.intervals.pair_sums import Numbers, PairSums, pair_aggregates
from analytics.marking import Marking, with_interval
from analytics.money.month_sums import sums_by_group
from analytics.money.paying_months import paid_terms
from analytics.options import RecordOptions
from analytics.tidy import joined, not_below_zero, rows_of, with_floor
from analytics.whole_sums import whole_sum
from features.expressions.portable import clock_seconds
from features.grammar.summed_numbers import nearest_whole
from features.tables.exact_sums import TEN_THOUSANDTHS, from_ten_thousandths
from segment_model.errors import counted

NOBODY_LEFT = "nobody left"
NO_CURVE = "no survival curve"
NOT_KNOWN_YET = "not known yet"
DAY = 86_400  # seconds
FIRST_DAYS = 365
MONTHS_A_DAY = 12 / 365
PAIR = "so far"
KEYS = ["grouping", "group"]


def values_by_formula(figures: pd.DataFrame, options: RecordOptions, window: str) -> pd.DataFrame:
    """ARPA x margin / churn of each group, out of the rows of `arpa` and `churn_rate`.

    Undefined where fewer customers left than the floor: one loss in a thousand months makes a lifetime of centuries.
    Where ARPA or churn is missing, so is the value, for the same reason. The interval is that of their ratio, where
    both have one.
    """
    arpa, churn = _figure(figures, "arpa", ""), _figure(figures, "churn_rate", window)
    lost = _figure(figures, "churned_customers", window).value.rename("lost")
    rows = arpa.add_suffix("_arpa").join(churn.add_suffix("_churn"), how="inner").join(lost).reset_index()
    enough = (rows.value_churn > 0) & (rows.lost >= options.floor)
    values = rows.value_arpa * _margin(options) / rows.value_churn.where(enough)
    reason = rows.note_arpa.where(rows.note_arpa != "", rows.note_churn)
    note = reason.mask((reason == "") & ~enough, f"fewer than {counted(options.floor, 'customer')} left")
    note = note.mask(rows.value_churn == 0, NOBODY_LEFT)
    keys = rows[KEYS].assign(period=window)
    low, high = limits_of_ratio(_with_limits(rows, "arpa"), _with_limits(rows, "churn"))
    ends = {name: np.where(enough, _margin(options) * end, np.nan) for name, end in (("low", low), ("high", high))}
    return rows_of(catalogue.LTV_FORMULA, keys, values, rows.n_churn, note=note, **ends)


def _with_limits(rows: pd.DataFrame, name: str) -> tuple[Numbers, Numbers, Numbers]:
    value, low, high = (rows[f"{part}_{name}"].to_numpy(dtype=np.float64) for part in ("value", "low", "high"))
    return value, low, high


def values_by_survival(
    figures: pd.DataFrame, survival: pd.DataFrame, options: RecordOptions
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """ARPA x margin x the months that the survival curve expects, and what a reader must know of them.

    survival : the table `SURVIVAL`. A curve that is not known from the first month on has no value; one that ends
    before the horizon counts as far as it is known, so that the value is a lower limit, and its note says so.
    """
    arpa = _figure(figures, "arpa", "").reset_index()
    months, known = [], []
    for grouping, group in zip(arpa.grouping, arpa.group, strict=True):
        curve = survival[(survival.grouping == grouping) & (survival.group == group)].sort_values("time")
        within = curve[curve.time < options.horizon_months]
        begins = len(within) > 0 and int(within.time.iloc[0]) == 0
        months.append(float(within.share.sum()) if begins else np.nan)
        known.append(len(within) if begins and within.share.iloc[-1] > 0 else options.horizon_months)
    limits = [
        NO_CURVE if np.isnan(m) else f"at least: known for {counted(k, 'month')}" if k < options.horizon_months else ""
        for k, m in zip(known, months, strict=True)
    ]
    note = arpa.note.where(arpa.note != "", limits)
    rows = rows_of(
        catalogue.LTV_EXPECTED, arpa[KEYS].assign(period=""), arpa.value * _margin(options) * months, arpa.n, note=note
    )
    shortest = min((k for k, m in zip(known, months, strict=True) if not np.isnan(m)), default=options.horizon_months)
    if shortest >= options.horizon_months:
        return rows, ()
    return rows, (
        f"LTV by the survival curve looks {options.horizon_months} months ahead; where a curve is known for "
        f"less, in the shortest case {counted(shortest, 'month')}, the value is a lower limit",
    )


def money_so_far(
    history: History, firsts: ir.Table | None, groupings: Groupings, options: RecordOptions, marking: Marking
) -> pd.DataFrame:
    """The money of customers' first 365 days, by where they are at the last month end.

    Out of terms, and without them out of orders. firsts : where there are terms, `customer_id` and `first_paid` of
    each customer.

    Raises
    ------
    SourceError
        If the engine fails.
    """
    dated = history.orders if history.terms is None else history.terms
    if dated is None or "cents" not in dated.rows.columns:
        return joined([])
    until = ibis.literal(history.month_ends.observed_until, "timestamp")
    old_enough = ibis.literal(history.month_ends.observed_until - timedelta(days=FIRST_DAYS), "timestamp")
    money = _money_of_orders(dated.rows) if firsts is None else _money_of_terms(dated.rows, firsts, until)
    last = ibis.literal(len(history.month_ends.dates) - 1, "int64")
    customers = history.keep(money.filter(money["first"] <= old_enough).mutate(position=last))
    placed = groupings.with_groups(customers.drop("first"), dated.members)
    sums = {"customers": placed.count(), "cents": whole_sum(placed.cents)}
    if options.intervals:
        own, everyone = from_ten_thousandths(placed.cents), placed.position == last
        sums |= pair_aggregates(PAIR, own, everyone.ifelse(1, 0), everyone, thirds=True)
    table = sums_by_group(placed, groupings, sums, "money of the first year").droplevel("position")
    if table.empty:
        table = pd.DataFrame(0, index=pd.MultiIndex.from_tuples([(EVERYONE, EVERYONE)]), columns=table.columns)
    rows = table.rename_axis(KEYS).reset_index()
    n = rows.customers
    note = np.where(n == 0, NOT_KNOWN_YET, "")
    figures = rows_of(
        catalogue.MONEY_SO_FAR,
        rows[KEYS].assign(period=""),
        rows.cents / TEN_THOUSANDTHS / n.where(n > 0),
        n,
        note=note,
    )
    if options.intervals:
        pairs = PairSums.of_frame(rows, PAIR)
        figures = with_interval(figures, pairs, RatioOfSums)
        figures = not_below_zero(marking.marked(figures, catalogue.MONEY_SO_FAR, pairs, RatioOfSums))
    return with_floor(figures, options.floor)


def _money_of_terms(terms: ir.Table, firsts: ir.Table, until: ir.TimestampScalar) -> ir.Table:
    """`customer_id`, `first` and the `cents` of the first 365 days; a term pays by the day."""
    paid = paid_terms(terms)
    begun = firsts.select(payer=firsts.customer_id, first=firsts.first_paid)
    met = paid.inner_join(begun, paid.customer_id == begun.payer)
    ended = met.ended_at.fill_null(until) if "ended_at" in met.columns else until
    begin = clock_seconds(met.started_at) / DAY
    first = clock_seconds(met["first"]) / DAY
    end = ibis.least(clock_seconds(ended) / DAY, first + FIRST_DAYS)
    days = ibis.greatest(end - ibis.greatest(begin, first), 0.0)
    met = met.mutate(paid=nearest_whole(met.cents * days * MONTHS_A_DAY))
    return met.group_by("customer_id", "first").aggregate(cents=whole_sum(met.paid))


def _money_of_orders(orders: ir.Table) -> ir.Table:
    """`customer_id`, the moment of the `first` order, and the `cents` of the 365 days from it on."""
    bought = orders.is_purchase if "is_purchase" in orders.columns else None
    dated = orders.group_by("customer_id").aggregate(first=orders.ordered_at.min(where=bought))
    is_known = dated["first"].notnull()  # noqa: PD004 - an expression, no frame
    begun = dated.filter(is_known).rename(payer="customer_id")
    met = orders.inner_join(begun, orders.customer_id == begun.payer)
    within = (met.ordered_at >= met["first"]) & (met.ordered_at < met["first"] + ibis.interval(days=FIRST_DAYS))
    return met.group_by("customer_id", "first").aggregate(cents=whole_sum(met.cents, where=within))


def _margin(options: RecordOptions) -> float:
    return 1.0 if options.margin is None else options.margin


def _figure(figures: pd.DataFrame, name: str, period: str) -> pd.DataFrame:
    rows = figures[(figures.figure == name) & (figures.period == period)]
    return rows.set_index(KEYS)[["value", "low", "high", "n", "note"]]
