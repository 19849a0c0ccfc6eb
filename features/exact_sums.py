"""Sums that come out the same on every engine and in any order of rows.

Floating-point addition does neither, so values are added up as whole ten-thousandths.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

TEN_THOUSANDTHS = 10_000
LARGEST = 1e12  # a value beyond it is an error of the data, and its ten-thousandths would not fit in 64 bits


def ten_thousandths(value: ir.NumericValue) -> ir.IntegerValue:
    """The value in whole ten-thousandths; missing where it is missing or beyond `LARGEST`."""
    usable = (value.abs() <= LARGEST).fill_null(False)
    return (ibis.ifelse(usable, value, None).cast("float64") * TEN_THOUSANDTHS).round().cast("int64")


def from_ten_thousandths(total: ir.IntegerValue) -> ir.FloatingValue:
    """A sum of ten-thousandths as a double again."""
    return total.cast("float64") / TEN_THOUSANDTHS
