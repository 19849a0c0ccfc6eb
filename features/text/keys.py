"""Columns as keys: whole numbers stay whole numbers, exactly; text loses its blanks and the `.0` of whole floats."""

from __future__ import annotations

import re

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from features.grammar.keys import EXACT_DOUBLE, ROUNDED_PATTERN, WHOLE_FLOAT_PATTERN
from features.text.reading import Reading, is_word, trimmed
from features.text.rules import TextRules

PLAIN_PATTERN = "^[A-Za-z0-9_-]*[0-9][A-Za-z0-9_-]*$"  # most keys: neither blanks, nor a point, nor a word for missing
NO_NUMBER = ("NaN", "nan")
EXACT = {dt.Float16: 2**11, dt.Float32: 2**24}  # from here on, whole numbers have been rounded


def read_keys(text: ir.StringValue, rules: TextRules, column: str) -> Reading:
    """The keys of a text column."""
    words = rules.nulls_of_keys(column)
    plain = text.re_search(PLAIN_PATTERN)
    if own := [word for word in words if re.match(PLAIN_PATTERN, word)]:
        plain = plain & ~is_word(text, own)
    written = trimmed(text)
    other = ibis.cases((is_word(written, words), None), else_=_key(written))
    return Reading(ibis.cases((plain, text), else_=other), text, words)


def keys_of_numbers(number: ir.NumericValue) -> Reading:
    """The keys of whole numbers: integers as they are, decimals as text, floats as far as they are exact."""
    dtype = number.type()
    if dtype.is_integer():
        return Reading(number)
    if dtype.is_decimal():
        key = _key(number.cast("string"))
        return Reading(ibis.cases((key.re_search("^-?[0-9]+$"), key)), number, NO_NUMBER)
    exact = ibis.ifelse(number.abs() < EXACT.get(type(dtype), EXACT_DOUBLE), number, None)  # rounding makes integers
    whole = ibis.ifelse(exact.round() == exact, exact, None)
    return Reading(whole.cast("int64"), number, NO_NUMBER)


def _key(text: ir.StringValue) -> ir.StringValue:
    """The key of a trimmed text."""
    before_point = text.left(text.find("."))  # `split` takes a regular expression on Spark
    return ibis.cases(
        (~text.contains("."), text),
        (text.re_search(WHOLE_FLOAT_PATTERN), ibis.ifelse(before_point == "-0", "0", before_point)),
        (text.re_search(ROUNDED_PATTERN), None),
        else_=text,
    )
