"""Which engine computes a column: one that is open, or one for which SQL is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir

SPARK = "pyspark"


@dataclass(frozen=True)
class UnopenedEngine:
    """An engine, by the name that Ibis has for it, for which expressions are written as SQL; nothing is computed."""

    name: str


def unopened_table(engine: str, columns: Mapping[str, Any], name: str, schema: str = "") -> ir.Table:
    """A table that the SQL for an engine names.

    columns : Ibis's types by name. schema : SCHEMA or CATALOG.SCHEMA, or nothing.
    """
    catalog, _, database = schema.rpartition(".")
    namespace = ops.Namespace(catalog=catalog or None, database=database or None)
    return ops.DatabaseTable(
        name=name, schema=ibis.schema(columns), source=UnopenedEngine(engine), namespace=namespace
    ).to_expr()


def engine_of(column: ir.Value) -> str:
    """The name of the engine that computes a column; the rows of a request are DuckDB's."""
    try:
        return str(ibis.get_backend(column).name)
    except ibis.common.exceptions.IbisError:  # no engine is bound yet
        return "duckdb"
