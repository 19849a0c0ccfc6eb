"""Computes the record of a company: every figure that its tables allow."""

from __future__ import annotations

import pandas as pd

from analytics.catalogue.all_definitions import definitions_of
from analytics.customer_months import customer_months
from analytics.distributions.all_distributions import all_distributions
from analytics.goals.odds import goal_odds
from analytics.groups import groupings_of
from analytics.growth.sizes import growth
from analytics.history import History
from analytics.marking import Marking
from analytics.money.lifetime_value import money_so_far, values_by_formula, values_by_survival
from analytics.money.order_figures import order_figures
from analytics.money.subscription_figures import subscription_figures
from analytics.money.trials import trial_figures
from analytics.options import RecordOptions
from analytics.record import AnalystRecord
from analytics.retention.all_retention import all_retention
from analytics.tidy import joined
from segment_model.contract import Role, VectorContract


def compute_record(
    history: History,
    vectors: pd.DataFrame,
    labels: pd.Series[str],
    contract: VectorContract,
    options: RecordOptions,
) -> AnalystRecord:
    """The record of a history.

    vectors : a row a customer at the last month end, with the contract's columns. labels : the segment of each row.

    Raises
    ------
    SourceError
        If an engine fails.
    """
    groupings = groupings_of(history)
    notes = [*groupings.notes]
    shaped = frozenset(column.name for column in contract.columns if column.role is Role.BASIS)
    marking = Marking(history.segments, shaped, options.floor)
    figures = []
    money = None
    if history.terms is not None:
        money = subscription_figures(history, groupings, options, marking)
        figures.append(money.rows)
        figures.append(trial_figures(history, groupings, options, marking))
        notes += money.notes
    if history.orders is not None:
        figures.append(order_figures(history, groupings, options, marking))
    by_customer = None if money is None else money.sums.by_customer
    figures.append(money_so_far(history, by_customer, groupings, options, marking))
    months = customer_months(history, by_customer)
    tables: dict[str, pd.DataFrame] = {}
    if months is not None:
        retention = all_retention(history, months, groupings, options, marking)
        grown = growth(history, months, options.hollow)
        figures.append(retention.figures)
        notes += retention.notes
        tables = {"cohorts": retention.cohorts, "retention": retention.retention, "survival": retention.survival}
        tables |= {"sizes": grown.sizes, "flows": grown.flows}
    if money is not None:
        figures.append(values_by_formula(money.rows, options, history.month_ends.window))
        expected, lower_limits = values_by_survival(money.rows, tables["survival"], options)
        figures.append(expected)
        notes += lower_limits
    goals = goal_odds(history, groupings, options)
    figures.append(goals.figures)
    notes += goals.notes
    distributions = all_distributions(history, vectors, labels, contract, options)
    notes += distributions.notes
    rows = joined(figures)
    return AnalystRecord(
        history.month_ends,
        options.currency,
        "revenue" if history.terms is None else "MRR",
        (*definitions_of(rows.figure.unique(), options), *goals.definitions),
        figures=rows,
        shares=distributions.shares,
        quartiles=distributions.quartiles,
        odds=goals.odds,
        goals=goals.states,
        **tables,
        notes=tuple(dict.fromkeys(notes)),
    )
