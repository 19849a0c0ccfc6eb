"""The unit in which numbers are summed exactly, and the largest number that may be summed.

Sums of floating-point numbers depend on the order, so ten-thousandths are summed, as whole numbers of 64 bits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ibis.expr.types as ir

TEN_THOUSANDTHS = 10_000
LARGEST = 1e12  # a larger number is an error in the data, and its ten-thousandths overflow


def nearest_whole(number: ir.FloatingValue) -> ir.IntegerValue:
    """The nearest whole number, and of two equally near ones that away from 0, on every engine.

    Their own `round` differs: of 0.5 DuckDB makes 1, and PostgreSQL 0. Adding 0.5 would be inexact beyond 2 to the 52.
    """
    size = number.abs()
    whole = size.floor().cast("float64")  # Ibis makes an integer of it, which DuckDB adds to constants as decimals
    return (number.sign() * (whole + (size - whole >= 0.5).ifelse(1.0, 0.0))).cast("int64")


def limit_in_words(limit: float) -> str:
    """A power of ten as messages write it: 1e12."""
    return f"{limit:g}".replace("+", "")
