"""Trials that became paying."""

from __future__ import annotations

from functools import partial

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from analytics.catalogue.subscriptions import TRIAL_CONVERSION
from analytics.customer_months import month_position
from analytics.groups import Groupings
from analytics.history import History
from analytics.intervals.estimates import Share, clustered_share
from analytics.intervals.pair_sums import PairSums, pair_aggregates
from analytics.marking import Marking, with_interval
from analytics.money.month_sums import Aggregates, on_every_month, sums_by_group, sums_of_customers
from analytics.money.paying_months import paid_terms, runs
from analytics.month_ends import MonthEnds
from analytics.options import Z_95, RecordOptions
from analytics.tidy import joined, rows_of, with_floor
from analytics.whole_sums import whole_sum

NO_TRIALS = "no trial ended"
PAIR = "trials"


def ended_trials(terms: ir.Table, ends: MonthEnds) -> ir.Table:
    """`customer_id`, `position` of the month end after, `trials` that ended, and how many `converted`.

    A trial converted where a paid term of the customer runs at the end of the day on which the trial ends. Trials that
    still run are not counted.
    """
    first, last = (ibis.literal(day.isoformat(), "timestamp") for day in (ends.dates[0], ends.dates[-1]))
    trials = terms.filter(terms.is_trial.fill_null(False) & (terms.ended_at >= first) & (terms.ended_at < last))
    trials = trials.mutate(
        position=month_position(trials.ended_at, ends), day_end=trials.ended_at.truncate("D") + ibis.interval(days=1)
    )
    tried = trials.group_by("customer_id", "position", "day_end").aggregate(trials=trials.count())
    paid = paid_terms(terms)
    paid = paid.filter(paid.cents > 0).select("started_at", "ended_at", payer=paid.customer_id)
    met = tried.inner_join(paid, tried.customer_id == paid.payer)
    won = met.filter(runs(met, met.day_end)).select(winner="customer_id", won_at="day_end").distinct()
    counted = tried.left_join(won, [tried.customer_id == won.winner, tried.day_end == won.won_at])
    is_won = counted.winner.notnull()  # noqa: PD004 - an expression, no frame
    return counted.group_by("customer_id", "position").aggregate(
        trials=whole_sum(counted.trials), converted=whole_sum(counted.trials, where=is_won)
    )


def trial_figures(history: History, groupings: Groupings, options: RecordOptions, marking: Marking) -> pd.DataFrame:
    """The rows of trial conversion, for each month and all months; none where no trial ended.

    Raises
    ------
    SourceError
        If the engine fails.
    """
    if history.terms is None or not {"is_trial", "ended_at"} <= set(history.terms.rows.columns):
        return joined([])
    ends = history.month_ends
    ended = ended_trials(history.terms.rows, ends)
    trials = history.keep(groupings.with_groups(ended, history.terms.members))
    own = {name: whole_sum(trials[name]) for name in ("trials", "converted")}
    sums = sums_by_group(trials, groupings, {**own, "customers": trials.count()}, "trials")
    if sums.empty:
        return joined([])
    every = on_every_month(sums, range(1, len(ends.dates)))
    months = every.reset_index()
    keys = months[["grouping", "group"]].assign(period=months.position.map(ends.month_before))
    of_all_months = partial(_of_customers, options=options)
    pooled = sums_of_customers(trials, groupings, own, of_all_months, "trials of all months")
    groups = pd.MultiIndex.from_frame(months[["grouping", "group"]].drop_duplicates())
    whole = pooled.reindex(groups, fill_value=0).reset_index()
    whole_keys = whole[["grouping", "group"]].assign(period=ends.window)
    rows, window = _rows(months, keys), _rows(whole, whole_keys)
    if options.intervals:
        low, high = Share(np.asarray(months.converted, np.float64), np.asarray(months.trials, np.float64)).limits(Z_95)
        rows = rows.assign(low=low, high=high)
        pairs = PairSums.of_frame(whole, PAIR)
        window = with_interval(window, pairs, clustered_share)
        window = marking.marked(window, TRIAL_CONVERSION, pairs, clustered_share)
    tables = [rows, window] if len(ends.months) > 1 else [window]
    return joined([with_floor(table, options.floor) for table in tables])


def _rows(sums: pd.DataFrame, keys: pd.DataFrame) -> pd.DataFrame:
    """n are the customers, each of whom can have had several trials."""
    note = np.where(sums.trials == 0, NO_TRIALS, "")
    share = sums.converted / sums.trials.where(sums.trials > 0)
    return rows_of(TRIAL_CONVERSION, keys, share, sums.customers, note=note)


def _of_customers(each: ir.Table, options: RecordOptions) -> Aggregates:
    """Out of a row a customer: all their trials, how many customers they are, and the pair behind the interval."""
    sums = {"trials": whole_sum(each.trials), "converted": whole_sum(each.converted), "customers": each.count()}
    return sums | (pair_aggregates(PAIR, each.converted, each.trials, each.trials > 0) if options.intervals else {})
