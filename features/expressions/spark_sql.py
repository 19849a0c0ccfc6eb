"""SQL of Ibis for Spark in which a timestamp without a time zone is a wall clock, as in other engines.

Ibis 12 writes TIMESTAMP for it, which Spark reads as an instant in the session's zone: a clock in the hour that spring
leaves out moves, and half a day after one in the morning is two hours past noon.
"""

from __future__ import annotations

import ibis.expr.datatypes as dt
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.pyspark import PySparkCompiler
from ibis.backends.sql.datatypes import PySparkType


class WallClockType(PySparkType):  # type: ignore[misc]  # Ibis has no types
    """The types of Spark, with TIMESTAMP_NTZ for timestamps without a time zone."""

    @classmethod
    def _from_ibis_Timestamp(cls, dtype: dt.Timestamp) -> sge.DataType:  # noqa: N802
        zoned, clock = sge.DataType.Type.TIMESTAMPTZ, sge.DataType.Type.TIMESTAMPNTZ
        return sge.DataType(this=zoned if dtype.timezone else clock)


class WallClockCompiler(PySparkCompiler):  # type: ignore[misc]
    """Ibis's compiler for Spark, with wall clocks."""

    __slots__ = ()

    type_mapper = WallClockType
