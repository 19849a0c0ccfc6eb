"""Exact sums, equal on every engine and for any order of rows.

Floating-point addition depends on the order, so values are summed as whole ten-thousandths (fixed point).
"""

from __future__ import annotations

import ibis.expr.types as ir

from features.grammar.summed_numbers import TEN_THOUSANDTHS, nearest_whole

__all__ = ["TEN_THOUSANDTHS", "from_ten_thousandths", "ten_thousandths"]


def ten_thousandths(value: ir.NumericValue) -> ir.IntegerValue:
    """The value, missing or within `summed_numbers.LARGEST` (else the engine fails), in whole ten-thousandths."""
    return nearest_whole(value.cast("float64") * TEN_THOUSANDTHS)


def from_ten_thousandths(total: ir.IntegerValue) -> ir.FloatingValue:
    """A sum of ten-thousandths as a double again."""
    return total.cast("float64") / TEN_THOUSANDTHS
