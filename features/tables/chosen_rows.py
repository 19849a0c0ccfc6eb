"""The rows of a user's table that the condition `where` of its source chooses, as marks of all rows.

Text is parsed once: the rows that are not chosen are kept and counted with the others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir

from features.conditions.expression import ConditionExpression, ReadAs, ReadColumn, condition_expression
from features.conditions.parse import parse_condition
from features.conditions.tree import Condition
from features.notices import Notice
from features.source_settings import TableSource
from features.tables.canonical import Tally, TallyOf
from features.tables.choice_marks import MARK, NOT_CHOSEN
from features.tables.packed_marks import PRESENT
from features.tables.raw_tables import RawType
from features.tables.text_source import NO_SUCH, WRITTEN, least_text
from features.tables.typed_columns import read_column
from features.text.reading import unreadable_text
from features.text.rules import TextRules
from features.text.settling import settle
from segment_model.errors import SourceError, counted

TYPES = {
    ReadAs.TEXT: RawType.TEXT,
    ReadAs.NUMBER: RawType.NUMBER,
    ReadAs.MOMENT: RawType.MOMENT,
    ReadAs.FLAG: RawType.FLAG,
}
SETTINGS = {ReadAs.NUMBER: "`decimal`", ReadAs.MOMENT: "`date_format`", ReadAs.FLAG: "`true_values`"}
LEFT_OUT = "left_out_by_where"
Read = Callable[[str, ReadAs], ReadColumn]


def mark_rows(
    raw: ir.Table, source: TableSource, name: str, time_zone: str, origin: tuple[Notice, ...] = ()
) -> tuple[ir.Table, TallyOf]:
    """The table with marks of the rows that `where` does not choose, and the tally of a table with these marks.

    Without `where` the table as it is, and no tally. origin : notices of where the condition comes from, which the
    tally repeats.

    The tally raises SourceError for values that cannot be read as what they are compared with, and if no row is left.

    Raises
    ------
    SourceError
        If the condition names an absent column, or compares a column with what it cannot be compared with.
    """
    if source.where is None:
        return raw, lambda _: ()
    table = _RawRows(raw, f"{name}: where", time_zone, source.where)
    condition, notices = table.condition(TextRules.of(source), name)
    faults = {f"{MARK}{number}": text for number, text in enumerate(condition.unreadable.values())}
    marked = raw.mutate(**{NOT_CHOSEN: ~condition.holds.fill_null(False), **faults})
    return marked, lambda rows: (_tally(rows, marked, table, [*condition.unreadable], (*origin, *notices)),)


def with_one_mark(
    raw: ir.Table, source: TableSource, name: str, numbers: Collection[str]
) -> tuple[TableSource, tuple[Notice, ...]]:
    """The source with the decimal mark that all its numbers show together, and what was assumed of them.

    Where the condition compares no number, the columns show it by themselves, and the source is as it was. numbers :
    the columns of the user's table that are read as numbers.

    Raises
    ------
    SourceError
        As `mark_rows`.
    """
    if source.where is None or source.decimal:
        return source, ()
    rules = TextRules.of(source)
    compared = _RawRows(raw, f"{name}: where", "UTC", source.where).compared(rules)[ReadAs.NUMBER]
    if not compared:
        return source, ()
    settled, notices = settle(rules, raw, (), {*numbers, *compared}, name)
    return (source.model_copy(update={"decimal": settled.decimal}), notices) if settled.decimal else (source, ())


def chosen_rows(raw: ir.Table, source: TableSource, name: str) -> ir.Table:
    """The rows of a table that `where` chooses, without the marks; all of them where it is absent.

    Raises
    ------
    SourceError
        As `mark_rows`.
    """
    marked, _ = mark_rows(raw, source, name, "UTC")
    return raw if marked is raw else marked.filter(~marked[NOT_CHOSEN]).select(*raw.columns)


@dataclass(frozen=True, slots=True)
class _RawRows:
    """A user's table and the condition on its rows. place : begins each error."""

    raw: ir.Table
    place: str
    time_zone: str
    where: str

    def condition(self, rules: TextRules, name: str) -> tuple[ConditionExpression, tuple[Notice, ...]]:
        """The condition, with text read as the first rows of the table show that it is written."""
        of = self.compared(rules)
        settled, notices = settle(rules, self.raw, of[ReadAs.MOMENT], of[ReadAs.NUMBER], name)
        return self.expression(parse_condition(self.where), self.reader(settled)), notices

    def compared(self, rules: TextRules) -> dict[ReadAs, list[str]]:
        """The columns that the condition names, by what they are compared as."""
        asked: set[tuple[str, ReadAs]] = set()

        def noted(column: str, wanted: ReadAs) -> ReadColumn:
            asked.add((column, wanted))
            return self.reader(rules)(column, wanted)

        self.expression(parse_condition(self.where), noted)
        return {kind: sorted(column for column, wanted in asked if wanted is kind) for kind in ReadAs}

    def expression(self, condition: Condition, read: Read) -> ConditionExpression:
        columns = {column: self.raw[column] for column in self.raw.columns}
        return condition_expression(condition, columns, read, self.time_zone, self.place)

    def reader(self, rules: TextRules) -> Read:
        """Reads columns by the same grammar as those of the canonical tables."""

        def read(name: str, wanted: ReadAs) -> ReadColumn:
            column = self.raw[name]
            if wanted is ReadAs.FLAG and column.type().is_numeric():
                number = read_column(column, RawType.NUMBER, rules, name, self.column_words(name)).column
                return ReadColumn(number, ibis.ifelse(number.isin([0.0, 1.0]), None, column.cast("string")))
            reading = read_column(column, TYPES[wanted], rules, name, self.column_words(name))
            if wanted is ReadAs.TEXT or reading.original is None:
                return ReadColumn(reading.column)
            return ReadColumn(reading.column, unreadable_text(reading.column, reading.original, reading.null_words))

        return read

    def column_words(self, column: str) -> str:
        return f"{self.place}: column {column!r}"


