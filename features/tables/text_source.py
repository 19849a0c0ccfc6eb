"""The messages on the text of one raw table: the error for values that cannot be read, and notices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ibis.expr.types as ir

from features.grammar.moments import has_zone
from features.grammar.proposals import fitting_formats, moment_advice
from features.grammar.words import key_advice, missing_advice, number_advice
from features.notices import Notice
from features.tables.packed_marks import PRESENT
from features.tables.raw_tables import RawTable, RawType
from features.tables.text_marks import UNREADABLE
from features.text.rules import TextRules
from segment_model.errors import SourceError, counted

MOST_TEXTS = 100_000  # different texts of a column that a date format is sought for
NO_SUCH = {
    RawType.KEY: "no id",
    RawType.NUMBER: "no number",
    RawType.MOMENT: "no timestamp",
    RawType.FLAG: "neither yes nor no",
    RawType.TEXT: "no text",
}
WRITTEN = {  # how text must be written to be read as a type
    RawType.KEY: "42 or K-17",
    RawType.NUMBER: "1234.50",
    RawType.MOMENT: "2026-06-29 14:05:00",
    RawType.FLAG: "yes or no",
    RawType.TEXT: "text",
}


@dataclass(frozen=True, slots=True)
class TextSource:
    """A raw table with our column names to the user's, the rules of its text, and the notices so far.

    marked : the table under our names, with the marks of `text_marks`.
    """

    contract: RawTable
    matched: Mapping[str, str]
    rules: TextRules
    table: ir.Table
    marked: ir.Table
    notices: tuple[Notice, ...]

    def refusal(self, name: str, faults: int, example: str) -> SourceError:
        """The error for a column with values that cannot be read."""
        kind = next(column.type for column in self.contract.columns if column.name == name)
        number = counted(faults, "value that is", "values that are")
        where = column_words(self.contract.name, self.matched, name)
        if example == PRESENT:
            example = least_text(self.marked, f"{UNREADABLE}{name}", self.contract.name)
        if (
            kind is RawType.MOMENT
            and self.rules.date_format(self.matched[name]) is None
            and has_zone(example) is not None
        ):
            return SourceError(f"{where}: some values have a time zone and some do not; write all of them one way")
        advice = self._advice(kind, name, example)
        return SourceError(
            f"{where} holds {number} {NO_SUCH[kind]}, such as {example!r:.60}; write it as {WRITTEN[kind]}"
            + (f", {advice}" if advice else "")
        )

    def level_notice(self, name: str, count: int) -> Notice:
        """The notice of words for missing that were kept as categories."""
        theirs = self.matched[name]
        rows = counted(count, "row")
        return Notice(
            self.contract.name,
            f"column {theirs!r}: None, NA or N/A in {rows} is kept as a category; where it means missing, set "
            f"`null_values: {{{theirs}: [None, NA, N/A]}}`",
        )

    def _advice(self, kind: RawType, name: str, example: str) -> str:
        if kind is RawType.NUMBER:
            return number_advice(example, self.rules.decimal) or missing_advice(example)
        if kind is RawType.KEY:
            return key_advice(example)
        if kind is RawType.FLAG:
            return "or say what it means by `true_values` or `false_values`"
        advice = self._moment_advice(self.matched[name], example) if kind is RawType.MOMENT else ""
        return advice or missing_advice(example)

    def _moment_advice(self, column: str, example: str) -> str:
        """What to set, by all texts of the column; a declared format only says what it is."""
        if declared := self.rules.date_format(column):
            return f"or correct `date_format`, which is {declared!r}"
        from features.sources import fetch  # imports engines, which typed columns do not need

        texts = self.table.select(text=self.table[column].cast("string")).filter(lambda t: t.text.notnull())
        rows = fetch(texts.distinct().limit(MOST_TEXTS), self.contract.name)
        words = self.rules.nulls_of_moments(column)
        known = [text for text in rows.column("text").to_pylist() if text.strip() and text.strip() not in words]
        fitting = fitting_formats([example])
        mixed = f"or write all values one way: only some have the format {fitting[0]}" if fitting else ""
        return moment_advice(known) or mixed


def least_text(table: ir.Table, column: str, what: str) -> str:
    """The least text of a column, to show one of a table that was kept without its texts."""
    from features.sources import fetch  # imports engines, which typed columns do not need

    return str(fetch(table.aggregate(text=table[column].min()), what).to_pylist()[0]["text"])


def column_words(table: str, matched: Mapping[str, str], name: str) -> str:
    """A column as errors name it."""
    return f"{table}: column {matched[name]!r} ({name})"
