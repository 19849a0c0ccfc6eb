"""CSV files as an engine can read them: unpacked, in UTF-8, with a settled dialect; several with the same columns."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from features.notices import Notice
from features.reading.csv_files.dialect import DELIMITERS, Dialect, settle_dialect
from features.reading.csv_files.line_ends import settle_line_end
from features.reading.header import unnamed
from features.reading.scratch import ScratchFolder
from features.reading.sql_text import quoted_path
from features.reading.text_files.byte_scan import LONGEST_LINE
from features.reading.text_files.encodings import Encoding
from features.reading.text_files.text_file import settle_text
from segment_model.errors import SourceError, counted
from segment_model.sql_text import quoted, quoted_name


@dataclass(frozen=True, slots=True)
class CsvFile:
    """A file that was settled: its name for messages, the UTF-8 text that the engine reads, and how it is written."""

    shown: str
    path: Path
    encoding: Encoding
    dialect: Dialect

    @property
    def description(self) -> str:
        """Encoding and delimiter in words; empty for plain UTF-8 with commas."""
        delimiter = self.dialect.delimiter
        words = [] if self.encoding.is_utf_8 else [f"as {self.encoding.codec}"]
        words += [] if delimiter == "," else [f"with the delimiter {DELIMITERS.get(delimiter, repr(delimiter))}"]
        return " ".join(words)


def settle_csv(
    path: Path,
    shown: str,
    encoding: str | None,
    delimiter: str | None,
    scratch: ScratchFolder,
    header_line: int | None = None,
) -> CsvFile:
    """Settle the encoding and the dialect of one file; unpack and decode it where that is needed.

    Parameters
    ----------
    shown
        The file's name for messages.
    encoding, delimiter, header_line
        Those of the settings; None detects.

    Raises
    ------
    SourceError
        If the file is empty or no text, or no encoding or dialect fits, with the line.
    OSError
        If the file cannot be read or a copy not be written.
    """
    text = settle_text(path, shown, encoding, scratch)
    line_end = settle_line_end(text.path, shown, text.scan)
    return CsvFile(shown, text.path, text.encoding, settle_dialect(text.path, shown, line_end, delimiter, header_line))


def refuse_differences(files: Sequence[CsvFile]) -> None:
    """Refuse files that do not have the columns and the delimiter of the first.

    Raises
    ------
    SourceError
        Naming the first file that differs, and how.
    """
    first = files[0]
    for file in files[1:]:
        if file.dialect.delimiter != first.dialect.delimiter:
            raise SourceError(
                f"{file.shown}: the delimiter is {file.dialect.delimiter!r}, and in {_name(first)} it is "
                f"{first.dialect.delimiter!r}; export them alike, or read them apart"
            )
        lacking = [name for name in first.dialect.names if name not in file.dialect.names]
        extra = [name for name in file.dialect.names if name not in first.dialect.names]
        if lacking or extra:
            words = [f"lacks {', '.join(map(repr, lacking))}"] * bool(lacking)
            words += [f"has {', '.join(map(repr, extra))} beside them"] * bool(extra)
            raise SourceError(
                f"{file.shown}: of the columns of {_name(first)} it {' and '.join(words)}; export all files with the "
                "same columns"
            )


def dialect_notices(files: Sequence[CsvFile], file: str, name: str) -> list[Notice]:
    """How files are read that are not plain UTF-8 with commas, that none has a row, and which columns have no name.

    file : their source.
    """
    counts = Counter(csv_file.description for csv_file in files)
    notices = []
    for description, count in counts.items():
        part = f"{count} of {counted(len(files), 'file')} of " if count < len(files) else ""
        if description:
            notices.append(Notice(name, f"{part}{file} is read {description}"))
    if files and not any(csv_file.dialect.first_rows for csv_file in files):
        notices.append(Notice(name, f"{file} has a header and no rows", warning=True))
    names = files[0].dialect.names if files else ()
    if absent := [column for place, column in enumerate(names, 1) if column == unnamed(place)]:
        notices.append(Notice(name, f"{file} has columns without a name, called {', '.join(absent)}"))
    return notices


def csv_query(files: Sequence[CsvFile]) -> str:
    """SQL that reads the files as one table of text, with the columns of the first in its order."""
    columns = ", ".join(quoted_name(name) for name in files[0].dialect.names)
    parts = []
    for dialect, alike in itertools.groupby(files, lambda file: file.dialect):
        paths = ", ".join(quoted_path(file.path) for file in alike)
        parts.append(f"SELECT {columns} FROM read_csv([{paths}], {_options(dialect)})")  # noqa: S608
    return " UNION ALL ".join(parts)


def _options(dialect: Dialect) -> str:
    """Everything said, nothing guessed: the engine would guess from the first rows.

    But for the line end, which is settled too: with `new_line` said, DuckDB 2.0 reads no row of a file with CRLF.
    """
    columns = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in dialect.names)
    return (
        f"auto_detect = false, columns = {{{columns}}}, header = true, skip = {dialect.skipped}, "
        f"delim = {quoted(dialect.delimiter)}, quote = '\"', escape = '\"', "
        f"strict_mode = true, max_line_size = {LONGEST_LINE}, compression = 'none', hive_partitioning = false"
    )


def _name(file: CsvFile) -> str:
    return file.shown.rpartition(": ")[2]
