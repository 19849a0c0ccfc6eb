"""The customer vectors of tables in a Spark, by the same expressions as everywhere; no customer comes to Python.

What comes are sums: counts of rows and of shared ids, values that break the contract, quantiles, the largest eleven.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from features.as_of import AsOf, moment_of
from features.computed_parts import COUNTED, TWICE_SHOWN, RowsRead, rows_read, twice_error
from features.feature_spec import OF_ONE_ROW
from features.groups.all_groups import FeatureGroups, contract_of, groups_of
from features.groups.firmographics import IS_DATED
from features.groups.opened_tables import open_tables
from features.joining.alike_ids import AlikeInTables
from features.joining.as_of_range import as_of_notices
from features.joining.between_tables import LAST, id_column
from features.joining.dominant_customer import LOOKED_AT, LargestCounts, dominant_among
from features.joining.id_type import choose_type
from features.joining.population import LEFT_OUT, Early, attribute_notices, early_notices, who_is_left_out
from features.joining.table_customers import LISTED, TableCustomers
from features.learned import OTHER, LearnedFeatures
from features.notices import Notice
from features.reading.spark_tables import SparkTables
from features.scores.learned_edges import learn_edges_from
from features.scores.score_columns import LOW_IS_GOOD, SCORED
from features.settings import FeatureSettings, Sources
from features.sources import Engines, fetch, plain_errors
from features.spark.alike_in_spark import alike_in_spark
from features.spark.between_tables import (
    ALL,
    IDS,
    NOT_WHOLE,
    ROWS_OF,
    largest_rows,
    overlap_notices_of,
    overlap_sums,
    table_facts,
    tables_of,
)
from features.spark.contract_checks import fault_sums, refuse_faults
from features.spark.joined_parts import CUSTOMER, ROWS_IN, joined_parts
from features.spark.quantiles import quantiles_of
from features.spark.totals import notices_of_total_ids, refuse_totals_among, total_sums
from features.vector_table import IdType, Moment, no_customer_error
from segment_model.contract import VectorContract

TWICE = "twice in "


@dataclass(frozen=True)
class SparkVectors:
    """One row a customer in a Spark DataFrame: `customer_id`, then the contract's columns in order.

    customers : their number. digest : "xxhash64:...", the sum of a hash of each row, so that their order does not
    matter. The rest is as in `features.vector_table.CustomerVectors`.
    """

    frame: Any
    contract: VectorContract
    learned: LearnedFeatures
    as_of: Moment | None
    customers: int
    digest: str
    report: Mapping[str, Mapping[str, int]]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    id_type: IdType = IdType.TEXT

    @property
    def moment(self) -> str:
        """As of `CustomerVectors`."""
        return "" if self.as_of is None else f" as of {self.as_of.isoformat()}"


def build_spark_vectors(
    tables: SparkTables,
    sources: Sources,
    settings: FeatureSettings,
    as_of: Moment | None,
    base: Path,
    learned: LearnedFeatures | None = None,
) -> SparkVectors:
    """As `features.customer_vector.build_vectors`, in Spark; the vectors can be read until `tables` is closed.

    Raises
    ------
    SegmentsError
        As `build_vectors`, and if a setting needs all customers in one place.
    """
    moment = moment_of(as_of, settings.time_zone)
    engines = Engines(base, settings.time_zone, tables)
    opened = open_tables(engines.open, sources, settings, moment, learned.own if learned else None, engines.keep)
    sources = sources.model_copy(update={**opened.completed})
    groups = groups_of(opened, sources, settings, moment, learned is not None and learned.partial_use)
    read = {name: rows_read(tallies) for name, tallies in groups.tallies.items()}
    contract = contract_of(groups, settings)
    with plain_errors("features: Spark could not compute them"):
        everyone = tables.hold(joined_parts(groups.parts, contract))
        asked = total_sums(everyone, groups.own) if learned is None else {}
        table, met = _those_who_stay(tables, everyone, groups, read, moment, sources, settings, asked)
        report = {name: {**rows.counts, **met.counts.get(name, {})} for name, rows in read.items()}
        if not met.customers:
            raise no_customer_error(as_of, report, met.notices)
        of_rows = [notice for rows in read.values() for notice in rows.notices]
        notices = tuple(dict.fromkeys((*engines.notices, *groups.notices, *of_rows, *met.notices)))
        frame = tables.frame(table)
        if learned is None:
            notices += tuple(notices_of_total_ids(table, met.totals, notices))
            if sources.vectors is not None:
                refuse_totals_among(table, met.totals, groups.own, sources.vectors)
            edges = learn_edges_from(
                lambda column, shares: quantiles_of(frame, column, shares), contract.names, settings.rfm.score_edges
            )
            learned = LearnedFeatures(edges, own=groups.own)
        vectors = tables.frame(_finished(table, contract, learned, met.id_type))
        digest = _digest(vectors)
    return SparkVectors(
        vectors, contract, learned, as_of, met.customers, digest, report, groups.columns, notices, met.id_type
    )


def past_vectors(
    tables: SparkTables,
    groups: FeatureGroups,
    read: Mapping[str, RowsRead],
    sources: Sources,
    settings: FeatureSettings,
    as_of: AsOf,
    learned: LearnedFeatures,
) -> Any:
    """The vectors as of a moment of tables that are open, as a Spark DataFrame that nothing is computed of yet.

    groups : as of the moment. read : what was counted of the rows of each raw table. Customers are text; there may be
    none. What is said of the tables together is not looked at anew.
    """
    contract = contract_of(groups, settings)
    everyone = joined_parts(groups.parts, contract)
    facts = [table_facts(name, groups, read[name], {}) for name in tables_of(everyone)]
    who = who_is_left_out(facts, as_of, sources.customers.without_rows if sources.customers else "keep")
    stay = everyone if who is Early.NOBODY else everyone.filter(~_is_early(everyone)[who])
    return tables.frame(_finished(stay, contract, learned, IdType.TEXT))


@dataclass(frozen=True)
class _Met:
    """What the tables show together: customers who stay, counts for the report, notices, and the type of the ids.

    totals : the aggregates of all customers, by name.
    """

    customers: int
    counts: Mapping[str, Mapping[str, int]]
    notices: tuple[Notice, ...]
    id_type: IdType
    totals: Mapping[str, Any]


def _those_who_stay(
    tables: SparkTables,
    everyone: ir.Table,
    groups: FeatureGroups,
    read: Mapping[str, RowsRead],
    moment: Any,
    sources: Sources,
    settings: FeatureSettings,
    asked: Mapping[str, ir.Value],
) -> tuple[ir.Table, _Met]:
    """The customers whom `features.joining.population` does not leave out, and what is said of the tables together.

    asked : further aggregates, computed in the same pass.
    """
    contract = contract_of(groups, settings)
    sums = {**overlap_sums(everyone), **_twice_sums(everyone), **fault_sums(everyone, contract), **asked}
    early = _is_early(everyone)
    sums |= {f"early {which.name}": flag.sum() for which, flag in early.items()}
    totals = fetch(everyone.aggregate(**sums), "features: counting customers").to_pylist()[0]
    _refuse_twice(everyone, totals)
    refuse_faults(totals, contract)
    names = tables_of(everyone)
    alike = alike_in_spark(tables, everyone, names) if totals[NOT_WHOLE] else AlikeInTables()
    notices = overlap_notices_of(names, totals, alike, settings.ids)
    facts = [table_facts(name, groups, read[name], totals) for name in names]
    as_of = moment if isinstance(moment, AsOf) else LAST
    who = who_is_left_out(facts, as_of, sources.customers.without_rows if sources.customers else "keep")
    number = 0 if who is Early.NOBODY else int(totals[f"early {who.name}"] or 0)
    notices += early_notices(number, facts, as_of) if who is Early.UNDATED else ()
    notices += [*attribute_notices(facts, as_of), *as_of_notices(facts, as_of)]
    for table in facts:
        customers, rows = int(totals[f"{IDS}{table.name}"] or 0), float(totals.get(f"{ROWS_OF}{table.name}") or 0)
        notices += _dominant(everyone, table, customers, rows, sources)
    chosen = choose_type(facts, lambda: not totals[NOT_WHOLE])
    counts = {LISTED: {LEFT_OUT: number}} if number else {}
    stay = everyone if who is Early.NOBODY else everyone.filter(~early[who])
    return stay, _Met(int(totals[ALL]) - number, counts, (*notices, *chosen.notices), chosen.type, totals)


def _is_early(table: ir.Table) -> dict[Early, ir.BooleanValue]:
    """Who is in the customers table alone; and of these, whose row has no date."""
    others = [name for name in tables_of(table) if name != LISTED]
    alone: ir.BooleanValue = ibis.literal(LISTED in tables_of(table))
    for name in others:
        alone = alone & (table[f"{ROWS_IN}{name}"] == 0)
    undated = (table[IS_DATED] == 0) if IS_DATED in table.columns else ibis.literal(True)
    return {Early.WITHOUT_ROWS: alone, Early.UNDATED: alone & undated}


def _twice_sums(table: ir.Table) -> dict[str, ir.Value]:
    """How many customers have more than one row in a table of one row each."""
    sums: dict[str, ir.Value] = {}
    for name in (name for name in tables_of(table) if name in OF_ONE_ROW):
        twice = table[f"{ROWS_IN}{name}"] > 1
        sums[f"{TWICE}{name}"] = twice.sum()
    return sums


def _refuse_twice(table: ir.Table, totals: Mapping[str, Any]) -> None:
    for name in tables_of(table):
        if count := int(totals.get(f"{TWICE}{name}") or 0):
            first = table.filter(table[f"{ROWS_IN}{name}"] > 1).select(CUSTOMER).order_by(CUSTOMER).limit(TWICE_SHOWN)
            raise twice_error(name, count, fetch(first, f"{name}: customers with several rows")[CUSTOMER].to_pylist())


def _dominant(
    everyone: ir.Table, table: TableCustomers, customers: int, total: float, sources: Sources
) -> list[Notice]:
    """The notices of customers with most of a table's rows."""
    column = COUNTED.get(table.name)
    if column is None or column not in everyone.columns:
        return []
    rows = fetch(largest_rows(everyone, table.name, column, LOOKED_AT), f"{table.name}: the largest").to_pylist()
    counts = LargestCounts({row[CUSTOMER]: row["rows"] for row in rows}, customers, total)
    return [*dominant_among(counts, table, *id_column(sources, table.name))]


