"""Workbooks and JSON lines as one Parquet file of typed columns, which the engine reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from features.notices import Notice
from features.reading.csv_files.plain_columns import MOMENTS
from features.reading.csv_files.total_row import check_total
from features.reading.scratch import ScratchFolder
from features.reading.text_files.text_file import settle_text
from features.reading.typed_files.excel import SheetRows, open_sheet
from features.reading.typed_files.json_lines import JsonRows, not_read, refuse_nested
from features.reading.typed_files.rows import Row, Rows, column_types, write_rows
from features.source_settings import TableSource
from segment_model.errors import SourceError, counted

CUSTOMER, UNITS = "customer_id", ("quantity", "price")
MONEY = {"orders": "amount", "subscriptions": "mrr"}  # needed; of orders unless there are `UNITS`


@dataclass(frozen=True, slots=True)
class RowsOfAll:
    """The rows of several files, one after the other."""

    files: Sequence[Rows]

    def __iter__(self) -> Iterator[Row]:
        for file in self.files:
            yield from file


def sheets_as_parquet(
    paths: Sequence[Path], shown: Sequence[str], source: TableSource, name: str, scratch: ScratchFolder
) -> tuple[Path, list[Notice]]:
    """Write one sheet of each workbook into one Parquet file; the notices count cells with errors.

    Raises
    ------
    SourceError
        If a file is no workbook, its sheet is not clear, its last row is a total, or its columns are not those of the
        first.
    """
    moments = {source.columns.get(moment, moment) for moment in MOMENTS}
    sheets = [
        open_sheet(path, label, source.sheet, moments, source.header_line)
        for path, label in zip(paths, shown, strict=True)
    ]
    for sheet in sheets[1:]:
        _refuse_other_columns(sheets[0], sheet)
    errors = sum(sheet.errors for sheet in sheets)
    text = f"{counted(errors, 'cell holds', 'cells hold')} an error, such as #N/A, taken as missing"
    notices = [Notice(name, f"{source.file}: {text}", warning=True)] if errors else []
    if not any(True for sheet in sheets for _ in sheet):
        notices.append(Notice(name, f"{source.file} has a header and no rows", warning=True))
    totals = (check_total(sheet.last_row, sheet.names, sheet.shown, source, name) for sheet in sheets)
    notices += [notice for notice in totals if notice is not None]
    return _written(RowsOfAll(sheets), sheets[0].names, source, name, scratch), notices


def json_as_parquet(
    paths: Sequence[Path], shown: Sequence[str], source: TableSource, name: str, scratch: ScratchFolder
) -> tuple[Path, list[Notice]]:
    """Write files of JSON lines into one Parquet file; the notices name keys that are left out.

    Raises
    ------
    SourceError
        If a line is no flat object, or a key holds objects or lists that the settings name or the table needs.
    """
    texts = [settle_text(path, label, source.encoding, scratch) for path, label in zip(paths, shown, strict=True)]
    files = [JsonRows(text) for text in texts]
    written = _written(RowsOfAll(files), (), source, name, scratch)
    for file in files:
        refuse_nested(file, _wanted(source, name, file.names))
    nested = sorted({key for file in files for key in file.nested})
    return written, [Notice(name, f"{source.file}: {not_read(nested)}")] if nested else []


def _wanted(source: TableSource, table: str, flat: Collection[str]) -> set[str]:
    """The keys that the settings name, and those under our own names that the table needs."""
    needed = {CUSTOMER, *MOMENTS} | ({MONEY[table]} if table in MONEY else set())
    if {source.columns.get(name, name) for name in UNITS} <= {*flat}:
        needed -= {*MONEY.values()}
    return {*source.columns.values(), *(needed - {*source.columns, *source.not_read})}


def _written(rows: Rows, names: Sequence[str], source: TableSource, table: str, scratch: ScratchFolder) -> Path:
    types = column_types(rows, names)
    if not types:
        raise SourceError(f"{table}: {source.file} holds no row; export it again")
    path = scratch.new(".parquet")
    write_rows(rows, types, source.decimal or ".", path)
    return path


def _refuse_other_columns(first: SheetRows, sheet: SheetRows) -> None:
    if set(sheet.names) != set(first.names):
        differing = sorted(set(sheet.names) ^ set(first.names))
        raise SourceError(
            f"{sheet.shown} differs from {first.shown.rpartition(': ')[2]} in the columns "
            f"{', '.join(map(repr, differing))}; export all files with the same columns"
        )
