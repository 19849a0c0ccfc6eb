"""The feature expressions compiled to SQL, once a model; each request runs the SQL on its own raw rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import sqlglot
from sqlglot.optimizer.pushdown_projections import pushdown_projections
from sqlglot.optimizer.qualify import qualify

from features.as_of import LaterAsOf
from features.feature_spec import REMEDY, FeatureSpec
from features.groups.all_groups import contract_of, groups_of
from features.groups.opened_tables import open_tables
from features.tables.canonical import Tally
from features.tables.raw_tables import RawColumn, RawType
from segment_model.contract import Column, VectorContract
from segment_model.errors import ContractError

CUSTOMER = "customer_id"
DIALECT = "duckdb"
AS_WRITTEN = f"{DIALECT}, normalization_strategy=case_sensitive"  # else `MntWines` becomes `mntwines`
ZONED = "TIMESTAMPTZ"
DUCKDB_TYPES = {
    "int64": "BIGINT",
    "float64": "DOUBLE",
    "string": "VARCHAR",
    "timestamp": "TIMESTAMP",
    "timestamp('UTC')": ZONED,
}
Types = Mapping[str, Mapping[str, str]]  # of each table's columns


@dataclass(frozen=True, slots=True)
class RecordProgram:
    """The SQL statements that compute the vectors of a request.

    zoned : whether its timestamps are instants (else wall clocks). columns : the columns of the vector. tables : the
    tables that the statements read, with DuckDB's type of each column. parts : one statement for each part of the
    vector. tallies : table, statement and tally of each raw table.
    """

    zoned: bool
    columns: tuple[Column, ...]
    tables: Types
    parts: tuple[str, ...]
    tallies: tuple[tuple[str, str, Tally], ...]

    @classmethod
    def compiled(cls, spec: FeatureSpec, contract: VectorContract, zoned: bool) -> RecordProgram:
        """Compile the specification of a model.

        zoned : whether timestamps are instants with a time zone, or wall clocks of the business.

        Raises
        ------
        ContractError
            If the features of this version are not those that the model was trained on.
        """
        types = {
            name: {CUSTOMER: "int64"} | {column.name: _type(column, zoned) for column in spec.columns(name)}
            for name in spec.tables
        }

        def table(_: Any, name: str) -> ibis.expr.types.Table:
            return ibis.table(types[name], name=name)

        sources, as_of, own = spec.sources(), LaterAsOf(), spec.learned.own.under_our_names()
        opened = open_tables(table, sources, spec.settings, as_of, own)
        groups = groups_of(opened, sources, spec.settings, as_of, spec.learned.partial_use)
        made = contract_of(groups, spec.settings)
        kinds = {column.name: column.kind for column in made.columns}
        if absent := [column.name for column in contract.columns if kinds.get(column.name) != column.kind]:
            raise ContractError(
                f"this version does not make {', '.join(absent)} of these tables as it was made for the model; {REMEDY}"
            )
        tables = {
            name: {column: DUCKDB_TYPES[kind] for column, kind in columns.items()}
            for name, columns in {LaterAsOf.NAME: LaterAsOf.SCHEMA, **types}.items()
        }
        return cls(
            zoned,
            # the features' null rules: those of the model's contract tell which columns had nulls in training
            tuple(made[name] for name in contract.names),
            tables,
            tuple(_sql(part.table, tables) for part in groups.parts),
            tuple(
                (name, _sql(tally.sums, tables), tally)
                for name, tallies in groups.tallies.items()
                for tally in tallies
                if not tally.only_notices
            ),
        )


def _sql(expression: ibis.expr.types.Table, tables: Types) -> str:
    """The SQL of an expression without unused columns, which are dropped here because DuckDB's optimiser is off."""
    tree = sqlglot.parse_one(str(ibis.to_sql(expression, dialect=DIALECT, pretty=False)), dialect=DIALECT)
    return pushdown_projections(qualify(tree, schema=dict(tables), dialect=AS_WRITTEN)).sql(dialect=DIALECT)


def _type(column: RawColumn, zoned: bool) -> str:
    if column.type is RawType.MOMENT:
        return "timestamp('UTC')" if zoned else "timestamp"
    return "float64" if column.type in (RawType.NUMBER, RawType.FLAG) else "string"
