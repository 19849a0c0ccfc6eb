"""An expression as the SQL of an engine, which need not be open."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from features.expressions.engine import SPARK
from features.expressions.spark_compiler import SparkCompiler


def sql_of(expression: ir.Table, engine: str) -> str:
    """The query of an expression; engine : as Ibis calls it."""
    if engine != SPARK:
        return str(ibis.to_sql(expression, dialect=engine, pretty=True))
    tree = SparkCompiler().to_sqlglot(expression.unbind())
    return str(tree.sql(dialect=SparkCompiler.dialect, pretty=True))
