"""Computes the record of a company: every figure that its tables allow."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from analytics.catalogue.all_definitions import definitions_of
from analytics.conditions.overlap import conditions_met, overlap
from analytics.customer_months import customer_months
from analytics.distributions.all_distributions import all_distributions
from analytics.distributions.labelled import Labelled
from analytics.goals.advice import PastVectors, Present, advice
from analytics.goals.odds import goal_odds
from analytics.groups import groupings_of
from analytics.growth.sizes import growth
from analytics.history import History, condition_column
from analytics.marking import Marking
from analytics.money.lifetime_value import money_so_far, values_by_formula, values_by_survival
from analytics.money.order_figures import order_figures
from analytics.money.subscription_figures import subscription_figures
from analytics.money.trials import trial_figures
from analytics.options import RecordOptions
from analytics.record import AnalystRecord, ConditionText
from analytics.retention.all_retention import all_retention
from analytics.tidy import joined
from features.conditions.on_vectors.named_conditions import NO_CONDITIONS, NamedConditions
from segment_model.contract import Role, VectorContract


def compute_record(
    history: History,
    vectors: pd.DataFrame,
    labels: pd.Series[str],
    contract: VectorContract,
    options: RecordOptions,
    conditions: NamedConditions = NO_CONDITIONS,
    past: PastVectors | None = None,
) -> AnalystRecord:
    """The record of a history.

    vectors : a row a customer at the last month end, with the contract's columns. labels : the segment of each row.
    conditions : what the vectors are asked for the overlap with the segments; the history's members say who met them
    at each month end.
    past : the vectors as of month ends, out of which rules are searched of who reaches a goal; None searches none.

    Raises
    ------
    SourceError
        If an engine fails.
    """
    groupings = groupings_of(history)
    notes = [*groupings.notes]
    shaped = frozenset(column.name for column in contract.columns if column.role is Role.BASIS)
    read = {condition_column(name): columns for name, columns in history.conditions.items()}
    marking = Marking(history.segments, shaped, options.floor, read)
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
        tables |= {"sizes": grown.sizes, "flows": grown.flows, "condition_sizes": grown.of_conditions}
    if money is not None:
        figures.append(values_by_formula(money.rows, options, history.month_ends.window))
        expected, lower_limits = values_by_survival(money.rows, tables["survival"], options)
        figures.append(expected)
        notes += lower_limits
    goals = goal_odds(history, groupings, options)
    figures.append(goals.figures)
    notes += goals.notes
    if past is not None and goals.outcomes:
        present = Present(vectors, labels, contract)
        tables["advice"] = advice(history, goals, past, present, by_customer, options)
    distributions = all_distributions(history, vectors, labels, contract, options)
    notes += distributions.notes
    rows = joined(figures)
    plain = {condition_column(name): name for name in history.conditions}
    tables = {name: _under_plain_names(table, plain) for name, table in tables.items()}
    labelled = Labelled.of(vectors, labels, history.segments)
    shared = overlap(labelled, conditions_met(conditions, vectors), conditions, contract, options.floor)
    return AnalystRecord(
        history.month_ends,
        options.currency,
        "revenue" if history.terms is None else "MRR",
        (*definitions_of(rows.figure.unique(), options), *goals.definitions),
        figures=_under_plain_names(rows, plain),
        shares=distributions.shares,
        quartiles=distributions.quartiles,
        odds=_under_plain_names(goals.odds, plain),
        goals=goals.states,
        **tables,
        conditions={name: ConditionText(text, conditions.words[name]) for name, text in conditions.texts.items()},
        overlap=shared,
        notes=tuple(dict.fromkeys((*notes, *conditions.notes))),
    )


def _under_plain_names(table: pd.DataFrame, plain: Mapping[str, str]) -> pd.DataFrame:
    """A table whose groupings of conditions have the names of the conditions, not those of their columns."""
    if not plain or "grouping" not in table.columns:
        return table
    return table.assign(grouping=table["grouping"].replace(dict(plain)))