def _tally(
    rows: ir.Table,
    marked: ir.Table,
    table: _RawRows,
    compared: Sequence[tuple[str, ReadAs]],
    notices: tuple[Notice, ...],
) -> Tally:
    """A tally of the rows left out, which raises SourceError for what cannot be compared, and where no row is left.

    rows : the table with its marks, where a text may be kept as `PRESENT`. marked : the same, with all texts.
    """
    sums: dict[str, Any] = {"read": rows.count(), "chosen": (~rows[NOT_CHOSEN]).sum()}
    for number in range(len(compared)):
        text = rows[f"{MARK}{number}"]
        sums |= {f"faults_{number}": text.count(), f"example_{number}": text.min()}

    def count_rows(totals: Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, int]:
        for number, (column, wanted) in enumerate(compared):
            if faults := int(totals[f"faults_{number}"]):
                example = str(totals[f"example_{number}"])
                if example == PRESENT:
                    example = least_text(marked, f"{MARK}{number}", table.place)
                raise _unreadable(table.column_words(column), wanted, faults, example)
        read, left = int(totals["read"]), int(totals["chosen"] or 0)
        if read and not left:
            meets = f"no row of {read:,} meets {table.where!r:.200}"
            raise SourceError(f"{table.place}: {meets}; see how the values are written")
        return {"rows": read, LEFT_OUT: read - left, **{key: count for key, count in counts.items() if key != "rows"}}

    return Tally(rows.aggregate(**sums), count_rows, f"{table.place}: counting rows", lambda _: notices)


def _unreadable(place: str, wanted: ReadAs, faults: int, example: str) -> SourceError:
    """The error for text that is compared with a number, moment or flag and is none."""
    number = counted(faults, "value that is", "values that are")
    kind = TYPES[wanted]
    return SourceError(
        f"{place} holds {number} {NO_SUCH[kind]}, such as {example!r:.60}; write it as {WRITTEN[kind]}, set "
        f"{SETTINGS[wanted]}, or compare the column with text in single quotes"
    )
