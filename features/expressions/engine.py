"""Which engine computes a column: one that is open, or one for which SQL is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

SPARK = "pyspark"


@dataclass(frozen=True)
class UnopenedEngine:
    """An engine, by the name that Ibis has for it, for which expressions are written as SQL.

    rows : the table that is named, where it is open: its rows show how text is written in it (`with_rows`).
    """

    name: str
    rows: ir.Table | None = field(default=None, compare=False)


def unopened_table(
    engine: str, columns: Mapping[str, Any], name: str, schema: str = "", rows: ir.Table | None = None
) -> ir.Table:
    """A table that the SQL for an engine names.

    columns : Ibis's types by name. schema : SCHEMA or CATALOG.SCHEMA, or nothing. rows : the same table, opened.
    """
    catalog, _, database = schema.rpartition(".")
    namespace = ops.Namespace(catalog=catalog or None, database=database or None)
    return ops.DatabaseTable(
        name=name, schema=ibis.schema(columns), source=UnopenedEngine(engine, rows), namespace=namespace
    ).to_expr()


def with_rows(expression: ir.Table) -> ir.Table:
    """The expression with the opened tables in place of those that SQL names, so that it can be computed."""
    named = (node for node in expression.op().find(ops.DatabaseTable) if isinstance(node.source, UnopenedEngine))
    opened = {node: node.source.rows.op() for node in named if node.source.rows is not None}
    if not opened:
        return expression
    computable: ir.Table = expression.op().replace(opened).to_expr()
    return computable


def engine_of(column: ir.Value) -> str:
    """The name of the engine that computes a column; the rows of a request are DuckDB's."""
    try:
        return str(ibis.get_backend(column).name)
    except ibis.common.exceptions.IbisError:  # no engine is bound yet
        return "duckdb"
