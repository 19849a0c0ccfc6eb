"""Exact sums of whole numbers as whole numbers of 64 bits.

DuckDB sums them in 128 bits and PostgreSQL as numeric, and both would stay so in a kept table.
"""

from __future__ import annotations

import ibis.expr.types as ir


def whole_sum(values: ir.IntegerValue, where: ir.BooleanValue | None = None) -> ir.IntegerScalar:
    """The sum; 0 of nothing. The engine fails where it needs more than 64 bits."""
    return values.sum(where=where).fill_null(0).cast("decimal(38, 0)").cast("int64")
