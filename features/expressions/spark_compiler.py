"""SQL of Ibis for Spark in which wall clocks and fractions have the types that they have in other engines.

Ibis 12 writes TIMESTAMP for a wall clock, which Spark reads as an instant in the session's zone: a clock in the hour
that spring leaves out moves, and half a day after one in the morning is two hours past noon. It writes 1.0 for a
double, which Spark reads as a decimal of one digit behind the point.
"""

from __future__ import annotations

from typing import Any

import ibis.expr.datatypes as dt
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.pyspark import PySparkCompiler
from ibis.backends.sql.datatypes import PySparkType


class SparkType(PySparkType):  # type: ignore[misc]  # Ibis has no types
    """The types of Spark, with TIMESTAMP_NTZ for timestamps without a time zone."""

    @classmethod
    def _from_ibis_Timestamp(cls, dtype: dt.Timestamp) -> sge.DataType:  # noqa: N802
        zoned, clock = sge.DataType.Type.TIMESTAMPTZ, sge.DataType.Type.TIMESTAMPNTZ
        return sge.DataType(this=zoned if dtype.timezone else clock)


class SparkCompiler(PySparkCompiler):  # type: ignore[misc]
    """Ibis's compiler for Spark, with wall clocks and doubles."""

    __slots__ = ()

    type_mapper = SparkType

    def visit_Field(self, op: Any, **parts: Any) -> Any:  # noqa: N802
        """Compile a column as it is: no option of Ibis, which comes with pyspark alone, makes NaN a null."""
        return super(PySparkCompiler, self).visit_Field(op, **parts)

    def visit_NonNullLiteral(self, op: Any, **parts: Any) -> Any:  # noqa: N802
        """Compile a constant; of a floating one no option is asked either."""
        if op.dtype.is_floating():
            return super(PySparkCompiler, self).visit_NonNullLiteral(op, **parts)
        return super().visit_NonNullLiteral(op, **parts)

    def visit_DefaultLiteral(self, op: Any, **parts: Any) -> Any:  # noqa: N802
        """Compile a constant; a floating one is a double."""
        constant = super().visit_DefaultLiteral(op, **parts)
        return self.cast(constant, dt.float64) if op.dtype.is_floating() else constant
