"""Rows of typed cells (of a workbook or of JSON) as Parquet, so that numbers, flags and moments need no text.

A column whose cells are of one kind has that type. One that mixes kinds is text: the cells as they would be written in
a CSV file of that source.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

BATCH = 10_000  # rows
LARGEST_INTEGER, LARGEST_EXACT = 2**63 - 1, 2**53  # of a column of integers; of an integer among numbers with fractions

Cell = None | bool | int | float | str | datetime | date
Row = Mapping[str, Cell]


class Rows(Protocol):
    """Rows that can be read more than once; a column that a row lacks is missing in it."""

    def __iter__(self) -> Iterator[Row]: ...


class ColumnType(StrEnum):
    """The type of a column of typed cells."""

    NOTHING = "nothing"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    MOMENT = "moment"
    TEXT = "text"


def column_types(rows: Rows, names: Sequence[str]) -> dict[str, ColumnType]:
    """The type of each column: of `names`, then of others in the order in which they first appear."""
    kinds: dict[str, set[str]] = {name: set() for name in names}
    for row in rows:
        for name, cell in row.items():
            seen = kinds.setdefault(name, set())
            if cell is not None:
                seen.add(_kind(cell))
    return {name: _type_of(seen) for name, seen in kinds.items()}


def write_rows(rows: Rows, types: Mapping[str, ColumnType], decimal: str, path: Path) -> None:
    """Write the rows as Parquet, a batch at a time.

    decimal : the decimal mark of numbers in a column of text.
    """
    import pyarrow as pa
    from pyarrow import parquet

    arrow = {
        ColumnType.NOTHING: pa.string(),
        ColumnType.INTEGER: pa.int64(),
        ColumnType.NUMBER: pa.float64(),
        ColumnType.FLAG: pa.bool_(),
        ColumnType.MOMENT: pa.timestamp("us"),
        ColumnType.TEXT: pa.string(),
    }
    schema = pa.schema([(name, arrow[kind]) for name, kind in types.items()])
    iterator = iter(rows)
    with parquet.ParquetWriter(path, schema) as writer:
        while batch := list(islice(iterator, BATCH)):
            columns = {name: _column(batch, name, kind, decimal) for name, kind in types.items()}
            writer.write_table(pa.table(columns, schema=schema))


def _column(batch: Sequence[Row], name: str, kind: ColumnType, decimal: str) -> list[Any]:
    cells = [row.get(name) for row in batch]
    if kind is ColumnType.TEXT:
        return [None if cell is None else as_text(cell, decimal) for cell in cells]
    if kind is ColumnType.NUMBER:
        return [None if cell is None else float(cell) for cell in cells]  # type: ignore[arg-type]
    if kind is ColumnType.MOMENT:
        return [_as_datetime(cell) for cell in cells]
    return cells


def as_text(cell: Cell, decimal: str) -> str:
    """A cell as a CSV file of the source would write it."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        text = str(int(cell)) if cell.is_integer() and abs(cell) < LARGEST_EXACT else repr(cell)
        return text.replace(".", decimal)
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    return str(cell)


def _kind(cell: Cell) -> str:
    if isinstance(cell, bool):
        return "flag"
    if isinstance(cell, int):
        size = abs(cell)
        return "small integer" if size <= LARGEST_EXACT else "integer" if size <= LARGEST_INTEGER else "wide integer"
    if isinstance(cell, float):
        return "number"
    return "moment" if isinstance(cell, date) else "text"


def _type_of(kinds: set[str]) -> ColumnType:
    for wanted, kind in (
        (set(), ColumnType.NOTHING),
        ({"small integer", "integer"}, ColumnType.INTEGER),
        ({"small integer", "number"}, ColumnType.NUMBER),
        ({"flag"}, ColumnType.FLAG),
        ({"moment"}, ColumnType.MOMENT),
    ):
        if kinds <= wanted:
            return kind
    return ColumnType.TEXT


def _as_datetime(cell: Cell) -> datetime | None:
    if isinstance(cell, datetime) or cell is None:
        return cell
    if isinstance(cell, date):
        return datetime(cell.year, cell.month, cell.day)
    raise TypeError(f"a moment is expected, got {cell!r}")
