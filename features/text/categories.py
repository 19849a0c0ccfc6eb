"""Text as categories: any text but the few words that never name a level."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from features.grammar.null_words import LEVELS
from features.text.reading import Reading, is_word, trimmed
from features.text.rules import TextRules


def read_categories(text: ir.StringValue, rules: TextRules, column: str) -> Reading:
    """The levels of a column, without the blanks around them."""
    written = trimmed(text)
    words = rules.nulls_of_categories(column)
    null_word = is_word(written, words).fill_null(False)
    kept = LEVELS - words if column not in rules.null_words else frozenset()
    level = is_word(written, kept).fill_null(False) if kept else None
    return Reading(ibis.ifelse(null_word, None, written), None, null_word, level)
