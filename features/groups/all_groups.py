"""All feature groups of the raw tables, as Ibis expressions, which other modules compute.

The function that opens a table decides where the expressions run: on the user's engine, or as compiled SQL on the rows
of a request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from features.as_of import AnyAsOf
from features.groups import firmographics, rfm, subscriptions, usage
from features.learned import score_columns
from features.settings import FeatureSettings, Sources, TableSource
from features.tables.canonical import Tally, canonical
from features.tables.chosen_rows import chosen_rows
from features.tables.money import settle_money
from features.tables.raw_tables import EVENTS, ORDERS, SUBSCRIPTIONS, RawTable
from features.text.rules import TextRules
from segment_model.contract import Column, VectorContract
from segment_model.errors import SettingsError, nearest_word

Open = Callable[[TableSource, str], ir.Table]


@dataclass(frozen=True, slots=True)
class Part:
    """One result of a feature group: an expression with `customer_id`, and the definitions of its other columns."""

    table: ir.Table
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class FeatureGroups:
    """The parts of a vector. `tallies` count the rows of each raw table; `columns` lists our columns that it has."""

    parts: tuple[Part, ...]
    tallies: Mapping[str, tuple[Tally, ...]]
    columns: Mapping[str, tuple[str, ...]]


def feature_groups(open_table: Open, sources: Sources, settings: FeatureSettings, as_of: AnyAsOf) -> FeatureGroups:
    """The groups of the tables that `sources` names, each opened by `open_table`.

    Raises
    ------
    SourceError
        If a table cannot be opened, or lacks a column or has one of another type.
    """
    parts: list[Part] = []
    tallies: dict[str, tuple[Tally, ...]] = {}
    columns: dict[str, tuple[str, ...]] = {}

    def read(source: TableSource, contract: RawTable, mapped: Mapping[str, str], distinct: bool = False) -> ir.Table:
        raw, choice = chosen_rows(open_table(source, contract.name), source, contract.name, settings.time_zone)
        table = canonical(raw, contract, mapped, as_of, distinct, TextRules.of(source))
        table = settle_money(replace(table, tallies=(*table.tallies, *choice)), source, settings)
        columns[contract.name] = tuple(column.name for column in contract.columns if column.name in table.table.columns)
        if contract is ORDERS:
            table = rfm.prepare_orders(table, settings.rfm)
        tallies[contract.name] = table.tallies
        return table.table

    if source := sources.orders:
        orders = read(source, ORDERS, source.columns, settings.rfm.duplicates == "dropped")
        discounted = "discount" in orders.columns
        parts.append(
            Part(rfm.rfm(orders, as_of, settings.rfm), rfm.columns(settings.rfm, settings.currency, discounted))
        )
        if settings.rfm.cdnow_summary:
            parts.append(Part(rfm.cdnow_summary(orders, as_of), rfm.cdnow_columns(settings.currency)))
    if source := sources.events:
        events = read(source, EVENTS, source.columns)
        parts.append(Part(usage.usage(events, as_of), usage.columns(events)))
        parts.append(Part(usage.sessions(events, as_of, settings.usage), usage.session_columns()))
        if usage.has_features(events):
            parts.append(Part(usage.top_feature(events, as_of), usage.top_feature_columns()))
        if "device" in events.columns:
            parts.append(Part(usage.main_device(events, as_of), usage.main_device_columns()))
    if source := sources.subscriptions:
        terms = read(source, SUBSCRIPTIONS, source.columns)
        subscription_columns = subscriptions.columns(terms, settings.currency)
        parts.append(Part(subscriptions.subscriptions(terms, as_of), subscription_columns))
        if "plan" in terms.columns:
            parts.append(Part(subscriptions.plan(terms, as_of), subscriptions.plan_columns()))
    if customers := sources.customers:
        attributes = customers.attributes
        rows = read(customers, firmographics.contract(attributes), firmographics.mapping(customers))
        parts.append(Part(firmographics.firmographics(rows, attributes), firmographics.columns(attributes)))
    return FeatureGroups(tuple(parts), tallies, columns)


def contract_of(groups: FeatureGroups, settings: FeatureSettings) -> VectorContract:
    """The contract of the vectors that the groups make.

    Raises
    ------
    SettingsError
        If `roles` or `words` name a column that the vector does not have.
    """
    columns = [column for part in groups.parts for column in part.columns]
    if settings.rfm.scores and any(column.name == "recency_days" for column in columns):
        columns += score_columns()
    contract = VectorContract(tuple(columns))
    for block, names in (("roles", settings.roles), ("words", settings.words)):
        for name in names:
            if name not in contract.names:
                raise SettingsError(
                    f"features.{block}: no column {name!r} in the vector.{nearest_word(name, contract.names)} "
                    f"It has {', '.join(contract.names)}"
                )
    own = {name: words.model_dump(exclude_none=True) for name, words in settings.words.items()}
    contract = VectorContract(tuple(replace(column, **own.get(column.name, {})) for column in contract.columns))
    return contract.with_roles(settings.roles)


def missing_of(column: Column) -> float | None:
    """The value of a number for a customer without rows in a table: 0 where 0 is true (no orders: frequency 0)."""
    return None if column.nullable else 0.0


def joined(frames: list[pd.DataFrame], contract: VectorContract) -> pd.DataFrame:
    """All customers of all parts, sorted, with the contract's columns and types."""
    whole = pd.concat(frames, axis=1).rename_axis("customer_id").sort_index().reindex(columns=list(contract.names))
    typed: dict[str, pd.Series[Any]] = {}
    for column in contract.columns:
        values = whole[column.name]
        if column.is_category:
            typed[column.name] = values.astype("str")
        else:
            numbers, missing = values.astype(float), missing_of(column)
            typed[column.name] = numbers if missing is None else numbers.fillna(missing)
    return pd.DataFrame(typed, index=whole.index.astype("str"), columns=list(contract.names))
