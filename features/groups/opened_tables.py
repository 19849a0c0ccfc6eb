"""Opens the raw tables that the settings name: canonical rows, from which features and the analyst's figures are made.

The conversion of a table does not depend on the as-of moment, which only chooses among its rows. So tables that were
opened until a late moment serve every earlier one (`OpenedTables.before`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import ibis.expr.types as ir

from features.as_of import AnyAsOf
from features.groups import firmographics, own_features, own_vectors, rfm
from features.joining.id_rules import under_id_rules
from features.notices import Notice
from features.own_vectors.infer_columns import Settled
from features.own_vectors.vector_columns import NO_COLUMNS, VectorColumns
from features.presets.all_presets import with_preset
from features.settings import FeatureSettings, Sources, SubscriptionsSource, TableSource
from features.tables.canonical import Keep, Tally, canonical
from features.tables.choice_marks import chosen_of
from features.tables.chosen_rows import mark_rows, with_one_mark
from features.tables.money import settle_money
from features.tables.raw_tables import (
    CUSTOMER,
    CUSTOMERS,
    EVENTS,
    ORDERS,
    ORDERS_WITHOUT_MONEY,
    SUBSCRIPTIONS,
    RawTable,
    number_columns,
)
from features.tables.term_rules import settle_terms
from features.text.rules import TextRules

Open = Callable[[TableSource, str], ir.Table]
MOMENTS = {table.name: table.moment for table in (ORDERS, EVENTS, SUBSCRIPTIONS, CUSTOMERS)}


@dataclass(frozen=True)
class OpenedTables:
    """The usable rows of each raw table before a moment, under our names; orders are prepared (`rfm.prepare_orders`).

    tallies : count the rows of each raw table. columns : our columns that it has. own : the columns of the user's own
    vectors. notices : what a person should know of how they were settled. numbered_ids : the raw tables whose customer
    ids are a column of numbers. completed : the sources with what their presets say filled in.
    """

    rows: Mapping[str, ir.Table]
    tallies: Mapping[str, tuple[Tally, ...]]
    columns: Mapping[str, tuple[str, ...]]
    own: VectorColumns = NO_COLUMNS
    notices: tuple[Notice, ...] = ()
    numbered_ids: frozenset[str] = field(default_factory=frozenset)
    completed: Mapping[str, TableSource] = field(default_factory=dict)

    def before(self, as_of: AnyAsOf) -> OpenedTables:
        """The rows before an earlier moment, on the wall clock; a row of attributes without a moment stays."""
        return replace(self, rows={name: _before(name, rows, as_of) for name, rows in self.rows.items()})


def orders_contract(settings: FeatureSettings) -> RawTable:
    """The contract of orders, with or without money."""
    return ORDERS if settings.rfm.monetary else ORDERS_WITHOUT_MONEY


def open_tables(
    open_table: Open,
    sources: Sources,
    settings: FeatureSettings,
    as_of: AnyAsOf,
    own: VectorColumns | None = None,
    keep: Keep = lambda table: table,
) -> OpenedTables:
    """The tables that `sources` names, each opened by `open_table` and, once converted, kept by `keep`.

    own : the columns of the user's own vectors, as settled in training; None settles them by the values of the table.

    Raises
    ------
    SourceError
        If a table cannot be opened, or lacks a column or has one of another type.
    SettingsError
        If an own feature needs a table that is not there.
    """
    own_features.check_tables(settings, sources)
    rows: dict[str, ir.Table] = {}
    tallies: dict[str, tuple[Tally, ...]] = {}
    columns: dict[str, tuple[str, ...]] = {}
    numbered: set[str] = set()
    completed: dict[str, TableSource] = {}
    settled = Settled(NO_COLUMNS)

    def read(
        raw: ir.Table, source: TableSource, contract: RawTable, mapped: Mapping[str, str], distinct: bool = False
    ) -> None:
        source, origin = with_preset(source, contract.name, raw.columns)
        completed[contract.name] = source
        contract = contract.without(source.not_read)
        mapped = {**source.columns, **mapped}
        numbers = number_columns(raw.columns, contract, mapped)
        source, written = with_one_mark(raw, source, contract.name, numbers)
        marked, tally_choice = mark_rows(raw, source, contract.name, settings.time_zone, (*origin, *written))
        table = canonical(marked, contract, mapped, as_of, distinct, TextRules.of(source), keep, tally_choice)
        table = settle_money(table, source, settings)
        if isinstance(source, SubscriptionsSource):
            table = settle_terms(table, source.ends)
        table = replace(table, table=under_id_rules(table.table, settings.ids))
        columns[contract.name] = tuple(column.name for column in contract.columns if column.name in table.table.columns)
        if raw[mapped.get(CUSTOMER.name, CUSTOMER.name)].type().is_numeric():
            numbered.add(contract.name)
        if contract.name == ORDERS.name:
            table = rfm.prepare_orders(table, settings.rfm)
        tallies[contract.name] = table.tallies
        rows[contract.name] = table.table

    if source := sources.orders:
        raw = open_table(source, ORDERS.name)
        read(raw, source, orders_contract(settings), source.columns, settings.rfm.duplicates == "dropped")
    if source := sources.events:
        read(open_table(source, EVENTS.name), source, EVENTS, source.columns)
    if source := sources.subscriptions:
        read(open_table(source, SUBSCRIPTIONS.name), source, SUBSCRIPTIONS, source.columns)
    if customers := sources.customers:
        raw = open_table(customers, CUSTOMERS.name)
        read(raw, customers, firmographics.contract(customers.attributes), firmographics.mapping(customers))
    if vectors := sources.vectors:
        raw = keep(own_vectors.with_ids(open_table(vectors, own_vectors.NAME), vectors))
        marked, _ = mark_rows(raw, vectors, own_vectors.NAME, settings.time_zone)
        settled = own_vectors.settle(chosen_of(marked), vectors, own)
        mapped = own_vectors.mapping(raw.columns, settled.columns, vectors)
        read(raw, vectors, own_vectors.contract(settled.columns), mapped)
    return OpenedTables(rows, tallies, columns, settled.columns, settled.notices, frozenset(numbered), completed)


def _before(name: str, rows: ir.Table, as_of: AnyAsOf) -> ir.Table:
    moment = MOMENTS.get(name)
    if moment is None or moment not in rows.columns:
        return rows
    return rows.filter(rows[moment].isnull() | (rows[moment] < as_of.clock()))
