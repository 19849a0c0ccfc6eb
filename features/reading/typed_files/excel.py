"""Excel workbooks (.xlsx): one sheet as typed rows; cells with an error are missing, and counted.

python-calamine holds a sheet in memory and gives it row by row. Dates are cells with a date format, or bare serial
numbers of days in a column that the settings map to one of our moments.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from features.reading.header import LOOKED_AT, column_names, refuse_second_line, refuse_title, title_rows
from features.reading.needed_settings import NeededSettingError
from features.reading.typed_files.rows import Cell, Row
from features.reading.typed_files.workbook_parts import (
    check_workbook,
    counts_days_from_1904,
    scan_sheet,
    size_of_sheet,
)
from segment_model.errors import SourceError, nearest_word

EPOCH, EPOCH_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
LEAP_DAY_1900 = 60  # Excel's 29 February 1900, which never was: days before it count from a day later
FIRST_SERIAL, LAST_SERIAL = 1.0, 2_958_466.0  # until the end of the year 9999
MILLISECONDS = 86_400_000  # of a day


@dataclass(frozen=True, slots=True)
class SheetRows:
    """The rows of a sheet below its header.

    shown : the file's name for messages. cells : python-calamine's sheet. header_line : the row of the names, from 1.
    moments : the columns in which numbers are serial numbers of days. errors : the number of cells that hold an error.
    """

    shown: str
    cells: Any
    header_line: int
    names: tuple[str, ...]
    moments: frozenset[str]
    is_1904: bool
    errors: int

    def __iter__(self) -> Iterator[Row]:
        """The rows that are not blank."""
        for number, cells in _filled_rows(self.cells, self.shown):
            if number <= self.header_line:
                continue
            yield {name: self._cell(name, cell) for name, cell in zip(self.names, cells, strict=False)}

    @property
    def last_row(self) -> tuple[str, ...]:
        """The cells of the last row as text, empty where they are missing; none without a row."""
        last: Row = {}
        for row in self:
            last = row
        return tuple("" if last.get(name) is None else str(last[name]) for name in self.names) if last else ()

    def _cell(self, name: str, cell: Any) -> Cell:
        if isinstance(cell, str):
            return cell or None
        if name in self.moments and isinstance(cell, int | float) and not isinstance(cell, bool):
            return moment_of_serial(float(cell), self.is_1904) or cell
        return str(cell) if isinstance(cell, time | timedelta) else cell


def open_sheet(
    path: Path, shown: str, sheet: str | None, moments: Collection[str], header_line: int | None = None
) -> SheetRows:
    """The rows of one sheet; of the only one that is not hidden, where none is named.

    header_line : the row that holds the names, from 1; None takes the first that is not blank, and refuses a title.

    Raises
    ------
    SourceError
        If the file is no workbook, or the sheet is not there, is too large, or has no header.
    NeededSettingError
        If the sheet is not clear, or a title stands above its header.
    """
    check_workbook(path, shown)
    with _plain_errors(shown):
        from python_calamine import CalamineWorkbook

        book = CalamineWorkbook.from_path(str(path))
        chosen = _choose_sheet(book, path, shown, sheet)
        errors = scan_sheet(path, shown, chosen)
        cells = book.get_sheet_by_name(chosen)
        is_1904 = counts_days_from_1904(path)
    filled = ((number, row) for number, row in _filled_rows(cells, shown) if number >= (header_line or 1))
    first = [(number, [str(cell) for cell in row]) for number, row in islice(filled, LOOKED_AT)]
    if not first:
        raise SourceError(
            f"{shown}: the sheet {chosen!r} is empty; name the sheet with the table, such as `sheet: Orders`"
        )
    rows = [row for _, row in first]
    if header_line is None and (above := title_rows(rows)):
        refuse_title(rows[above], f"{shown}, sheet {chosen!r}", first[above][0])
    if header_line is None and len(first) > 1:
        refuse_second_line(rows, f"{shown}, sheet {chosen!r}", first[0][0], first[1][0])
    names = column_names(rows, f"{shown}, sheet {chosen!r}", first[0][0])
    return SheetRows(shown, cells, first[0][0], names, frozenset(moments) & set(names), is_1904, errors)


def moment_of_serial(serial: float, is_1904: bool) -> datetime | None:
    """The moment that a serial number of days means, to the millisecond; None outside of Excel's calendar."""
    if not FIRST_SERIAL <= serial < LAST_SERIAL:
        return None
    days = serial + (not is_1904 and serial < LEAP_DAY_1900)
    return (EPOCH_1904 if is_1904 else EPOCH) + timedelta(milliseconds=round(days * MILLISECONDS))


def _choose_sheet(book: Any, path: Path, shown: str, sheet: str | None) -> str:
    from python_calamine import SheetVisibleEnum

    names = [str(name) for name in book.sheet_names]
    if sheet is not None:
        if sheet not in names:
            raise SourceError(
                f"{shown} has no sheet {sheet!r}.{nearest_word(sheet, names)} It has {', '.join(map(repr, names))}"
            )
        return sheet
    visible = [str(part.name) for part in book.sheets_metadata if part.visible == SheetVisibleEnum.Visible] or names
    if len(visible) != 1:
        largest = max(visible, key=lambda name: size_of_sheet(path, name))
        raise NeededSettingError(
            f"{shown} has the sheets {', '.join(map(repr, visible))}: say which, such as `sheet: {largest}`",
            {"sheet": largest},
            f"or {' or '.join(repr(name) for name in visible if name != largest)}?",
        )
    return visible[0]


def _filled_rows(cells: Any, shown: str) -> Iterator[tuple[int, Sequence[Any]]]:
    """The rows of a sheet with a cell that is not blank, each with its number from 1."""
    with _plain_errors(shown):
        for number, row in enumerate(cells.iter_rows(), 1):
            if any(not isinstance(cell, str) or cell for cell in row):
                yield number, row


@contextmanager
def _plain_errors(shown: str) -> Iterator[None]:
    """Raise the library's errors, and those of the parts of a workbook, as a SourceError."""
    from python_calamine import CalamineError

    try:
        yield
    except (CalamineError, ElementTree.ParseError, zipfile.BadZipFile, zlib.error, KeyError, EOFError) as error:
        raise SourceError(
            f"{shown} is damaged: it cannot be read as an Excel workbook; save it again, or as CSV"
        ) from error
