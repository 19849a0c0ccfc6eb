"""An embedded DuckDB with a prepared program: raw rows in, columns of vectors out, one call at a time.

It opens no file and no network address. A request has few rows, so the fixed cost of a statement dominates. Statements
are therefore prepared once and scan NumPy arrays that DuckDB registered beforehand; each call overwrites the arrays.
(Inserting the rows into tables took more than half of the time.)
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Protocol

import duckdb
import numpy as np
from numpy.typing import ArrayLike, NDArray

from features.as_of import AsOf, LaterAsOf
from features.request.sql_program import CUSTOMER, ZONED, RecordProgram

FEWEST = 512  # capacity of the smallest engine, in rows
TIMES = 8  # growth from one capacity to the next
FILLED = "is filled"  # marks the places that hold a row; no column has a blank in its name
ARRAYS: dict[str, tuple[str, Any]] = {  # the type of a column's array, and its missing value
    "BIGINT": ("int64", 0),
    "DOUBLE": ("float64", np.nan),
    "VARCHAR": ("object", None),
    "BOOLEAN": ("bool", False),
    "TIMESTAMP": ("datetime64[us]", np.datetime64("NaT")),
    ZONED: ("datetime64[us]", np.datetime64("NaT")),
}
LIMITS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "1GB",
    "enable_external_access": False,
}


class RecordTable(Protocol):
    """Rows of one raw table: the position of each row's customer, and the columns by name.

    A column is a list or an array of text, floats (NaN is none) or datetimes without a zone (in UTC where they are
    instants), None where missing; a column that is left out is missing in every row.
    """

    @property
    def customer(self) -> Sequence[int]: ...

    @property
    def columns(self) -> Mapping[str, ArrayLike]: ...


def capacity_for(tables: Mapping[str, RecordTable]) -> int:
    """The smallest sufficient capacity of an engine: each statement scans its full capacity."""
    capacity, most = FEWEST, max((len(rows.customer) for rows in tables.values()), default=0)
    while capacity < most:
        capacity *= TIMES
    return capacity


class RecordEngine:
    """Runs one program on at most `capacity` rows a table. No statement starts after `end` (monotonic clock)."""

    end = math.inf

    def __init__(self, program: RecordProgram, time_zone: str, capacity: int = FEWEST) -> None:
        self.zoned, self.columns = program.zoned, program.columns
        self.capacity = capacity
        self.connection = duckdb.connect(":memory:", config=LIMITS)
        run = self.connection.execute
        run(f"SET TimeZone = '{time_zone}'")
        # planning takes longer than it saves (54 ms against 24 for four tables)
        run("PRAGMA disable_optimizer")
        # `as_of` has one row by construction: skip the check of each scalar subquery
        run("SET scalar_subquery_error_on_multiple_rows = false")
        run("SET lock_configuration = true")
        self._blocks = {
            name: _Block(self.connection, name, types, 1 if name == LaterAsOf.NAME else capacity)
            for name, types in program.tables.items()
        }
        self._parts = [self._prepared(f"part_{n}", sql) for n, sql in enumerate(program.parts)]
        self._tallies = [
            (name, self._prepared(f"tally_{n}", sql), tally) for n, (name, sql, tally) in enumerate(program.tallies)
        ]
        for block in self._blocks.values():
            block.empty()

    def _prepared(self, name: str, sql: str) -> str:
        self.connection.execute(f"PREPARE {name} AS {sql}")
        return f"EXECUTE {name}"

    @contextmanager
    def holding(self, tables: Mapping[str, RecordTable], as_of: AsOf) -> Iterator[None]:
        """Hold these rows inside the block; they are cleared when it ends, so that no call sees another's rows."""
        now = {"day": [as_of.day], "last_day": [as_of.last_day], "local": [as_of.local]}
        try:
            self._blocks[LaterAsOf.NAME].take(now | {"instant": [_in_utc(as_of.instant)]}, 1)
            for name, rows in tables.items():
                if name in self._blocks:
                    self._blocks[name].take({CUSTOMER: rows.customer, **rows.columns}, len(rows.customer))
            yield
        finally:
            for block in self._blocks.values():
                block.empty()

    def values(self, size: int) -> tuple[dict[str, list[Any]], list[bool]]:
        """The computed columns (None where a part has no value), and which customers have a row in any part.

        Raises
        ------
        TimeoutError
            If `end` has passed.
        """
        by_column: dict[str, list[Any]] = {}
        has_rows = [False] * size
        for part in self._parts:
            names, rows = self._fetched(part)
            of_part: dict[str, list[Any]] = {name: [None] * size for name in names if name != CUSTOMER}
            place = names.index(CUSTOMER)
            for row in rows:
                customer = row[place]
                has_rows[customer] = True
                for name, value in zip(names, row, strict=True):
                    if name != CUSTOMER:
                        of_part[name][customer] = value
            by_column |= of_part
        return by_column, has_rows

    def counts(self) -> dict[str, dict[str, int]]:
        """By table, the number of rows read and of rows left out.

        Raises
        ------
        TimeoutError
            If `end` has passed.
        """
        by_table: dict[str, dict[str, int]] = {}
        for name, sql, tally in self._tallies:
            names, rows = self._fetched(sql)
            by_table[name] = tally.count_rows(dict(zip(names, rows[0], strict=True)), by_table.get(name, {}))
        return by_table

    def _fetched(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        if time.monotonic() > self.end:
            raise TimeoutError
        cursor = self.connection.execute(sql)
        return [str(description[0]) for description in cursor.description or ()], cursor.fetchall()


class _Block:
    """The arrays behind one table, of a fixed capacity; `FILLED` marks the places in use."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, table: str, types: Mapping[str, str], capacity: int
    ) -> None:
        kinds = {column: ARRAYS[kind] for column, kind in {**types, FILLED: "BOOLEAN"}.items()}
        self._nothing = {column: nothing for column, (_, nothing) in kinds.items()}
        # text until the statements are prepared: DuckDB does not infer text from an array of None
        self._arrays: dict[str, NDArray[Any]] = {
            column: np.full(capacity, "" if kind == "object" else nothing, dtype=kind)
            for column, (kind, nothing) in kinds.items()
        }
        connection.register(f"incoming_{table}", self._arrays)
        taken = ", ".join(f'{_from_array(column, kind)} AS "{column}"' for column, kind in types.items())
        connection.execute(
            f'CREATE TEMP VIEW "{table}" AS SELECT {taken} FROM "incoming_{table}" WHERE "{FILLED}"'  # noqa: S608
        )

    def take(self, columns: Mapping[str, Any], size: int) -> None:
        """Replace the rows by these."""
        for column, array in self._arrays.items():
            array[:size] = columns.get(column, self._nothing[column])
        self._arrays[FILLED][:size] = True
        self._arrays[FILLED][size:] = False

    def empty(self) -> None:
        """Remove all rows and values."""
        for column, array in self._arrays.items():
            array[:] = self._nothing[column]


def _from_array(column: str, kind: str) -> str:
    """SQL that reads a column of the arrays; NumPy has no time zones, so instants get theirs here."""
    return f"timezone('UTC', \"{column}\")" if kind == ZONED else f'"{column}"'


def _in_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)
