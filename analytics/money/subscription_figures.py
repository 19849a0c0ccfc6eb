"""The figures of subscriptions by group, for each month and pooled over all months."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analytics.catalogue import subscriptions as catalogue
from analytics.groups import SEGMENT, Groupings
from analytics.history import EVERYONE, History
from analytics.intervals.estimates import Complement, RatioOfSums, Retained, Share, clustered_share, money_share
from analytics.intervals.pair_sums import PairSums
from analytics.marking import EstimateOf, Marking, with_interval
from analytics.money.subscription_sums import ARPA, BACK, CHURN, LOST, NET, SubscriptionSums, subscription_sums
from analytics.month_ends import MonthEnds
from analytics.options import Z_95, RecordOptions
from analytics.record import Definition
from analytics.tidy import joined, not_below_zero, rows_of, with_floor
from features.tables.exact_sums import TEN_THOUSANDTHS
from segment_model.errors import counted

NO_LOSSES = "no losses"
NOBODY = "nobody pays"


@dataclass(frozen=True, slots=True)
class SubscriptionFigures:
    """Rows of `AnalystRecord.figures`, the sums behind them, and what was assumed."""

    rows: pd.DataFrame
    sums: SubscriptionSums
    notes: tuple[str, ...] = ()


def kept_share(sums: PairSums) -> Complement:
    """The share of money that was not lost."""
    return Complement(money_share(sums))


POOLED: dict[Definition, tuple[str, EstimateOf]] = {
    catalogue.CHURN_RATE: (CHURN, clustered_share),
    catalogue.REVENUE_CHURN: (LOST, money_share),
    catalogue.GRR: (LOST, kept_share),
    catalogue.NRR: (NET, Retained),
}


def subscription_figures(
    history: History, groupings: Groupings, options: RecordOptions, marking: Marking
) -> SubscriptionFigures:
    """The figures of a history with terms.

    Raises
    ------
    SourceError
        If the engine fails.
    """
    ends = history.month_ends
    sums = subscription_sums(history, groupings, options)
    rows = [_state(sums.state, ends, options, marking), _by_month(sums.months, ends, options)]
    if len(ends.months) > 1:  # else the month is the window
        rows.append(_pooled(sums, ends, options, marking))
    notes = []
    if sums.below_zero:
        notes.append(
            f"{counted(sums.below_zero, 'customer has', 'customers have')} terms that add up to less than 0 at a month "
            "end; that is counted as no MRR"
        )
    if sums.never_run:
        notes.append(f"{counted(sums.never_run, 'term never runs', 'terms never run')}: the end is not after the start")
    if _has_short_history(options, ends):
        notes.append(
            "churn and retention of money carry no marks: at some month ends the tables reach less far back than in "
            "training, so that segments then are not those of today"
        )
    return SubscriptionFigures(joined(rows), sums, tuple(notes))


def _state(state: pd.DataFrame, ends: MonthEnds, options: RecordOptions, marking: Marking) -> pd.DataFrame:
    """MRR, customers and ARPA at each month end, and at the last once more, with no period."""
    months = state.reset_index()
    months["period"] = months.position.map(ends.month_before)
    now = months[months.position == len(ends.dates) - 1].assign(period="")
    keys = ["grouping", "group", "period"]
    everyones = months[months.grouping == EVERYONE].set_index("position").mrr
    tables = []
    for rows, is_now in ((months, False), (now.reset_index(drop=True), True)):
        mrr, customers = rows.mrr / TEN_THOUSANDTHS, rows.customers
        total = rows.position.map(everyones)
        nobody = np.where(customers == 0, NOBODY, "")
        arpa = rows_of(catalogue.ARPA, rows[keys], mrr / customers.where(customers > 0), customers, note=nobody)
        if options.intervals:
            sums = PairSums.of_frame(rows, ARPA)
            arpa = with_interval(arpa, sums, RatioOfSums)
            arpa = not_below_zero(marking.marked(arpa, catalogue.ARPA, sums, RatioOfSums) if is_now else arpa)
        share = rows_of(
            catalogue.MRR_SHARE, rows[keys], rows.mrr / total.where(total > 0), customers,
            note=np.where(total > 0, "", NOBODY),
        )  # fmt: skip
        tables += [
            rows_of(catalogue.MRR, rows[keys], mrr, customers),
            rows_of(catalogue.MRR_CUSTOMERS, rows[keys], customers, customers),
            share,
            with_floor(arpa, options.floor),
        ]
    return joined(tables)


def _by_month(months: pd.DataFrame, ends: MonthEnds, options: RecordOptions) -> pd.DataFrame:
    """Movements and rates of each month."""
    sums = months.reset_index()
    keys = sums.loc[:, ["grouping", "group"]].assign(period=sums.month.map(lambda month: ends.months[month]))
    tables = _movements(sums, keys, sums.start_customers)
    for definition, (numerator, denominator) in _rates(sums, options).items():
        n = denominator if definition == catalogue.CHURN_RATE else sums.start_customers
        rows = _rate(definition, keys, n, numerator, denominator)
        if options.intervals:
            low, high = _limits_of_months(definition, sums, numerator, denominator, options)
            rows = rows.assign(low=low, high=high)
        tables.append(with_floor(rows, options.floor))
    return joined([*tables, _quick_ratio(sums, keys, sums.start_customers, options)])


def _pooled(sums: SubscriptionSums, ends: MonthEnds, options: RecordOptions, marking: Marking) -> pd.DataFrame:
    """Movements and rates of all months together: sums of numerators over sums of denominators."""
    whole = sums.months.groupby(level=["grouping", "group"]).sum().reset_index()
    keys = whole.loc[:, ["grouping", "group"]].assign(period=ends.window)
    n = whole.start_customers
    if sums.pooled is not None:  # a customer who counts in several months is one customer of n
        own = sums.pooled.reindex(pd.MultiIndex.from_frame(whole[["grouping", "group"]])).reset_index()
        n = pd.Series(PairSums.of_frame(own, CHURN).n, whole.index)
    tables = _movements(whole, keys, n)
    for definition, (numerator, denominator) in _rates(whole, options).items():
        rows = _rate(definition, keys, n, numerator, denominator)
        if sums.pooled is not None:
            pair, estimate = POOLED[definition]
            pairs = PairSums.of_frame(own, pair)
            rows = with_interval(rows.assign(n=pairs.n), pairs, estimate)
            marked = marking.marked(rows, definition, pairs, estimate)
            short_history = (marked.grouping == SEGMENT) & _has_short_history(options, ends)
            rows = marked.assign(mark=marked.mark.mask(short_history, ""))
        tables.append(with_floor(rows, options.floor))
    return joined([*tables, _quick_ratio(whole, keys, n, options)])


def _movements(sums: pd.DataFrame, keys: pd.DataFrame, n: pd.Series) -> list[pd.DataFrame]:
    """Money and customers gained and lost; n : the customers of the start."""
    money = {each: sums[each.name.removesuffix("_mrr")] / TEN_THOUSANDTHS for each in catalogue.MOVEMENTS}
    customers = {each: sums[each.name] for each in catalogue.COUNTS}
    return [rows_of(each, keys, values, n) for each, values in {**money, **customers}.items()]


def _rates(sums: pd.DataFrame, options: RecordOptions) -> dict[Definition, tuple[pd.Series[int], pd.Series[int]]]:
    """The numerator and the denominator of each rate."""
    lost, start = sums.contraction + sums.churned, sums.start
    gained = sums.expansion + (sums.reactivation if options.reactivation_in_nrr else 0)
    at_risk = sums.start_customers
    if options.churn_denominator == "start_and_new":
        at_risk = at_risk + sums.new_customers + sums.reactivated_customers
    return {
        catalogue.CHURN_RATE: (sums.churned_customers, at_risk),
        catalogue.REVENUE_CHURN: (lost, start),
        catalogue.GRR: (start - lost, start),
        catalogue.NRR: (start + gained - lost, start),
    }


def _rate(
    definition: Definition,
    keys: pd.DataFrame,
    n: pd.Series,
    numerator: pd.Series[int],
    denominator: pd.Series[int],
) -> pd.DataFrame:
    note = np.where(denominator == 0, NOBODY, "")
    return rows_of(definition, keys, numerator / denominator.where(denominator != 0), n, note=note)


def _limits_of_months(
    definition: Definition,
    sums: pd.DataFrame,
    numerator: pd.Series[int],
    denominator: pd.Series[int],
    options: RecordOptions,
) -> tuple[np.ndarray, np.ndarray]:
    """The intervals of single months, in which each customer counts once."""
    if definition == catalogue.CHURN_RATE:
        return Share(np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)).limits(Z_95)
    pair, estimate = POOLED[definition]
    pairs = PairSums.of_frame(sums, pair)
    if definition == catalogue.NRR and options.reactivation_in_nrr:
        pairs = pairs.plus(PairSums.of_frame(sums, BACK))
    return estimate(pairs).limits(Z_95)


def _quick_ratio(sums: pd.DataFrame, keys: pd.DataFrame, n: pd.Series, options: RecordOptions) -> pd.DataFrame:
    won = sums.new + sums.reactivation + sums.expansion
    lost = sums.contraction + sums.churned
    note = np.where(lost == 0, NO_LOSSES, "")
    quick = rows_of(catalogue.QUICK_RATIO, keys, won / lost.where(lost != 0), n, note=note)
    return with_floor(quick, options.floor)


def _has_short_history(options: RecordOptions, ends: MonthEnds) -> bool:
    """Whether segments at the start of some month are of less history than in training."""
    return any(position in options.short_history for position in range(len(ends.months)))
