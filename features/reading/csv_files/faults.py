"""What is wrong with a CSV file that the engine refuses, and where: a second, slow pass by Python's own parser."""

from __future__ import annotations

from pathlib import Path

from features.reading.csv_files.dialect import Dialect
from features.reading.csv_files.records import Record, UnreadableRecordError, records_of_file
from features.reading.csv_files.total_row import is_total
from features.reading.text_files.byte_scan import LONGEST_LINE
from segment_model.errors import counted

EXCERPT = 60  # characters of a line in a message


def first_fault(path: Path, shown: str, dialect: Dialect) -> str | None:
    """One line on the first record that breaks the dialect; None if all follow it."""
    try:
        for record in records_of_file(path, dialect.delimiter):
            if record.line > dialect.skipped and len(record.fields) != len(dialect.names):
                return f"{shown}, line {record.line}: {_ragged(record, dialect)}"
    except UnreadableRecordError as error:
        return f"{shown}, line {error.line}: {_unreadable(error)}"
    return None


def _ragged(record: Record, dialect: Dialect) -> str:
    """What is wrong with a record of another number of fields than the header."""
    count, expected = len(record.fields), len(dialect.names)
    line = dialect.delimiter.join(record.fields)
    excerpt = f"{line if len(line) <= EXCERPT else line[:EXCERPT] + '...'!r}"
    fields = f"{counted(count, 'field')}, and the header {expected} ({excerpt})"
    if is_total(record.fields):
        return f"{fields}: it looks like a total; delete that line"
    if count > expected:
        return f"{fields}: write a field that holds the delimiter {dialect.delimiter!r} in quotes"
    return f"{fields}: the line is cut off, or a delimiter is missing; write every field, empty where there is none"


def _unreadable(error: UnreadableRecordError) -> str:
    if "field larger" in error.reason:
        return (
            f"a field is longer than {LONGEST_LINE // 1_000_000} MB: probably a quote that opens there is never "
            "closed; close it, or write a quote inside a field twice"
        )
    if "unexpected end" in error.reason:
        return 'a quote that opens in this row is never closed; close it, or write a quote inside a field twice ("")'
    return 'text stands between a closing quote and the delimiter; write a quote inside a field twice ("")'
