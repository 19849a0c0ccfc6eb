"""All feature groups of the raw tables, as Ibis expressions, which other modules compute.

The function that opens a table decides where the expressions run: on the user's engine, or as compiled SQL on the rows
of a request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import ibis.expr.types as ir

from features.as_of import AnyAsOf
from features.groups import event_counts, firmographics, own_features, own_vectors, rfm, subscriptions, usage
from features.groups.opened_tables import OpenedTables, orders_contract
from features.notices import Notice
from features.own_vectors.vector_columns import NO_COLUMNS, VectorColumns
from features.scores.score_columns import SCORED, score_columns
from features.settings import FeatureSettings, Sources
from features.tables.canonical import Tally
from features.tables.raw_tables import CUSTOMERS, EVENTS, ORDERS, SUBSCRIPTIONS, RawTable
from segment_model.contract import Column, VectorContract
from segment_model.errors import ContractError, SettingsError, nearest_word

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Part:
    """One result of a feature group: an expression with `customer_id`, and the definitions of its other columns.

    raw_table : the raw table that it comes from. The expression may have columns beside those of the vector: facts of
    the customers, for what is looked at between tables. Another part of the raw table may compute a column.
    """

    table: ir.Table
    columns: tuple[Column, ...]
    raw_table: str


@dataclass(frozen=True, slots=True)
class FeatureGroups:
    """The parts of a vector. `tallies` count the rows of each raw table; `columns` lists our columns that it has.

    own : the columns of the user's own vectors. notices : what a person should know of how they were settled.
    numbered_ids : the raw tables whose customer ids are a column of numbers.
    """

    parts: tuple[Part, ...]
    tallies: Mapping[str, tuple[Tally, ...]]
    columns: Mapping[str, tuple[str, ...]]
    own: VectorColumns = NO_COLUMNS
    notices: tuple[Notice, ...] = ()
    numbered_ids: frozenset[str] = frozenset()


def groups_of(
    opened: OpenedTables, sources: Sources, settings: FeatureSettings, as_of: AnyAsOf, partial_use: bool = False
) -> FeatureGroups:
    """The groups of tables that are open, whose rows all lie before `as_of`.

    partial_use : as `features.learned.LearnedFeatures`.

    Raises
    ------
    SettingsError
        If an own feature or a count of events names a column that its table does not have.
    """
    parts: list[Part] = []
    tallies = dict(opened.tallies)

    def add_own(table: ir.Table, contract: RawTable) -> None:
        if wanted := own_features.of_table(settings, contract.name):
            computed = own_features.own_features(table, contract, wanted, as_of, settings.time_zone)
            parts.append(Part(computed, own_features.own_columns(wanted), contract.name))

    if sources.orders:
        orders = opened.rows[ORDERS.name]
        listed = rfm.columns(settings.rfm, settings.currency, rfm.is_discounted(orders))
        parts.append(Part(rfm.rfm(orders, as_of, settings.rfm), listed, ORDERS.name))
        if settings.rfm.cdnow_summary:
            listed = rfm.cdnow_columns(settings.rfm, settings.currency)
            parts.append(Part(rfm.cdnow_summary(orders, as_of), listed, ORDERS.name))
        add_own(orders, orders_contract(settings))
    if sources.events:
        events = opened.rows[EVENTS.name]
        parts.append(
            Part(usage.usage(events, as_of, settings.usage), usage.columns(events, settings.usage), EVENTS.name)
        )
        parts.append(Part(usage.sessions(events, as_of, settings.usage), usage.session_columns(), EVENTS.name))
        if usage.has_features(events):
            parts.append(Part(usage.top_feature(events, as_of), usage.top_feature_columns(), EVENTS.name))
        if "device" in events.columns:
            parts.append(Part(usage.main_device(events, as_of), usage.main_device_columns(), EVENTS.name))
        if counted := settings.usage.counts:
            listed = event_counts.event_count_columns(settings.usage)
            parts.append(Part(event_counts.event_counts(events, as_of, settings.usage), listed, EVENTS.name))
            tallies[EVENTS.name] = (*tallies[EVENTS.name], event_counts.absent_events(events, counted))
        add_own(events, EVENTS)
    if sources.subscriptions:
        terms = opened.rows[SUBSCRIPTIONS.name]
        subscription_columns = subscriptions.columns(terms, settings.currency)
        figures = subscriptions.subscriptions(terms, as_of, partial_use)
        parts.append(Part(figures, subscription_columns, SUBSCRIPTIONS.name))
        if not partial_use:
            tallies[SUBSCRIPTIONS.name] = (*tallies[SUBSCRIPTIONS.name], *subscriptions.half_known(terms, as_of))
        if "plan" in terms.columns:
            parts.append(Part(subscriptions.plan(terms, as_of), subscriptions.plan_columns(), SUBSCRIPTIONS.name))
        add_own(terms, SUBSCRIPTIONS)
    if customers := sources.customers:
        table = firmographics.firmographics(opened.rows[CUSTOMERS.name], customers.attributes)
        parts.append(Part(table, firmographics.columns(customers.attributes), CUSTOMERS.name))
    if vectors := sources.vectors:
        listed = own_vectors.columns_of(opened.own, vectors)
        rows = opened.rows[own_vectors.NAME]
        parts.append(Part(own_vectors.own_vectors(rows, opened.own), listed, own_vectors.NAME))
    return FeatureGroups(tuple(parts), tallies, opened.columns, opened.own, opened.notices, opened.numbered_ids)


def contract_of(groups: FeatureGroups, settings: FeatureSettings) -> VectorContract:
    """The contract of the vectors that the groups make.

    Raises
    ------
    SettingsError
        If `roles` or `words` name a column that the vector does not have.
    ContractError
        If two tables make a column of one name.
    """
    _check_clashes(groups.parts)
    columns = [column for part in groups.parts for column in part.columns]
    if settings.rfm.scores:
        measures = {column.name for column in columns}
        columns += [c for c in score_columns(settings.rfm.score_edges) if SCORED[c.name] in measures]
    if any(part.raw_table == SUBSCRIPTIONS.name for part in groups.parts):
        columns = [rfm.of_invoices(column) if column.group == rfm.GROUP else column for column in columns]
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


def _check_clashes(parts: Sequence[Part]) -> None:
    """Refuse columns of one name, by the tables that they come from."""
    tables: dict[str, str] = {}
    for part in parts:
        for name in (column.name for column in part.columns):
            if name in tables:
                mend = f"`columns: {{my_{name}: {name}}}` or leave it out by `exclude: [{name}]`"
                raise ContractError(
                    f"both {tables[name]} and {part.raw_table} have a column {name!r}: give it another name"
                    + (f" by {mend}" if part.raw_table == own_vectors.NAME else "")
                )
            tables[name] = part.raw_table


def missing_of(column: Column) -> float | None:
    """The value of a number for a customer without rows in a table: 0 where 0 is true (no orders: frequency 0)."""
    return None if column.nullable else 0.0


def joined(frames: list[pd.DataFrame], contract: VectorContract) -> pd.DataFrame:
    """All customers of all parts, sorted, with the contract's columns and types.

    The columns are taken out of the frames, so that no second copy of the whole is in memory.
    """
    import numpy as np
    import pandas as pd

    # numbers take the place of ids: pandas looks them up five times as fast
    places, ids = pd.factorize(frames[0].index.append([frame.index for frame in frames[1:]]), sort=True)
    of_parts = np.split(places, np.cumsum([len(frame) for frame in frames])[:-1])
    homes = {str(name): (frame, own) for frame, own in zip(frames, of_parts, strict=True) for name in frame.columns}
    index = pd.Index(ids, name="customer_id").astype("str")
    names = [column.name for column in contract.columns if not column.is_category]
    numbers = np.full((len(names), len(ids)), np.nan)
    for row, name in zip(numbers, names, strict=True):
        if name in homes:
            frame, own = homes[name]
            row[own] = frame.pop(name).astype(float)
        if (missing := missing_of(contract[name])) is not None:
            row[np.isnan(row)] = missing
    vectors = pd.DataFrame(numbers.T, index, names, copy=False)
    for place, column in enumerate(contract.columns):
        if column.is_category:
            texts = pd.Series(dtype="str")
            if column.name in homes:
                frame, own = homes[column.name]
                texts = frame.pop(column.name).set_axis(own)
            every = texts.reindex(pd.RangeIndex(len(ids))).astype("str")
            vectors.insert(place, column.name, every.set_axis(index))
    return vectors
