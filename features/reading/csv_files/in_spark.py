"""CSV files as Spark reads them, each settled as for the embedded engine: its names, delimiter and encoding.

Spark would take the bytes of any encoding for UTF-8 and write one letter for all that it cannot read, so that Müller
and Möller become one customer. Files that this machine does not see, and packed ones, are read as Spark finds them.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from functools import reduce
from itertools import groupby
from pathlib import Path
from typing import Any

from features.reading.csv_files.csv_file import CsvFile
from features.reading.csv_files.dialect import WITHOUT_MARK, settle_dialect
from features.reading.spark_session import address_to_read
from features.reading.text_files.encodings import UTF_8
from features.reading.text_files.text_file import encoding_where_it_lies
from features.source_settings import TableSource
from segment_model.errors import SourceError
from segment_model.sql_text import quoted_name

OPTIONS = {  # as the embedded engine reads CSV: quotes double, nothing is trimmed, a wrong row is an error
    "header": "true",
    "quote": '"',
    "escape": '"',
    "multiLine": "true",
    "mode": "FAILFAST",
    "unescapedQuoteHandling": "RAISE_ERROR",
    "ignoreLeadingWhiteSpace": "false",
    "ignoreTrailingWhiteSpace": "false",
}
OWN_NAMES = "enforceSchema"  # whether columns are called as we say, and not as the first line of each file
OF_JAVA = {  # names of encodings that Java writes otherwise than Python
    "utf-8-sig": "UTF-8",
    "utf-16-le": "UTF-16LE",
    "utf-16-be": "UTF-16BE",
    "utf-32-le": "UTF-32LE",
    "utf-32-be": "UTF-32BE",
    "mac-roman": "x-MacRoman",
}


def settle_where_it_lies(path: Path, shown: str, source: TableSource) -> CsvFile:
    """Settle the encoding and the dialect of a file that is not packed, without a copy of it.

    shown : the file's name for messages.

    Raises
    ------
    SourceError
        If the file is empty or no text, its names do not stand in the first line, or no encoding or dialect fits.
    OSError
        If the file cannot be read.
    """
    encoding = encoding_where_it_lies(path, shown, source.encoding)
    codec = WITHOUT_MARK if encoding.is_utf_8 else encoding.codec
    dialect = settle_dialect(path, shown, "\n", source.delimiter, codec=codec)
    if dialect.skipped:
        raise SourceError(f"{shown} begins with a line that names its delimiter: remove it, for Spark")
    return CsvFile(shown, path, encoding, dialect)


def settled_frame(session: Any, files: Sequence[CsvFile]) -> Any:
    """A Spark DataFrame of the text in settled files, with the columns of the first, whatever their order in others."""
    frames = [
        _frame(session, [address_to_read(file.path) for file in alike], dialect.delimiter, codec, dialect.names, "true")
        for (dialect, codec), alike in groupby(files, lambda file: (file.dialect, file.encoding.codec))
    ]
    return reduce(lambda above, below: above.unionByName(below), frames)


def frame_as_it_is(session: Any, paths: Sequence[str], delimiter: str, encoding: str | None) -> Any:
    """A Spark DataFrame of the text in files that are not settled, with the columns of their first lines."""
    codec = encoding or UTF_8
    header = session.read.options(**_options(delimiter, codec)).csv([*paths]).columns
    return _frame(session, paths, delimiter, codec, header, "false")


def _frame(session: Any, paths: Sequence[str], delimiter: str, codec: str, names: Sequence[str], own_names: str) -> Any:
    schema = ", ".join(f"{quoted_name(name, '`')} STRING" for name in names)
    options = {**_options(delimiter, codec), OWN_NAMES: own_names}
    return session.read.options(**options).schema(schema).csv([*paths])


def _options(delimiter: str, codec: str) -> dict[str, str]:
    name = codecs.lookup(codec).name
    return {**OPTIONS, "sep": delimiter, "encoding": OF_JAVA.get(name, name)}
