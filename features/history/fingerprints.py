"""The fingerprint of each source: it changes where its rows before a moment may have changed.

Of files it is size and time of change; of the tables of a database, a checksum of the usable rows, since a database
does not say when a table was changed.
"""

from __future__ import annotations

from pathlib import Path

import ibis
import ibis.expr.types as ir

from features.groups.opened_tables import OpenedTables
from features.reading.file_list import list_files
from features.settings import Sources
from features.sources import fetch

MISSING = "\x02"  # stands for a missing value in the text of a row
BETWEEN = "\x1f"
HASHES = 1_000_000_007  # a sum of smaller numbers does not overflow


def fingerprints(sources: Sources, base: Path, opened: OpenedTables) -> dict[str, str]:
    """The fingerprint of each source, by raw table.

    Raises
    ------
    SourceError
        If a file is absent, or an engine fails.
    """
    made = {}
    for name, rows in opened.rows.items():
        file = getattr(sources, name).file
        made[name] = _of_rows(rows, name) if file is None else _of_files(base, file, name)
    return made


def _of_files(base: Path, file: str, name: str) -> str:
    states = ((path, path.stat()) for path in list_files(base, file, name).paths)
    return ";".join(f"{path.name}:{state.st_size}:{state.st_mtime_ns}" for path, state in states)


def _of_rows(rows: ir.Table, name: str) -> str:
    """The number of rows, and the sum of a hash of each."""
    text: ir.StringValue = ibis.literal("")
    for column in sorted(rows.columns):
        text = text + rows[column].cast("string").fill_null(MISSING) + BETWEEN
    sums = rows.aggregate(rows=rows.count(), hashes=(text.hash() % HASHES).sum().cast("string"))
    totals = fetch(sums, f"{name}: looking for changes").to_pylist()[0]
    return f"{totals['rows']}:{totals['hashes']}"
