"""What python-calamine does not tell of a workbook: its size before a sheet is held, error cells, the calendar of 1904.

It holds the rectangle up to the last cell with a value, whatever lies between: two cells in opposite corners of a sheet
would take 500 GB, and end the process.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from features.reading.text_files.byte_scan import CHUNK
from segment_model.errors import SourceError

FREE_SIZE = 64 << 20  # bytes that the parts may always unpack to
LARGEST_RATIO = 200  # of unpacked to packed bytes beyond that
MOST_CELLS = 10_000_000  # of the rectangle; they take up to 1 GB (decision 23)
FILLED_CELL = re.compile(
    rb"""<(?:\w+:)?c(?:\s(?:[^>]*?\s)?r=["']([A-Z]{1,3})(\d{1,7})["'][^>]*|\s[^>]*)?(?<!/)>"""  # some name no place
)
ERROR_CELL = re.compile(rb"""\st=["']e["']""")
SHEET, IS_1904, RELATION = "{*}sheet", "date1904", "{*}Relationship"
RELATION_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def check_workbook(path: Path, shown: str) -> None:
    """Refuse what is no workbook, or unpacks to far more than a workbook does.

    Raises
    ------
    SourceError
        Naming the file and the cause.
    """
    size = path.stat().st_size
    if not size:
        raise SourceError(f"{shown} is empty (0 bytes); save it again")
    try:
        with zipfile.ZipFile(path) as parts:
            whole = sum(part.file_size for part in parts.infolist())
            names = set(parts.namelist())
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise SourceError(f"{shown} is damaged or no Excel workbook (.xlsx); save it again, or as CSV") from error
    if "xl/workbook.xml" not in names:
        raise SourceError(f"{shown} is a ZIP file, but no Excel workbook (.xlsx); save it again, or as CSV")
    if whole > max(FREE_SIZE, size * LARGEST_RATIO):
        raise SourceError(
            f"{shown} unpacks to over {LARGEST_RATIO} times its size, which no workbook does; save it as CSV"
        )


def counts_days_from_1904(path: Path) -> bool:
    """Whether serial numbers of days count from 1904 (old Excel for Mac), not from 1900."""
    with zipfile.ZipFile(path) as parts:
        book = _tree(parts, "xl/workbook.xml")
    return any(part.get(IS_1904) in ("1", "true") for part in book.iterfind("{*}workbookPr"))


def size_of_sheet(path: Path, sheet: str) -> int:
    """The bytes that a sheet unpacks to; 0 where the workbook does not say where it is."""
    with zipfile.ZipFile(path) as parts:
        part = _part_of(parts, sheet)
        return 0 if part is None else parts.getinfo(part).file_size


def scan_sheet(path: Path, shown: str, sheet: str) -> int:
    """The number of cells of a sheet that hold an error, such as #N/A or #DIV/0!.

    Raises
    ------
    SourceError
        If the sheet has too many cells to be held in memory.
    """
    errors = count = last_row = 0
    last_column = "A"
    with zipfile.ZipFile(path) as parts:
        for piece in _pieces(parts, _part_of(parts, sheet)):
            errors += len(ERROR_CELL.findall(piece))
            filled = FILLED_CELL.findall(piece)
            count += len(filled)
            last_row = max(last_row, *(int(row) for row in {row for _, row in filled} if row), 0)
            last_column = max(last_column, *({name.decode() for name, _ in filled}), "", key=_column_number)
    if max(count, last_row * _column_number(last_column)) > MOST_CELLS:
        raise SourceError(
            f"{shown}, sheet {sheet!r}: its cells reach to {last_column}{last_row}; a sheet is held in memory, up to "
            f"{MOST_CELLS:,} cells. Delete what stands outside of the table, or save the sheet as CSV"
        )
    return errors


def _pieces(parts: zipfile.ZipFile, name: str | None) -> Iterator[bytes]:
    """A part, some whole tags at a time."""
    if name is None:
        return
    held = b""
    with parts.open(name) as part:
        while chunk := part.read(CHUNK):
            whole, bracket, rest = (held + chunk).rpartition(b"<")
            yield whole
            held = bracket + rest
    yield held


def _column_number(letters: str) -> int:
    """The number of a column: A is 1, Z is 26, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _part_of(parts: zipfile.ZipFile, sheet: str) -> str | None:
    """The name of the part that holds a sheet."""
    book, relations = _tree(parts, "xl/workbook.xml"), _tree(parts, "xl/_rels/workbook.xml.rels")
    ids = {part.get("name"): part.get(RELATION_ID) for part in book.iter() if part.tag.endswith("}sheet")}
    targets = {part.get("Id"): part.get("Target", "") for part in relations}
    target = targets.get(ids.get(sheet), "")
    name = target.removeprefix("/") if target.startswith("/") else str(PurePosixPath("xl") / target)
    return name if name in parts.namelist() else None


def _tree(parts: zipfile.ZipFile, name: str) -> ElementTree.Element:
    return ElementTree.fromstring(parts.read(name))  # noqa: S314  # its size is bounded by `check_workbook`
