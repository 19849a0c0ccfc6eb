"""What becomes of a column: its typed values, the texts that cannot be read, and the words that mean missing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from features.grammar.moments import BLANKS


@dataclass(frozen=True, slots=True)
class Reading:
    """A column in its type; missing where it is missing, or cannot be read.

    unreadable : the texts that cannot be read, else missing; None where there can be none. null_word : whether the
    text is a word that means missing; None for a column that is no text. level : whether the text is such a word, but
    kept as a category; None for other types.
    """

    column: ir.Value
    unreadable: ir.StringValue | None = None
    null_word: ir.BooleanValue | None = None
    level: ir.BooleanValue | None = None

    @classmethod
    def of(cls, text: ir.StringValue, column: ir.Value, null_words: Collection[str]) -> Reading:
        """The reading of a trimmed text of which `column` is missing where it cannot be read, or is no text at all."""
        null_word = is_word(text, null_words) if null_words else ibis.literal(False)
        unread = ibis.cases((column.notnull(), None), (null_word, None), else_=text)
        return cls(column, unread, ibis.cases((column.notnull(), False), else_=null_word.fill_null(False)))


def trimmed(text: ir.StringValue) -> ir.StringValue:
    """The text without the blanks around it; missing where nothing is left."""
    return _trim(text, BLANKS).nullif("")


def is_word(text: ir.StringValue, words: Collection[str]) -> ir.BooleanValue:
    """Whether the text is one of the words."""
    return text.isin(sorted(words))


@ibis.udf.scalar.builtin(name="trim")
def _trim(text: str, blanks: str) -> str:
    """DuckDB's and PostgreSQL's own; that of Ibis knows only the blanks of ASCII."""
    raise NotImplementedError
