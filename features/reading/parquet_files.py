"""Parquet files: whole ones, with the same columns, moments with their time zone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from features.reading.header import refuse_twins
from features.reading.sql_text import quoted_path
from segment_model.errors import SourceError
from segment_model.sql_text import quoted_name

MAGIC = b"PAR1"
NANOSECONDS = "timestamp[ns"  # how the Arrow types of moments with nanoseconds begin


def check_parquet(paths: Sequence[Path], shown: Sequence[str]) -> dict[str, str]:
    """The Arrow types of the columns, by name; of the finest moments where files differ.

    Files that are no Parquet, cut off, or of other columns than the first are refused.

    Raises
    ------
    SourceError
        Naming the file and what is wrong with it.
    """
    first: dict[str, str] = {}
    nanoseconds: dict[str, str] = {}
    for path, name in zip(paths, shown, strict=True):
        columns = _columns(path, name)
        first = first or columns
        nanoseconds |= {column: kind for column, kind in columns.items() if kind.startswith(NANOSECONDS)}
        if difference := _difference(first, columns):
            raise SourceError(f"{name}: {difference}, unlike {shown[0].rpartition(': ')[2]}; write all files alike")
    return first | nanoseconds


def parquet_query(paths: Sequence[Path], types: Mapping[str, str]) -> str:
    """SQL that reads the files as one table, with the columns of the first.

    Moments with nanoseconds, as pandas has them, are cut to microseconds: DuckDB's cast rounds, some into the next day.
    """
    files = ", ".join(quoted_path(path) for path in paths)
    by_name = str(len(paths) > 1).lower()
    cut = [
        f"{'make_timestamptz' if 'tz=' in kind else 'make_timestamp'}(epoch_ns({quoted_name(name)}) // 1000) AS "
        f"{quoted_name(name)}"
        for name, kind in types.items()
        if kind.startswith(NANOSECONDS)
    ]
    columns = f"* REPLACE ({', '.join(cut)})" if cut else "*"
    return f"SELECT {columns} FROM read_parquet([{files}], union_by_name = {by_name})"  # noqa: S608


def has_rows(path: Path) -> bool:
    """Whether a Parquet file has a row."""
    from pyarrow import parquet

    return bool(parquet.read_metadata(path).num_rows)


def parquet_fault(path: Path, shown: str) -> str | None:
    """One line on a file whose columns cannot be read to their end; None if they can."""
    with duckdb.connect() as connection:
        try:
            query = f"SELECT max(hash(COLUMNS(*))) FROM read_parquet({quoted_path(path)})"  # noqa: S608
            connection.execute(query).fetchall()
        except duckdb.Error:
            return f"{shown} is damaged: its columns cannot be read to their end; copy or write it again"
    return None


def _columns(path: Path, shown: str) -> dict[str, str]:
    """The types of the columns of a file, by name."""
    import pyarrow as pa
    from pyarrow import parquet

    with path.open("rb") as file:
        start = file.read(len(MAGIC))
        size = file.seek(0, 2)
        end = b"" if size < 3 * len(MAGIC) else _last_bytes(path)
    if start != MAGIC:
        raise SourceError(f"{shown} is {'empty (0 bytes)' if not size else 'no Parquet file'}; write it as Parquet")
    if end != MAGIC:
        raise SourceError(f"{shown} is cut off: the end of a Parquet file is missing; copy or write it again")
    try:
        schema = parquet.read_schema(path)
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{shown} is damaged: its Parquet schema cannot be read; copy or write it again") from error
    refuse_twins(schema.names, shown)
    return {field.name: str(field.type) for field in schema}


def _last_bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(-len(MAGIC), 2)
        return file.read()


def _difference(first: Mapping[str, str], columns: Mapping[str, str]) -> str | None:
    """The first difference between the columns of two files that changes what is read."""
    if lacking := [name for name in first if name not in columns]:
        return f"it lacks the columns {', '.join(map(repr, lacking))}"
    if extra := [name for name in columns if name not in first]:
        return f"it has the columns {', '.join(map(repr, extra))} beside the others"
    for name, kind in columns.items():
        if _kind_of(kind) != _kind_of(first[name]) and "null" not in (kind, first[name]):
            return f"the column {name!r} holds {kind}, not {first[name]}"
    return None


def _kind_of(dtype: str) -> str:
    """Types that meet without loss are one kind: numbers of all widths; texts, however they are stored."""
    if dtype.startswith(("int", "uint", "float", "double", "half", "decimal")):
        return "number"
    if dtype.startswith("timestamp"):
        return "instant" if "tz=" in dtype else "wall clock"
    return "text" if "string" in dtype else dtype
