"""Which engine computes a column."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

SPARK = "pyspark"


def engine_of(column: ir.Value) -> str:
    """The name of the engine that computes a column; the rows of a request are DuckDB's."""
    try:
        return str(ibis.get_backend(column).name)
    except ibis.common.exceptions.IbisError:  # no engine is bound yet
        return "duckdb"
