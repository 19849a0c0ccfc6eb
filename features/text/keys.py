"""Columns as keys: whole numbers stay whole numbers, exactly; text loses its blanks and the `.0` of whole floats."""

from __future__ import annotations

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from features.grammar.keys import ROUNDED_PATTERN, WHOLE_FLOAT_PATTERN
from features.text.reading import Reading, is_word, trimmed
from features.text.rules import TextRules

EXACT = {dt.Float16: 2**11, dt.Float32: 2**24}  # from here on, whole numbers have been rounded
EXACT_DOUBLE = 2**53


def read_keys(text: ir.StringValue, rules: TextRules, column: str) -> Reading:
    """The keys of a text column."""
    written = trimmed(text)
    return _reading(written, is_word(written, rules.nulls_of_keys(column)))


def keys_of_numbers(number: ir.NumericValue) -> Reading:
    """The keys of whole numbers: integers as they are, decimals as text, floats as far as they are exact."""
    dtype = number.type()
    if dtype.is_integer():
        return Reading(number)
    if dtype.is_decimal():
        written = number.cast("string")
        reading = _reading(written, is_word(written, {"NaN"}))
        fraction = reading.column.contains(".") | reading.column.contains("I")  # Infinity, in PostgreSQL
        return Reading(ibis.ifelse(fraction, None, reading.column), ibis.ifelse(fraction, written, None))
    whole = (number.round() == number) & (number.abs() < EXACT.get(type(dtype), EXACT_DOUBLE))
    key = ibis.ifelse(whole, number, None).cast("int64")
    return Reading(key, ibis.ifelse(~number.isnan() & key.isnull(), number.cast("string"), None))


def _reading(text: ir.StringValue, null_word: ir.BooleanValue) -> Reading:
    before_point = text.split(".")[0]
    key = ibis.cases(
        (null_word, None),
        (~text.contains("."), text),
        (text.re_search(WHOLE_FLOAT_PATTERN), ibis.ifelse(before_point == "-0", "0", before_point)),
        (text.re_search(ROUNDED_PATTERN), None),
        else_=text,
    )
    rounded = ibis.cases((key.notnull(), None), (null_word, None), else_=text)
    return Reading(key, rounded, null_word.fill_null(False))