def _finished(table: ir.Table, contract: VectorContract, learned: LearnedFeatures, id_type: IdType) -> ir.Table:
    """The columns of the contract in order, with scores, and ids in their type."""
    values: dict[str, ir.Value] = {CUSTOMER: table[CUSTOMER].cast("int64" if id_type is IdType.INTEGER else "string")}
    for column in contract.columns:
        if column.name in SCORED and column.name not in table.columns:
            values[column.name] = _score(table[SCORED[column.name]], column.name, learned)
        elif column.name in learned.categories:
            kept = table[column.name].isin(learned.categories[column.name]) | table[column.name].isnull()
            values[column.name] = ibis.ifelse(kept, table[column.name], OTHER)
        else:
            values[column.name] = table[column.name]
    return table.select(**values)


def _score(measure: ir.FloatingValue, score: str, learned: LearnedFeatures) -> ir.FloatingValue:
    """The points of `LearnedFeatures.points`: how many edges lie below the value."""
    edges = learned.score_edges.get(score)
    if edges is None:
        return ibis.null("float64")
    above = sum((ibis.ifelse(measure > edge, 1.0, 0.0) for edge in edges), ibis.literal(0.0))
    points = len(edges) + 1 - above if score in LOW_IS_GOOD else 1.0 + above
    return ibis.ifelse(measure.notnull(), points, None)


def _digest(frame: Any) -> str:
    """The sum of 64-bit hashes of rows, of as many rows; equal values have one, whatever their order."""
    from pyspark.sql import functions as spark

    hashes = spark.xxhash64(*(spark.col(f"`{name}`") for name in frame.columns)).cast("decimal(38, 0)")
    total = frame.agg(spark.sum(hashes).alias("total"), spark.count("*").alias("rows")).first()
    return f"xxhash64:{total['rows']}:{int(total['total'] or 0) % 2**64:016x}"
