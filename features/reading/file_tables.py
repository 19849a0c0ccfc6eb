"""The SQL that reads the files of a source, whatever their kind; and what is wrong where the engine refuses it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

from features.notices import Notice
from features.reading.copies import notices_of_copies
from features.reading.csv_files.csv_file import (
    CsvFile,
    csv_query,
    dialect_notices,
    refuse_differences,
    settle_csv,
)
from features.reading.csv_files.faults import first_fault
from features.reading.csv_files.plain_columns import column_that_is_not_plain, plain_columns, typed_query
from features.reading.csv_files.total_row import check_last_row
from features.reading.file_list import FileKind, FileList, list_files, refuse_other_settings, shown_path
from features.reading.parquet_files import check_parquet, has_rows, parquet_fault, parquet_query
from features.reading.scratch import ScratchFolder
from features.reading.typed_files.as_parquet import json_as_parquet, sheets_as_parquet
from features.source_settings import TableSource
from segment_model.errors import SourceError


class FileTables:
    """The files that one build reads.

    Parameters
    ----------
    base
        The folder that relative file names count from.
    scratch
        Where unpacked and decoded copies go.
    """

    def __init__(self, base: Path, scratch: ScratchFolder) -> None:
        self._base, self._scratch = base, scratch
        self._csv_files: list[CsvFile] = []
        self._parquet_files: list[tuple[Path, str]] = []
        self._as_text: set[tuple[str, str]] = set()  # columns, by raw table, that are not plain throughout
        self._plain: dict[str, dict[str, str]] = {}  # the plain columns of each raw table
        self.notices: list[Notice] = []

    def query(self, source: TableSource, name: str, typed: bool = False) -> tuple[str, bool]:
        """SQL for the table that the files of a source hold, with the user's column names; whether it parses text.

        typed : whether columns of ids and moments that are written plainly get their types; the engine fails at the
        first row that is not plain, and `leaves_plain` tells so.

        Raises
        ------
        SourceError
            If a file is absent, of no kind that is read, or not written as a table.
        """
        files = list_files(self._base, str(source.file), name)
        shown = [label if label == name else f"{name}: {label}" for label in self._labels(files).values()]
        try:
            query = self._query(files, shown, source, name)
            return (self._typed(query, source, name) if typed else query), files.kind is FileKind.CSV
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SourceError(f"{name}: cannot read {source.file} or write its copy: {reason}") from error

    def leaves_plain(self, error: str) -> bool:
        """Whether the engine failed at a column that is not plain throughout; from now on it is text."""
        for name, plain in self._plain.items():
            column = column_that_is_not_plain(error, plain)
            if column is not None and (name, column) not in self._as_text:
                self._as_text.add((name, column))
                return True
        return False

    def _typed(self, query: str, source: TableSource, name: str) -> str:
        file = next((file for file in self._csv_files if file.shown.startswith(f"{name}: ")), None)
        if file is None:
            return query
        dialect = file.dialect
        plain = plain_columns(source, dialect.names, dialect.first_rows)
        self._plain[name] = {column: kind for column, kind in plain.items() if (name, column) not in self._as_text}
        return typed_query(query, dialect.names, self._plain[name]) if self._plain[name] else query

    def fault(self) -> str | None:
        """What is wrong with the first file that cannot be read to its end; None if all can."""
        faults = itertools.chain(
            (first_fault(file.path, file.shown, file.dialect) for file in self._csv_files),
            (parquet_fault(path, shown) for path, shown in self._parquet_files),
        )
        return next((fault for fault in faults if fault), None)

    def _labels(self, files: FileList) -> dict[Path, str]:
        return {path: shown_path(path, self._base) for path in files.paths}

    def _query(self, files: FileList, shown: Sequence[str], source: TableSource, name: str) -> str:
        refuse_other_settings(source, files.kind, name)
        if files.kind is FileKind.PARQUET:
            types = check_parquet(files.paths, shown)
            self._parquet_files += zip(files.paths, shown, strict=True)
            self.notices += notices_of_copies(self._labels(files), has_rows, name)
            return parquet_query(files.paths, types)
        if files.kind is FileKind.CSV:
            return self._csv_query(files, shown, source, name)
        as_parquet = sheets_as_parquet if files.kind is FileKind.EXCEL else json_as_parquet
        written, notices = as_parquet(files.paths, shown, source, name, self._scratch)
        self.notices += [*notices, *notices_of_copies(self._labels(files), lambda _: True, name)]
        return parquet_query([written], {})

    def _csv_query(self, files: FileList, shown: Sequence[str], source: TableSource, name: str) -> str:
        csv_files = [
            settle_csv(path, label, source.encoding, source.delimiter, self._scratch, source.header_line)
            for path, label in zip(files.paths, shown, strict=True)
        ]
        refuse_differences(csv_files)
        self._csv_files += csv_files
        self.notices += dialect_notices(csv_files, str(source.file), name)
        self.notices += [notice for file in csv_files if (notice := check_last_row(file, source, name))]
        filled = {path: bool(file.dialect.first_rows) for path, file in zip(files.paths, csv_files, strict=True)}
        self.notices += notices_of_copies(self._labels(files), filled.__getitem__, name)
        return csv_query(csv_files)
