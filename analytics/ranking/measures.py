"""What customers are ranked by: MRR, revenue and usage at a moment and a month before, out of the dated rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import ibis
import ibis.expr.types as ir

from analytics.money.paying_months import paid_terms, runs
from analytics.whole_sums import whole_sum
from features.tables.exact_sums import from_ten_thousandths

NOW, BEFORE = "now", "before"


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure of a customer.

    table : the raw table that it is computed from. money : whether it is money. words : one sentence that a stranger
    can compute it by. amounts : the columns `customer_id`, NOW and BEFORE out of the rows of `analytics.history`, at a
    moment and at the one a month before; customers without rows have none, which means 0.
    """

    name: str
    table: str
    money: bool
    words: str
    amounts: Callable[[ir.Table, datetime, datetime], ir.Table]


def month_before(moment: datetime) -> datetime:
    """The same day and time of the month before; its last day where it is shorter."""
    last = moment.replace(day=1) - timedelta(days=1)
    return last.replace(day=min(moment.day, last.day))


def _mrr(rows: ir.Table, now: datetime, before: datetime) -> ir.Table:
    paid = paid_terms(rows)
    sums = {name: whole_sum(paid.cents, where=runs(paid, _at(moment))) for name, moment in _pair(now, before)}
    return _as_money(paid.group_by("customer_id").aggregate(**sums))


def _revenue(rows: ir.Table, now: datetime, before: datetime) -> ir.Table:
    months = _months(rows.ordered_at, now, before)
    sums = {name: whole_sum(rows.cents, where=within) for name, within in months.items()}
    return _as_money(rows.group_by("customer_id").aggregate(**sums))


def _usage(rows: ir.Table, now: datetime, before: datetime) -> ir.Table:
    months = _months(rows.occurred_at, now, before)
    return rows.group_by("customer_id").aggregate(
        **{name: within.ifelse(1, 0).sum().cast("float64") for name, within in months.items()}
    )


def _pair(now: datetime, before: datetime) -> tuple[tuple[str, datetime], ...]:
    return (NOW, now), (BEFORE, before)


def _months(moments: ir.TimestampValue, now: datetime, before: datetime) -> dict[str, ir.BooleanValue]:
    """Whether moments lie in the month that ends now, and in the one before it."""
    first = _at(month_before(before))
    return {
        NOW: (moments >= _at(before)) & (moments < _at(now)),
        BEFORE: (moments >= first) & (moments < _at(before)),
    }


def _at(moment: datetime) -> ir.TimestampScalar:
    return ibis.literal(moment, "timestamp")


def _as_money(sums: ir.Table) -> ir.Table:
    return sums.select("customer_id", **{name: from_ten_thousandths(sums[name]) for name in (NOW, BEFORE)})


MEASURES: Mapping[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure("mrr", "subscriptions", True, "sum of the monthly amounts of the terms that run, but trials", _mrr),
        Measure(
            "revenue", "orders", True, "money of the orders of the month that ends with the as-of moment", _revenue
        ),
        Measure("usage", "events", False, "events in the month that ends with the as-of moment", _usage),
    )
}
