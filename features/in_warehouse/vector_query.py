"""The customer vectors as one query, so that a warehouse makes them of its own raw tables.

The query is that of the same expressions as `build_vectors` computes, joined in the engine instead of here. It does not
check the values of the raw tables, of which `build_vectors` counts those that cannot be read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import numpy as np

from features.as_of import LaterAsOf
from features.expressions.engine import unopened_table
from features.expressions.written import sql_of
from features.groups.all_groups import FeatureGroups, Part, contract_of, groups_of, missing_of
from features.groups.firmographics import IS_DATED
from features.groups.opened_tables import open_tables
from features.joining.table_customers import DATED, LISTED
from features.learned import OTHER, LearnedFeatures
from features.reading.spark_tables import SparkTables
from features.scores.learned_edges import score_of_range
from features.scores.score_columns import SCORED
from features.settings import FeatureSettings, Sources
from features.source_settings import TableSource
from features.sources import Engines
from features.tables.canonical import NEWEST
from segment_model.contract import Column, VectorContract
from segment_model.errors import SettingsError

CUSTOMER = "customer_id"


@dataclass(frozen=True)
class VectorQuery:
    """`sql` selects one row a customer from the raw tables and, if `is_dated`, from `as_of` (`as_of_table`).

    contract : the columns after `customer_id`. tables : schema (SCHEMA, CATALOG.SCHEMA or nothing) and name of each raw
    table in the query, by our name.
    """

    sql: str
    contract: VectorContract
    tables: Mapping[str, tuple[str, str]]
    is_dated: bool


def vector_query(
    sources: Sources,
    settings: FeatureSettings,
    learned: LearnedFeatures,
    base: Path,
    engine: str,
    spark: SparkTables | None = None,
) -> VectorQuery:
    """The query of the vectors that `build_vectors` makes with these learned values.

    The tables are opened for their columns, and for first rows where these show how moments and numbers are written as
    text; they must lie in one engine. A file stands for a table of the raw table's name, such as `orders`.
    engine : the one that will run the query, as Ibis calls it. spark : opens the tables, if it is not None.

    Raises
    ------
    SettingsError
        If the settings leave out customers in a way that needs other tables.
    SourceError
        If a table cannot be opened, or lacks a column.
    """
    tables: dict[str, tuple[str, str]] = {}
    with Engines(base, settings.time_zone, spark) as engines:

        def open_for_columns(source: TableSource, name: str) -> ir.Table:
            schema, _, table = (source.spark_table or source.table or name).rpartition(".")
            tables[name] = schema, table
            opened = engines.open_typed(source, name)
            return unopened_table(engine, opened.schema(), table, schema, opened)

        as_of = LaterAsOf(engine)
        opened = open_tables(open_for_columns, sources, settings, as_of, learned.own)
        groups = groups_of(opened, sources, settings, as_of, learned.partial_use)
        contract = contract_of(groups, settings)
        vectors = _vectors(groups, sources, contract, learned, as_of)
        is_dated = any(node.name == LaterAsOf.NAME for node in vectors.op().find(ops.DatabaseTable))
        return VectorQuery(sql_of(vectors, engine), contract, tables, is_dated)


def _vectors(
    groups: FeatureGroups, sources: Sources, contract: VectorContract, learned: LearnedFeatures, as_of: LaterAsOf
) -> ir.Table:
    """One row a customer of any part, with the contract's columns and types."""
    types = [part.table.customer_id.type() for part in groups.parts]
    id_type = "int64" if all(kind.is_integer() for kind in types) else "string"
    names = {IS_DATED, *contract.names}
    parts = [_of_part(part, names, id_type, n) for n, part in enumerate(groups.parts)]
    everyone = reduce(lambda left, right: left.union(right, distinct=True), (part.select(CUSTOMER) for part in parts))
    whole = everyone.distinct()
    for part in parts:
        whole = whole.left_join(part, CUSTOMER)
        whole = whole.drop(f"{CUSTOMER}_right") if f"{CUSTOMER}_right" in whole.columns else whole
    whole = _with_population(whole, groups, sources, as_of)
    finished = {c.name: _finished(c, whole, learned) for c in contract.columns if c.name not in SCORED}
    scores = {
        name: _score(name, finished[measure], learned) for name, measure in SCORED.items() if name in contract.names
    }
    return whole.select(CUSTOMER, **{name: {**finished, **scores}[name] for name in contract.names})


def _of_part(part: Part, wanted: Collection[str], id_type: str, position: int) -> ir.Table:
    """The part's columns of the vector, its facts that the population needs, and a mark of its rows."""
    names = [name for name in part.table.columns if name in wanted]
    mark = {_mark(position): ibis.literal(True)}
    return part.table.select(part.table.customer_id.cast(id_type).name(CUSTOMER), *names, **mark)


def _mark(position: int) -> str:
    return f"has_rows_{position}"


def _with_population(whole: ir.Table, groups: FeatureGroups, sources: Sources, as_of: LaterAsOf) -> ir.Table:
    """Without the customers whom `features.joining.population` leaves out."""
    rule = sources.customers.without_rows if sources.customers else "keep"
    dated = [part.raw_table for part in groups.parts if part.raw_table in DATED]
    if rule == "keep" or not dated:
        if rule == "leave_out":
            raise SettingsError(
                "sources.customers.without_rows: leave_out needs orders, events or subscriptions: without them no "
                "customer has a row"
            )
        return whole
    marks = [whole[_mark(n)].notnull() for n, part in enumerate(groups.parts) if part.raw_table != LISTED]
    has_rows = reduce(lambda left, right: left | right, marks)
    if rule == "leave_out":
        return whole.filter(has_rows)
    newest = [
        tally.sums[NEWEST].as_scalar()
        for name in dict.fromkeys(dated)
        for tally in groups.tallies[name]
        if NEWEST in tally.sums.columns
    ]
    is_past = reduce(lambda left, right: left | right, (as_of.clock() < moment for moment in newest))
    return whole.filter(has_rows | whole[IS_DATED].fill_null(False) | ~is_past.fill_null(False))


def _finished(column: Column, whole: ir.Table, learned: LearnedFeatures) -> ir.Value:
    """The column in its type, missing values filled by its rule, levels pooled as older models do."""
    stored = whole[column.name]
    if column.is_category:
        text = stored.cast("string")
        kept = learned.categories.get(column.name)
        return text if kept is None else ibis.ifelse(text.isnull() | text.isin(kept), text, OTHER)
    missing = missing_of(column)
    number = stored.cast("float64")
    return number if missing is None else number.fill_null(missing)


def _score(score: str, measure: ir.Value, learned: LearnedFeatures) -> ir.Value:
    """The score of each value; null where that is missing or the score has no edges."""
    if score not in learned.score_edges:
        return ibis.null("float64")
    edges = learned.score_edges[score]
    points = score_of_range(score, np.arange(len(edges) + 1, dtype=np.float64), len(edges) + 1).tolist()
    ranges = [(measure <= edge, ibis.literal(point)) for edge, point in zip(edges, points[:-1], strict=True)]
    return ibis.cases((measure.isnull(), ibis.null("float64")), *ranges, else_=points[-1])
