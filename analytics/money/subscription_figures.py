"""The figures of subscriptions by group, for each month and pooled over all months."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.catalogue import subscriptions as catalogue
from analytics.groups import Groupings
from analytics.history import EVERYONE, History
from analytics.money.month_sums import on_every_month, sums_by_group
from analytics.money.paying_months import (
    OF_THE_MONTH_BEFORE,
    customers_below_zero,
    mrr_by_customer,
    paying_months,
)
from analytics.month_ends import MonthEnds
from analytics.options import RecordOptions
from analytics.record import Definition
from analytics.tidy import joined, rows_of, with_floor
from features.sources import fetch
from features.tables.exact_sums import TEN_THOUSANDTHS
from segment_model.errors import counted

NO_LOSSES = "no losses"
NOBODY = "nobody pays"


@dataclass(frozen=True, slots=True)
class MoneyFigures:
    """Rows of `AnalystRecord.figures`, and what was assumed."""

    rows: pd.DataFrame
    notes: tuple[str, ...] = ()


def subscription_figures(history: History, groupings: Groupings, options: RecordOptions) -> MoneyFigures:
    """The figures of a history with terms.

    Raises
    ------
    SourceError
        If the engine fails.
    """
    assert history.terms is not None  # noqa: S101 - the caller asks only where the company has subscriptions
    ends = history.month_ends
    by_customer = history.keep(mrr_by_customer(history.terms.rows, ends))
    below = int(fetch(customers_below_zero(by_customer, ends), "terms below 0").to_pylist()[0]["customers"])
    paying = history.keep(groupings.with_groups(paying_months(by_customer, ends), history.terms.members))
    summed = [name for name in paying.columns if name not in ("customer_id", "position", *groupings.names)]
    aggregates = {"customers": paying.count(), **{name: paying[name].sum() for name in summed}}
    sums = on_every_month(sums_by_group(paying, groupings, aggregates, "MRR"), range(len(ends.dates)))
    rows = [_state(sums, ends, options), _by_month(sums, ends, options), _pooled(sums, ends, options)]
    notes = [f"{counted(below, 'customer has', 'customers have')} terms that add up to less than 0; that is no MRR"]
    return MoneyFigures(joined(rows), tuple(notes) if below else ())


def _state(sums: pd.DataFrame, ends: MonthEnds, options: RecordOptions) -> pd.DataFrame:
    """MRR, customers and ARPA at each month end, and at the last once more, with no period."""
    last = len(ends.dates) - 1
    months = sums.reset_index()
    months["period"] = months.position.map(ends.month_before)
    now = months[months.position == last].assign(period="")
    whole = pd.concat([months, now], ignore_index=True)
    keys = whole.loc[:, ["grouping", "group", "period"]]
    mrr = whole.mrr / TEN_THOUSANDTHS
    everyone = whole[whole.grouping == EVERYONE].set_index("period").mrr
    everyones = whole.period.map(everyone)
    nobody = np.where(whole.customers == 0, NOBODY, "")
    return joined(
        [
            rows_of(catalogue.MRR, keys, mrr, whole.customers),
            rows_of(catalogue.MRR_CUSTOMERS, keys, whole.customers, whole.customers),
            rows_of(catalogue.MRR_SHARE, keys, whole.mrr / everyones.where(everyones > 0), whole.customers),
            with_floor(
                rows_of(
                    catalogue.ARPA, keys, mrr / whole.customers.where(whole.customers > 0), whole.customers, note=nobody
                ),
                options.floor,
            ),
        ]
    )


def _by_month(sums: pd.DataFrame, ends: MonthEnds, options: RecordOptions) -> pd.DataFrame:
    """Movements and rates of each month."""
    months = month_changes(sums, len(ends.dates) - 1).reset_index()
    keys = months.loc[:, ["grouping", "group"]].assign(period=months.month.map(lambda month: ends.months[month]))
    return _changes(months, keys, options)


def _pooled(sums: pd.DataFrame, ends: MonthEnds, options: RecordOptions) -> pd.DataFrame:
    """Movements and rates of all months together: sums of numerators over sums of denominators."""
    months = month_changes(sums, len(ends.dates) - 1)
    whole = months.groupby(level=["grouping", "group"]).sum().reset_index()
    period = ends.months[0] if len(ends.months) == 1 else f"{ends.months[0]}/{ends.months[-1]}"
    if len(ends.months) == 1:
        return joined([])  # the month is the window
    return _changes(whole, whole.loc[:, ["grouping", "group"]].assign(period=period), options)


def month_changes(sums: pd.DataFrame, months: int) -> pd.DataFrame:
    """Sums by group and `month`: what is about the customers of its start, beside what is about its end."""
    position = sums.index.get_level_values("position")
    start = sums.loc[position < months].drop(columns=list(OF_THE_MONTH_BEFORE)).rename_axis(index={"position": "month"})
    end = sums.loc[position > 0, list(OF_THE_MONTH_BEFORE)]
    end.index = start.index  # both have every group and month, in one order
    return start.join(end)


def _changes(sums: pd.DataFrame, keys: pd.DataFrame, options: RecordOptions) -> pd.DataFrame:
    """The rows of movements and rates out of sums."""
    lost, start = sums.contraction + sums.churned, sums.start
    gained = sums.expansion + (sums.reactivation if options.reactivation_in_nrr else 0)
    won = sums.new + sums.reactivation + sums.expansion
    at_risk = sums.start_customers
    if options.churn_denominator == "start_and_new":
        at_risk = at_risk + sums.new_customers + sums.reactivated_customers
    movements = {each: sums[each.name.removesuffix("_mrr")] for each in catalogue.MOVEMENTS}
    n = sums.start_customers
    rates: dict[Definition, tuple[pd.Series, pd.Series]] = {
        catalogue.CHURN_RATE: (sums.churned_customers, at_risk),
        catalogue.REVENUE_CHURN: (lost, start),
        catalogue.GRR: (start - lost, start),
        catalogue.NRR: (start + gained - lost, start),
    }
    tables = [rows_of(each, keys, money / TEN_THOUSANDTHS, n) for each, money in movements.items()]
    tables += [rows_of(each, keys, sums[each.name], n) for each in catalogue.COUNTS]
    for each, (numerator, denominator) in rates.items():
        note = np.where(denominator == 0, NOBODY, "")
        rows = rows_of(each, keys, numerator / denominator.where(denominator != 0), n, note=note)
        tables.append(with_floor(rows, options.floor))
    note = np.where(lost == 0, NO_LOSSES, "")
    quick = rows_of(catalogue.QUICK_RATIO, keys, won / lost.where(lost != 0), n, note=note)
    return joined([*tables, with_floor(quick, options.floor)])
