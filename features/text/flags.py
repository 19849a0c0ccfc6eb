"""Text as flags: the words for yes and no."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from features.text.reading import Reading, is_word, trimmed, without_words
from features.text.rules import TextRules


def read_flags(text: ir.StringValue, rules: TextRules, column: str) -> Reading:
    """The flags of a column: 1.0 for yes, 0.0 for no."""
    word = trimmed(text).lower()
    flag = ibis.cases((is_word(word, rules.true_words), 1.0), (is_word(word, rules.false_words), 0.0), else_=None)
    return Reading(without_words(flag, text, rules.own_nulls(column)), text, rules.nulls_of_keys(column))
