"""The reading of a column: its typed values, the texts that cannot be read, and the words that mean missing."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from features.expressions.engine import engine_of
from features.expressions.portable import replaced
from features.grammar.moments import BLANKS


@dataclass(frozen=True, slots=True)
class Reading:
    """A column in its type; missing where it is missing, or cannot be read.

    original : the user's column where a value may be unreadable; else None. null_words : the texts that mean missing.
    levels : texts that often do, but are kept as categories.
    """

    column: ir.Value
    original: ir.Value | None = None
    null_words: Collection[str] = ()
    levels: Collection[str] = ()

    @property
    def is_of_text(self) -> bool:
        """Whether the column was text."""
        return self.original is not None and bool(self.original.type().is_string())


def unreadable_text(column: ir.Value, original: ir.Value, null_words: Collection[str]) -> ir.StringValue:
    """The texts of which `column` is missing, but which are no words for missing; else missing."""
    text = trimmed(original.cast("string"))
    return ibis.cases((column.notnull(), None), (is_word(text, null_words), None), else_=text)


def is_null_word(column: ir.Value, original: ir.Value, null_words: Collection[str]) -> ir.BooleanValue:
    """Whether `column` is missing because its text is a word that means so."""
    return ibis.cases((column.notnull(), False), (is_word(trimmed(original), null_words), True), else_=False)


def trimmed(text: ir.StringValue) -> ir.StringValue:
    """The text without the blanks around it; missing where nothing is left. Slow: most texts have none."""
    return _trim_in_engine(text, BLANKS).nullif("")


def is_word(text: ir.StringValue, words: Collection[str]) -> ir.BooleanValue:
    """Whether the text is one of the words.

    By a regular expression: DuckDB makes a join over all rows of a longer list, whatever condition stands before it.
    """
    if not words:
        return ibis.literal(False)
    return text.re_search(f"^(?:{'|'.join(re.escape(word) for word in sorted(words))})$")


def without_words(column: ir.Value, text: ir.StringValue, words: Collection[str]) -> ir.Value:
    """What a text is read as, missing where it is one of the words."""
    return ibis.cases((is_word(trimmed(text), words), None), else_=column) if words else column


def cut_to_microseconds(text: ir.StringValue) -> ir.StringValue:
    """A moment without digits beyond microseconds, which PostgreSQL rounds and others cut."""
    return text if engine_of(text) == "duckdb" else replaced(text, r"(\.[0-9]{6})[0-9]+", r"\1")


def _trim(text: str, blanks: str) -> str:
    """DuckDB's and PostgreSQL's own `trim`; that of Ibis knows only the blanks of ASCII."""
    raise NotImplementedError


_trim_in_engine = ibis.udf.scalar.builtin(_trim, name="trim")
