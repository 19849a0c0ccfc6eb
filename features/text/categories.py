"""Text as categories: any text but the few words that never name a level."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from features.grammar.null_words import LEVELS
from features.text.reading import Reading, is_word, trimmed
from features.text.rules import TextRules

TRIMMED_PATTERN = "^[!-~](?:[ -~]*[!-~])?$"  # no blanks around it


def read_categories(text: ir.StringValue, rules: TextRules, column: str) -> Reading:
    """The levels of a column, without the blanks around them."""
    words = rules.nulls_of_categories(column)
    kept = LEVELS - words if column not in rules.null_words else frozenset()
    written = ibis.cases((text.re_search(TRIMMED_PATTERN), text), else_=trimmed(text))
    return Reading(ibis.cases((is_word(written, words), None), else_=written), text, words, kept)
