"""Text as numbers, with the decimal mark of the source."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from features.grammar.numbers import COMMA, LONGEST, OTHER_MINUS, PATTERNS, PLAIN_PATTERN, POINT, THOUSANDS
from features.text.reading import Reading, trimmed, without_words
from features.text.rules import TextRules


def read_numbers(text: ir.StringValue, rules: TextRules, column: str) -> Reading:
    """The numbers of a column as doubles."""
    # nested in one CASE: only there does DuckDB not compute the trimmed text of every row
    number = number_of(text, rules.decimal, number_of(trimmed(text), rules.decimal))
    return Reading(without_words(number, text, rules.own_nulls(column)), text, rules.nulls_of_keys(column))


def number_of(text: ir.StringValue, decimal: str, otherwise: ir.Value | None = None) -> ir.FloatingValue:
    """The number that a trimmed text writes with the decimal mark; for any other text `otherwise`, or missing."""
    plain = text.re_search(PLAIN_PATTERN) & (text.length() <= LONGEST)
    marked = text.re_search(PATTERNS[decimal]) & (text.length() <= LONGEST)
    if decimal == COMMA:
        plain = plain & ~text.contains(POINT)
    with_marks = (marked, _plain(text, decimal).try_cast("float64"))
    return ibis.cases((plain, text.try_cast("float64")), with_marks, else_=otherwise)


def _plain(text: ir.StringValue, decimal: str) -> ir.StringValue:
    """A number with its marks, as engines cast it."""
    negative = text.contains("-") | text.contains(OTHER_MINUS) | text.contains("(")
    digits = text.re_replace(f"[-+(){OTHER_MINUS}{THOUSANDS[decimal]}]", "")
    digits = digits.replace(COMMA, POINT) if decimal == COMMA else digits
    return ibis.ifelse(negative, ibis.literal("-") + digits, digits)
