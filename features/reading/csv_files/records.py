"""The records of a CSV file by Python's own parser: slow, exact, and with line numbers.

It settles the dialect on the head of a file and says what is wrong when the engine refuses a file.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from features.reading.text_files.byte_scan import LONGEST_LINE


@dataclass(frozen=True, slots=True)
class Record:
    """The fields of one record and the line, from 1, in which it starts."""

    line: int
    fields: list[str]


class UnreadableRecordError(Exception):
    """The parser cannot split a record: the line in which the record starts, and the parser's reason."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line, self.reason = line, reason


def records_of(lines: Iterable[str], delimiter: str) -> Iterator[Record]:
    """Split lines, each with its end, into records; blank lines are none.

    Raises
    ------
    UnreadableRecordError
        At a quote that is never closed, text after a closing quote, or a field longer than a line may be.
    """
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    start = 1
    with _long_fields():
        while True:
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise UnreadableRecordError(start, str(error)) from error
            if fields:
                yield Record(start, fields)
            start = reader.line_num + 1


def records_of_text(text: str, delimiter: str) -> Iterator[Record]:
    """The records of a text."""
    return records_of(io.StringIO(text, newline=""), delimiter)


def records_of_file(path: Path, delimiter: str) -> Iterator[Record]:
    """The records of a UTF-8 file."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from records_of(file, delimiter)


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let fields be as long as a line; the parser's limit belongs to the whole process."""
    before = csv.field_size_limit(LONGEST_LINE)
    try:
        yield
    finally:
        csv.field_size_limit(before)
