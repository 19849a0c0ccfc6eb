"""The sums behind the figures of subscriptions, computed in the engine.

Money is in ten-thousandths as whole numbers; the sums of squares behind intervals are in whole units, as doubles.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis.expr.types as ir
import pandas as pd

from analytics.fetched import fetched
from analytics.groups import Groupings
from analytics.history import History
from analytics.intervals.pair_sums import pair_aggregates
from analytics.money.month_sums import Aggregates, on_every_month, sums_by_group, sums_of_customers
from analytics.money.paying_months import (
    OF_THE_MONTH_BEFORE,
    customers_below_zero,
    mrr_by_customer,
    paying_months,
    terms_that_never_run,
)
from analytics.options import RecordOptions
from analytics.whole_sums import whole_sum
from features.tables.exact_sums import from_ten_thousandths

ARPA, LOST, NET, BACK, CHURN = "arpa", "lost", "net", "back", "churn"  # pairs of sums behind intervals


@dataclass(frozen=True, slots=True)
class SubscriptionSums:
    """The sums of a history.

    by_customer : the table of `mrr_by_customer`, kept in the engine. state : by group and position. months : by group
    and `month`: what is about the customers of its start, beside what is about its end. pooled : by group over all
    months, each customer once; None without intervals. below_zero : customers whose terms add up to less than 0.
    never_run : terms that end when or before they start.
    """

    by_customer: ir.Table
    state: pd.DataFrame
    months: pd.DataFrame
    pooled: pd.DataFrame | None
    below_zero: int
    never_run: int


def subscription_sums(history: History, groupings: Groupings, options: RecordOptions) -> SubscriptionSums:
    """The sums of a history with terms.

    Raises
    ------
    SourceError
        If the engine fails.
    """
    assert history.terms is not None  # noqa: S101 - the caller asks only where the company has subscriptions
    ends = history.month_ends
    by_customer = history.keep(mrr_by_customer(history.terms.rows, ends))
    below_zero = int(fetched(customers_below_zero(by_customer, ends), "terms below 0").customers.iloc[0])
    never_run = int(fetched(terms_that_never_run(history.terms.rows), "terms that never run").terms.iloc[0] or 0)
    paying = history.keep(groupings.with_groups(paying_months(by_customer, ends), history.terms.members))
    summed = [name for name in paying.columns if name not in ("customer_id", "position", *groupings.names)]
    aggregates: dict[str, ir.Value] = {"customers": paying.count()}
    aggregates |= {name: whole_sum(paying[name]) for name in summed}
    if options.intervals:
        aggregates |= _pairs_of_a_month(paying)
    sums = sums_by_group(paying, groupings, aggregates, "MRR")
    state = on_every_month(sums, range(len(ends.dates)), history.segments)
    months = _month_changes(state, len(ends.months))
    pooled = None
    if options.intervals:
        own = _own_sums(paying, options)
        pooled = sums_of_customers(paying, groupings, own, _pairs_of_all_months, "MRR of all months")
    return SubscriptionSums(by_customer, state, months, pooled, below_zero, never_run)


def _pairs_of_a_month(paying: ir.Table) -> dict[str, ir.Value]:
    mrr, start = from_ten_thousandths(paying.mrr), from_ten_thousandths(paying.start)
    lost = from_ten_thousandths(paying.contraction + paying.churned)
    back = from_ten_thousandths(paying.reactivation)
    started, everyone = paying.start_customers == 1, paying.mrr > 0
    return {
        **pair_aggregates(ARPA, mrr, everyone.ifelse(1, 0), everyone, thirds=True),
        **pair_aggregates(LOST, lost, start, started),
        **pair_aggregates(NET, from_ten_thousandths(paying.expansion) - lost, start, started),
        **pair_aggregates(BACK, back, back * 0, paying.reactivation > 0),
    }


def _own_sums(paying: ir.Table, options: RecordOptions) -> Aggregates:
    """A customer's own sums over all months in a group."""
    lost = paying.contraction + paying.churned
    gained = paying.expansion + (paying.reactivation if options.reactivation_in_nrr else 0)
    at_risk = paying.start_customers
    if options.churn_denominator == "start_and_new":
        at_risk = at_risk + paying.new_customers + paying.reactivated_customers
    own = {LOST: lost, NET: gained - lost, CHURN: paying.churned_customers, "start": paying.start, "at_risk": at_risk}
    return {name: whole_sum(column) for name, column in own.items()}


def _pairs_of_all_months(customers: ir.Table) -> Aggregates:
    lost, net, start = (from_ten_thousandths(customers[name]) for name in (LOST, NET, "start"))
    counts = (customers.start > 0) | (customers[NET] != 0)
    return {
        **pair_aggregates(CHURN, customers[CHURN], customers.at_risk, customers.at_risk > 0),
        **pair_aggregates(LOST, lost, start, customers.start > 0),
        **pair_aggregates(NET, net, start, counts),
    }


def _month_changes(state: pd.DataFrame, months: int) -> pd.DataFrame:
    """Sums by group and `month`: of the position at which it starts, and the gains of that at which it ends."""
    position = state.index.get_level_values("position")
    of_end = [name for name in state.columns if name in OF_THE_MONTH_BEFORE or name.startswith(f"{BACK} ")]
    start = state.loc[position < months].drop(columns=of_end).rename_axis(index={"position": "month"})
    end = state.loc[position > 0, of_end]
    end.index = start.index  # both have every group and month, in one order
    return start.join(end)
