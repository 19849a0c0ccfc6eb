"""What python-calamine does not tell of a workbook: error cells, the calendar of 1904, the size of its parts."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree

from features.reading.text_files.byte_scan import CHUNK
from segment_model.errors import SourceError

FREE_SIZE = 64 << 20  # bytes that the parts may always unpack to
LARGEST_RATIO = 200  # of unpacked to packed bytes beyond that
ERROR_CELL = re.compile(rb"""\st=["']e["']""")
LONGEST_MATCH = 8  # bytes of it
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


def count_error_cells(path: Path, sheet: str) -> int:
    """The number of cells of a sheet that hold an error, such as #N/A or #DIV/0!."""
    with zipfile.ZipFile(path) as parts:
        name = _part_of(parts, sheet)
        if name is None:
            return 0
        count, held = 0, b""
        with parts.open(name) as part:
            while chunk := part.read(CHUNK):
                piece = held + chunk
                matches = list(ERROR_CELL.finditer(piece))
                count += len(matches)
                held = piece[max(matches[-1].end() if matches else 0, len(piece) - LONGEST_MATCH) :]
        return count


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
