"""CSV files as Spark reads them, each settled as for the embedded engine: its names, delimiter and encoding.

Spark would take the bytes of any encoding for UTF-8 and write one letter for all that it cannot read, so that Müller
and Möller become one customer.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import groupby
from pathlib import Path
from typing import Any

from features.reading.csv_files.csv_file import CsvFile, settle_csv
from features.reading.scratch import ScratchFolder
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
PACKED = ".gz"
OWN_NAMES = "enforceSchema"  # whether columns are called as we say, and not as the first line of each file
OF_JAVA = {  # names of encodings that Java writes otherwise than Python
    "utf-8-sig": "UTF-8",
    "utf-16-le": "UTF-16LE",
    "utf-16-be": "UTF-16BE",
    "utf-32-le": "UTF-32LE",
    "utf-32-be": "UTF-32BE",
    "mac-roman": "x-MacRoman",
}


@dataclass(frozen=True, slots=True)
class SparkCsv:
    """A file that was settled where this machine sees it, and the address by which Spark reads it."""

    address: str
    settled: CsvFile


def settle_for_spark(path: Path, shown: str, source: TableSource, scratch: ScratchFolder) -> CsvFile:
    """As `features.reading.csv_files.csv_file.settle_csv`, of a file that Spark unpacks and decodes by itself.

    shown : the file's name for messages. scratch : for copies that are unpacked and decoded to be looked at.

    Raises
    ------
    SourceError
        As `settle_csv`, and if Spark would read the file as another one than the embedded engine.
    OSError
        If the file cannot be read or a copy not be written.
    """
    if path.suffix != PACKED and path.suffix.lower() == PACKED:
        raise SourceError(
            f"{shown}: Spark unpacks a file only if its name ends in {PACKED} in small letters: rename it"
        )
    file = settle_csv(path, shown, source.encoding, source.delimiter, scratch)
    if file.dialect.skipped:
        raise SourceError(f"{shown} begins with a line that names its delimiter: remove it, for Spark")
    return file


def settled_frame(session: Any, files: Sequence[SparkCsv]) -> Any:
    """A Spark DataFrame of the text in settled files, with the columns of the first, whatever their order in others."""
    frames = [
        _frame(session, [file.address for file in alike], dialect.delimiter, codec, dialect.names, "true")
        for (dialect, codec), alike in groupby(files, lambda f: (f.settled.dialect, f.settled.encoding.codec))
    ]
    return reduce(lambda above, below: above.unionByName(below), frames)


def frame_as_it_is(session: Any, addresses: Sequence[str], delimiter: str, codec: str) -> Any:
    """A Spark DataFrame of the text in files that are not settled, with the columns of their first lines."""
    header = session.read.options(**_options(delimiter, codec)).csv([*addresses]).columns
    return _frame(session, addresses, delimiter, codec, header, "false")


def _frame(session: Any, paths: Sequence[str], delimiter: str, codec: str, names: Sequence[str], own_names: str) -> Any:
    schema = ", ".join(f"{quoted_name(name, '`')} STRING" for name in names)
    options = {**_options(delimiter, codec), OWN_NAMES: own_names}
    return session.read.options(**options).schema(schema).csv([*paths])


def _options(delimiter: str, codec: str) -> dict[str, str]:
    name = codecs.lookup(codec).name
    return {**OPTIONS, "sep": delimiter, "encoding": OF_JAVA.get(name, name)}
