"""How the text of a column is written, which tells whether its values are numbers or flags."""

from __future__ import annotations

from dataclasses import dataclass

from features.grammar.flags import NO, YES
from features.grammar.null_words import NULL_WORDS
from features.grammar.numbers import UNKNOWN


@dataclass(frozen=True)
class Writing:
    """How the text of a column is written: its decimal mark, its words for a missing value, for yes and for no.

    decimal : UNKNOWN tries both marks.
    """

    decimal: str = UNKNOWN
    null_words: frozenset[str] = NULL_WORDS
    true_words: frozenset[str] = YES
    false_words: frozenset[str] = NO

    def is_flag(self, text: str) -> bool:
        """Whether a text means yes or no."""
        return text.lower() in self.true_words or text.lower() in self.false_words
