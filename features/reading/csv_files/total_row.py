"""A row of totals at the end of a file, which would be read as a customer or an order."""

from __future__ import annotations

import re
from collections.abc import Sequence

from features.conditions.tree import column_names
from features.conditions.written import written_name
from features.notices import Notice
from features.reading.csv_files.csv_file import CsvFile
from features.reading.csv_files.records import UnreadableRecordError, records_of_text
from features.reading.needed_settings import NeededSettingError, SettingNotice
from features.source_settings import TableSource
from segment_model.sql_text import quoted

TAKEN = "the last row is taken for a total"
TAIL = 1 << 16  # bytes in which the last row is looked for
TOTAL = re.compile(  # also as spreadsheets call the grand total of a pivot table
    r"(grand |sub)?totals?|total (général|general|geral)|sum|somme|(gesamt|zwischen)?summe|gesamt(ergebnis)?|insgesamt|"
    r"totale( complessivo)?|(eind)?totaal|suma( końcowa)?|soma|razem|итого|общий итог|合计|总计|合計|総計",
    re.IGNORECASE,
)


def is_total(fields: Sequence[str]) -> bool:
    """Whether a field of a row is a word for a total."""
    return _place_of_total(fields) is not None


def check_last_row(file: CsvFile, source: TableSource, name: str) -> Notice | None:
    """As `check_total`, of the last row of a CSV file."""
    return check_total(_last_row(file), file.dialect.names, file.shown, source, name)


def check_total(
    fields: Sequence[str], names: Sequence[str], shown: str, source: TableSource, name: str
) -> Notice | None:
    """Refuse a last row of totals, unless a condition leaves it out; a warning where it may be an ordinary row.

    fields : of the row. names : of the columns. shown : the file's name for messages. name : of the raw table.

    Raises
    ------
    NeededSettingError
        If the last row names a total and leaves a field empty.
    """
    place = _place_of_total(fields)
    if place is None or (source.where and _leaves_out(source.where, fields, names, place)):
        return None
    condition = _condition(names[place], source, fields[place])
    if source.where:
        condition = f"({source.where}) and ({condition})"
    remedy = f"delete it, or leave it out by `where: {condition}`"
    if all(text.strip() for text in fields):
        text = f"the last row of {source.file} holds {fields[place]!r}; if it is a total, {remedy}"
        return SettingNotice(name, text, True, {"where": condition}, TAKEN)
    raise NeededSettingError(
        f"{shown}: the last row is a total ({', '.join(fields)!r:.60}): {remedy}", {"where": condition}, TAKEN
    )


def _place_of_total(fields: Sequence[str]) -> int | None:
    words = (place for place, text in enumerate(fields) if TOTAL.fullmatch(text.strip().rstrip(":").strip()))
    return next(words, None)


def _leaves_out(where: str, fields: Sequence[str], names: Sequence[str], place: int) -> bool:
    """Whether a condition is about the word for a total, or a field that its row leaves empty: neither is then true."""
    from features.conditions.parse import parse_condition  # imports sqlglot, which few files need

    named = {*column_names(parse_condition(where))}
    asks_for_gaps = "is null" in where.lower()
    empty = {name for name, text in zip(names, fields, strict=True) if not text.strip()}
    return names[place] in named or bool(named & empty and not asks_for_gaps)


def _condition(column: str, source: TableSource, word: str) -> str:
    """The condition that leaves the total out and keeps the rows without a value in that column."""
    written = written_name(column)
    differs = f"{written} <> {quoted(word)}"
    is_id = column == source.columns.get("customer_id", "customer_id")
    return differs if is_id else f"{written} is null or {differs}"


def _last_row(file: CsvFile) -> Sequence[str]:
    """The fields of the last row; none where the tail of the file cannot be split."""
    dialect = file.dialect
    with file.path.open("rb") as opened:
        start = max(opened.seek(0, 2) - TAIL, 0)
        opened.seek(start)
        tail = opened.read().decode("utf-8", errors="replace")
    lines = tail.rstrip("\r\n").split(dialect.line_end)
    header_lines = 1 + dialect.skipped
    if len(lines) <= (header_lines if start == 0 else 1):
        return ()
    try:
        records = list(records_of_text(lines[-1], dialect.delimiter))
    except UnreadableRecordError:  # the tail of a field with line breaks
        return ()
    return records[-1].fields if records and len(records[-1].fields) == len(dialect.names) else ()
