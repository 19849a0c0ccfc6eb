"""Computes the record of a company: every figure that its tables allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import ibis.expr.types as ir
import pandas as pd

from analytics.catalogue.all_definitions import definitions_of
from analytics.customer_months import customer_months
from analytics.distributions.all_distributions import all_distributions
from analytics.goals.advice import advice
from analytics.goals.odds import goal_odds
from analytics.goals.past_months import PastMonths
from analytics.groups import Groupings, groupings_of
from analytics.growth.sizes import growth
from analytics.history import History, condition_column
from analytics.marking import Marking
from analytics.money.lifetime_value import money_so_far, values_by_formula, values_by_survival
from analytics.money.order_figures import order_figures
from analytics.money.subscription_figures import SubscriptionFigures, subscription_figures
from analytics.money.trials import trial_figures
from analytics.options import RecordOptions
from analytics.present import Present, PresentFrame
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
    past: PastMonths | None = None,
) -> AnalystRecord:
    """As `compute_record_of`, of present customers in memory.

    vectors : a row a customer at the last month end, with the contract's columns. labels : the segment of each row.
    """
    return compute_record_of(history, PresentFrame(vectors, labels, contract), options, conditions, past)


def compute_record_of(
    history: History,
    present: Present,
    options: RecordOptions,
    conditions: NamedConditions = NO_CONDITIONS,
    past: PastMonths | None = None,
) -> AnalystRecord:
    """The record of a history.

    present : the customers at the as-of moment. conditions : evaluated on them for the overlap with the segments; the
    history's members say who met them at each month end. past : the customers as of month ends, in whose vectors rules
    of who reaches a goal are searched; None: no rules.

    Raises
    ------
    SourceError
        If an engine fails.
    """
    groupings = groupings_of(history)
    contract = present.contract
    shaped = frozenset(column.name for column in contract.columns if column.role is Role.BASIS)
    read = {condition_column(name): columns for name, columns in history.conditions.items()}
    marking = Marking(history.segments, shaped, options.floor, read)
    terms = None if history.terms is None else subscription_figures(history, groupings, options, marking)
    by_customer = None if terms is None else terms.sums.by_customer
    worth = _worth(history, terms, groupings, options, marking)
    staying = _retention_and_growth(history, by_customer, groupings, options, marking)
    lifetimes = _Part() if terms is None else _lifetime_values(history, terms, staying.tables["survival"], options)
    goals = goal_odds(history, groupings, options)
    tables = {**staying.tables}
    if past is not None and goals.outcomes:
        tables["advice"] = advice(history, goals, past, present, by_customer, options)
    distributions = all_distributions(history, present, options)
    rows = joined([*worth.figures, *staying.figures, *lifetimes.figures, goals.figures])
    plain = {condition_column(name): name for name in history.conditions}
    shared = present.overlap(history.segments, conditions, options.floor)
    notes = (*groupings.notes, *worth.notes, *staying.notes, *lifetimes.notes, *goals.notes, *distributions.notes)
    return AnalystRecord(
        history.month_ends,
        options.currency,
        "revenue" if history.terms is None else "MRR",
        (*definitions_of(rows.figure.unique(), options), *goals.definitions),
        options.floor,
        figures=_under_plain_names(rows, plain),
        shares=distributions.shares,
        quartiles=distributions.quartiles,
        odds=_under_plain_names(goals.odds, plain),
        goals=goals.states,
        **{name: _under_plain_names(table, plain) for name, table in tables.items()},
        conditions={name: ConditionText(text, conditions.words[name]) for name, text in conditions.texts.items()},
        overlap=shared,
        undated=() if past is None else tuple(name for name in history.compared if name in past.undated),
        notes=tuple(dict.fromkeys((*notes, *conditions.notes))),
    )


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of a record: rows of its figures, its tables by name, and what was assumed."""

    figures: tuple[pd.DataFrame, ...] = ()
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def _worth(
    history: History,
    terms: SubscriptionFigures | None,
    groupings: Groupings,
    options: RecordOptions,
    marking: Marking,
) -> _Part:
    """What customers are worth: the figures of subscriptions, trials and orders, and the money of their first year."""
    figures: list[pd.DataFrame] = []
    if terms is not None:
        figures += [terms.rows, trial_figures(history, groupings, options, marking)]
    if history.orders is not None:
        figures.append(order_figures(history, groupings, options, marking))
    by_customer = None if terms is None else terms.sums.by_customer
    figures.append(money_so_far(history, by_customer, groupings, options, marking))
    return _Part(tuple(figures), notes=() if terms is None else terms.notes)


def _retention_and_growth(
    history: History,
    by_customer: ir.Table | None,
    groupings: Groupings,
    options: RecordOptions,
    marking: Marking,
) -> _Part:
    """Who stays, and how segments grow; nothing of a company without a dated table."""
    months = customer_months(history, by_customer)
    if months is None:
        return _Part()
    retention = all_retention(history, months, groupings, options, marking)
    grown = growth(history, months, options.short_history)
    tables = {
        "cohorts": retention.cohorts,
        "retention": retention.retention,
        "survival": retention.survival,
        "sizes": grown.sizes,
        "flows": grown.flows,
        "condition_sizes": grown.of_conditions,
    }
    return _Part((retention.figures,), tables, retention.notes)


def _lifetime_values(
    history: History, terms: SubscriptionFigures, survival: pd.DataFrame, options: RecordOptions
) -> _Part:
    """The values of a lifetime by the formula and by the survival curve."""
    by_formula = values_by_formula(terms.rows, options, history.month_ends.window)
    expected, lower_limits = values_by_survival(terms.rows, survival, options)
    return _Part((by_formula, expected), notes=lower_limits)


def _under_plain_names(table: pd.DataFrame, plain: Mapping[str, str]) -> pd.DataFrame:
    """A table whose groupings of conditions have the names of the conditions, not those of their columns."""
    if not plain or "grouping" not in table.columns:
        return table
    return table.assign(grouping=table["grouping"].replace(dict(plain)))
