"""How the text of one source is written: what its settings say, completed by what its first rows show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from features.grammar.flags import NO, YES
from features.grammar.null_words import ALWAYS, NO_MOMENT, NULL_WORDS
from features.source_settings import TableSource

EVERY = ""  # stands for every column that is not named


@dataclass(frozen=True, slots=True)
class TextRules:
    """How the columns of one source are written as text. Columns go by their name in the user's table.

    Rules are made by `of` from the settings; `features.text.settling.settle` completes `decimal` and `zoned` from the
    first rows of the table. Without it, numbers are read in the plain notation and moments as the wall clock.

    date_formats : directives by column; `EVERY` stands for the others. decimal : the decimal mark, or "" where neither
    the settings nor the rows show it: then a number that another mark would change is refused. more_null_words : of
    every column. null_words : of a column, in place of all others. true_words, false_words : in lower case.
    zoned : the columns whose moments carry a time zone. utc : whether moments without one are in UTC.
    """

    date_formats: Mapping[str, str] = field(default_factory=dict)
    decimal: str = ""
    more_null_words: frozenset[str] = frozenset()
    null_words: Mapping[str, frozenset[str]] = field(default_factory=dict)
    true_words: frozenset[str] = YES
    false_words: frozenset[str] = NO
    zoned: frozenset[str] = frozenset()
    utc: bool = False

    @classmethod
    def of(cls, source: TableSource) -> Self:
        """The rules that the settings of a source state."""
        formats, words = source.date_format or {}, source.null_values
        yes, no = _lower(source.true_values), _lower(source.false_values)
        return cls(
            {EVERY: formats} if isinstance(formats, str) else formats,
            source.decimal or "",
            frozenset(words) if isinstance(words, list) else frozenset(),
            {} if isinstance(words, list) else {column: frozenset(own) for column, own in words.items()},
            (YES | yes) - no,
            (NO | no) - yes,
            utc=bool(source.utc),
        )

    def date_format(self, column: str) -> str | None:
        """The directives by which the moments of a column are written; None for the ISO grammar."""
        return self.date_formats.get(column, self.date_formats.get(EVERY))

    def nulls_of_keys(self, column: str) -> frozenset[str]:
        """The words that mean missing in a column of keys, numbers or flags."""
        return self.null_words.get(column, NULL_WORDS | self.more_null_words)

    def nulls_of_moments(self, column: str) -> frozenset[str]:
        """The words that mean missing in a column of moments."""
        return self.null_words.get(column, NO_MOMENT | self.more_null_words)

    def own_nulls(self, column: str) -> frozenset[str]:
        """The words that mean missing by the settings alone, and may write a value, such as -999 or 1900-01-01."""
        return self.null_words.get(column, self.more_null_words) - NO_MOMENT

    def nulls_of_categories(self, column: str) -> frozenset[str]:
        """The words that mean missing in a column of categories."""
        return self.null_words.get(column, ALWAYS | self.more_null_words)


def _lower(words: list[str]) -> frozenset[str]:
    return frozenset(word.strip().lower() for word in words)
