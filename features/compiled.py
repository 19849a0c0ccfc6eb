"""The vectors of a few customers from their own rows: the feature expressions as SQL, compiled once for a model.

The expressions are those of `feature_groups`, on tables that have no engine. Their SQL runs on an embedded DuckDB, one
for each call at a time, which opens no file and no address and keeps nothing between two calls.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

import duckdb
import ibis
import numpy as np
from numpy.typing import ArrayLike, NDArray

from features.as_of import AsOf, LaterAsOf
from features.canonical import Tally
from features.feature_groups import contract_of, feature_groups, missing_of
from features.learned import OTHER, SCORED, LearnedFeatures
from features.raw_tables import RawColumn, RawType
from features.recipe import REMEDY, VectorRecipe
from segments.contract import Column, VectorContract
from segments.errors import ContractError, SourceError

CUSTOMER = "customer_id"
INCOMING = "incoming_"
DUCKDB_TYPES = {"int64": "BIGINT", "float64": "DOUBLE", "string": "VARCHAR", "timestamp": "TIMESTAMP"}
NUMPY_TYPES = {"BIGINT": "int64", "DOUBLE": "float64", "VARCHAR": "object"}  # moments apart
LIMITS: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "memory_limit": "1GB",
    "enable_external_access": False,
}
Value = float | str | None


class RecordTable(Protocol):
    """Rows of one raw table: the position of each row's customer, and the columns by name.

    A column is a list or an array of text, floats (NaN is none) or datetimes without a zone (in UTC where they are
    instants), None where there is nothing; one that is left out holds nothing.
    """

    @property
    def customer(self) -> Sequence[int]: ...

    @property
    def columns(self) -> Mapping[str, ArrayLike]: ...


@dataclass(frozen=True, slots=True)
class RecordVectors:
    """The vectors of customers 0 to n - 1, each by column; None for one without a usable row in any table.

    `counts` are those of `CustomerVectors.report`.
    """

    records: tuple[dict[str, Value] | None, ...]
    counts: Mapping[str, Mapping[str, int]]


class VectorCompiler:
    """Makes the vectors of a model from raw rows. Safe in many threads: there are as many DuckDBs as work at once.

    Raises
    ------
    ContractError
        If the features of this version are not those that the model was trained on.
    """

    def __init__(self, recipe: VectorRecipe, contract: VectorContract) -> None:
        self._recipe = recipe
        self._contract = contract
        self._programs: dict[bool, _Program] = {}
        self._lock = threading.Lock()
        self._idle: dict[bool, list[_Engine]] = {False: [], True: []}
        self._idle[False].append(self._engine(False))  # so that no caller waits for it

    def columns(self, table: str) -> tuple[RawColumn, ...] | None:
        """What a row of the raw table may hold, beside whose it is; None where the model was made without the table."""
        return self._recipe.columns(table) if table in self._recipe.tables else None

    def vectors(
        self, tables: Mapping[str, RecordTable], size: int, as_of: date | datetime, zoned: bool, seconds: float
    ) -> RecordVectors:
        """The vectors of `size` customers.

        tables : rows by raw table; one that is left out has none. zoned : whether datetimes are instants, with a time
        zone, or wall clocks of the business. seconds : the longest that the engine may work.

        Raises
        ------
        SourceError
            If the engine fails or takes too long.
        """
        engine = self._engine(zoned)
        engine.end = time.monotonic() + seconds
        watch = threading.Timer(seconds, engine.connection.interrupt)
        watch.daemon = True
        watch.start()
        try:
            engine.fill(tables, AsOf.at(as_of, self._recipe.settings.time_zone))
            values, there = engine.values(size)
            counts = engine.counts()
        except (TimeoutError, duckdb.InterruptException) as error:
            raise SourceError(f"the features took more than {seconds:g} s") from error
        except duckdb.Error as error:
            raise SourceError(f"the features could not be computed: {str(error).splitlines()[0]}") from error
        finally:
            watch.cancel()
            engine.empty()
            self._idle[zoned].append(engine)
        columns = {name: list(column) for name, column in _finished(values, engine.columns, self._recipe.learned)}
        rows = zip(*columns.values(), strict=True)
        records = (dict(zip(columns, row, strict=True)) for row in rows)
        return RecordVectors(
            tuple(record if known else None for record, known in zip(records, there, strict=True)), counts
        )

    def _program(self, zoned: bool) -> _Program:
        with self._lock:
            if zoned not in self._programs:
                self._programs[zoned] = _Program.compiled(self._recipe, self._contract, zoned)
            return self._programs[zoned]

    def _engine(self, zoned: bool) -> _Engine:
        """One that nobody else has; to be given back."""
        try:
            return self._idle[zoned].pop()
        except IndexError:  # asking first whether there is one would leave another thread time to take it
            return _Engine(self._program(zoned), self._recipe.settings.time_zone)


@dataclass(frozen=True, slots=True)
class _Program:
    """SQL for moments written one way.

    columns : the vector's. tables : the columns of the raw tables with their types in DuckDB.
    """

    columns: tuple[Column, ...]
    tables: Mapping[str, Mapping[str, str]]
    parts: tuple[str, ...]
    tallies: tuple[tuple[str, str, Tally], ...]

    @classmethod
    def compiled(cls, recipe: VectorRecipe, contract: VectorContract, zoned: bool) -> _Program:
        types = {
            name: {CUSTOMER: "int64"} | {column.name: _type(column, zoned) for column in recipe.columns(name)}
            for name in recipe.tables
        }

        def table(_: Any, name: str) -> ibis.expr.types.Table:
            return ibis.table(types[name], name=name)

        groups = feature_groups(table, recipe.sources(), recipe.settings, LaterAsOf())
        made = contract_of(groups, recipe.settings)
        kinds = {column.name: column.kind for column in made.columns}
        if absent := [column.name for column in contract.columns if kinds.get(column.name) != column.kind]:
            raise ContractError(
                f"this version does not make {', '.join(absent)} as the model had it from the same tables; {REMEDY}"
            )
        return cls(
            # null rules are the features' own: the model's say what training happened to have missing
            tuple(made[name] for name in contract.names),
            {name: {c: DUCKDB_TYPES.get(kind, "TIMESTAMPTZ") for c, kind in of.items()} for name, of in types.items()},
            tuple(_sql(part.table) for part in groups.parts),
            tuple((name, _sql(tally.sums), tally) for name, tallies in groups.tallies.items() for tally in tallies),
        )


class _Engine:
    """A DuckDB with a program prepared in it, for one call at a time.

    Nothing is begun after `end` (of the monotonic clock).
    """

    end = math.inf

    def __init__(self, program: _Program, time_zone: str) -> None:
        self._program = program
        self.columns = program.columns
        self.connection = duckdb.connect(":memory:", config=LIMITS)
        run = self.connection.execute
        run(f"SET TimeZone = '{time_zone}'")
        # the rows of a request are few: planning takes longer than it saves (54 ms against 24 for four tables)
        run("PRAGMA disable_optimizer")
        run("SET lock_configuration = true")
        self._incoming: dict[str, dict[str, NDArray[Any]]] = {}
        run(f"CREATE TEMP TABLE {LaterAsOf.NAME} (day BIGINT, last_day BIGINT, local TIMESTAMP, instant TIMESTAMPTZ)")
        for name, columns in program.tables.items():
            typed = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
            run(f'CREATE TEMP TABLE "{name}" ({typed})')
            # a view of whatever arrays the mapping holds when it is asked: to make another view for each request would
            # have every prepared statement planned again, which takes as long as its work
            self._incoming[name] = {column: _as_array([], kind) for column, kind in columns.items()}
            self.connection.register(f"{INCOMING}{name}", self._incoming[name])
        self._parts = [self._prepared(f"part_{n}", sql) for n, sql in enumerate(program.parts)]
        self._tallies = [
            (name, self._prepared(f"tally_{n}", sql), tally) for n, (name, sql, tally) in enumerate(program.tallies)
        ]

    def _prepared(self, name: str, sql: str) -> str:
        self.connection.execute(f"PREPARE {name} AS {sql}")
        return f"EXECUTE {name}"

    def fill(self, tables: Mapping[str, RecordTable], as_of: AsOf) -> None:
        """Put rows in, until `empty`."""
        self.connection.begin()
        for name, columns in self._program.tables.items():
            rows = tables.get(name)
            if rows is not None and rows.customer:
                nothing: list[float | None] = [None] * len(rows.customer)
                values = {CUSTOMER: rows.customer, **rows.columns}
                self._incoming[name].update(
                    {column: _as_array(values.get(column, nothing), kind) for column, kind in columns.items()}
                )
                taken = ", ".join(_from_array(column, kind) for column, kind in columns.items())
                self._run(f'INSERT INTO "{name}" SELECT {taken} FROM "{INCOMING}{name}"')  # noqa: S608  # names are ours
        now = [as_of.day, as_of.last_day, as_of.local, as_of.instant]
        self._run(f"INSERT INTO {LaterAsOf.NAME} VALUES (?, ?, ?, ?)", now)  # noqa: S608

    def empty(self) -> None:
        """Nothing of one caller's rows outlives the call: they were never committed."""
        self.connection.rollback()
        for incoming in self._incoming.values():
            incoming.update({column: np.empty(0, values.dtype) for column, values in incoming.items()})

    def values(self, size: int) -> tuple[dict[str, list[Any]], list[bool]]:
        """What the parts computed, by column, None where there is nothing; and which customers were in any part."""
        found: dict[str, list[Any]] = {}
        there = [False] * size
        for part in self._parts:
            names, rows = self._fetched(part)
            of_part: dict[str, list[Any]] = {name: [None] * size for name in names if name != CUSTOMER}
            place = names.index(CUSTOMER)
            for row in rows:
                customer = row[place]
                there[customer] = True
                for name, value in zip(names, row, strict=True):
                    if name != CUSTOMER:
                        of_part[name][customer] = value
            found |= of_part
        return found, there

    def counts(self) -> dict[str, dict[str, int]]:
        """The rows of each table, and those left out."""
        found: dict[str, dict[str, int]] = {}
        for name, sql, tally in self._tallies:
            names, rows = self._fetched(sql)
            found[name] = tally.told(dict(zip(names, rows[0], strict=True)), found.get(name, {}))
        return found

    def _run(self, sql: str, values: Sequence[Any] = ()) -> duckdb.DuckDBPyConnection:
        if time.monotonic() > self.end:
            raise TimeoutError
        return self.connection.execute(sql, values)

    def _fetched(self, sql: str) -> tuple[list[str], list[tuple[Any, ...]]]:
        cursor = self._run(sql)
        return [str(one[0]) for one in cursor.description or ()], cursor.fetchall()


def _finished(
    values: Mapping[str, Sequence[Any]], wanted: Sequence[Column], learned: LearnedFeatures
) -> Iterable[tuple[str, Iterable[Value]]]:
    """The columns of the vector: null only where that is meant, scores given, rare categories pooled."""
    for column in wanted:
        if column.name in SCORED:
            scored = np.array(values[SCORED[column.name]], dtype=np.float64)  # None becomes NaN
            points = learned.points(column.name, scored).tolist()
            yield column.name, (None if math.isnan(one) else one for one in points)
        elif column.is_category:
            kept = frozenset(learned.kept(column.name))
            found = values[column.name]
            yield column.name, (one if one is None or one in kept else OTHER for one in found)
        else:
            missing = missing_of(column)
            yield column.name, (missing if one is None else float(one) for one in values[column.name])


def _as_array(values: Any, kind: str) -> NDArray[Any]:
    return np.asarray(values, dtype=NUMPY_TYPES.get(kind, "datetime64[us]"))


def _from_array(column: str, kind: str) -> str:
    """Arrays know no time zone."""
    return f"timezone('UTC', \"{column}\")" if kind == "TIMESTAMPTZ" else f'"{column}"'


def _sql(expression: ibis.expr.types.Table) -> str:
    return str(ibis.to_sql(expression, dialect="duckdb"))


def _type(column: RawColumn, zoned: bool) -> str:
    if column.type is RawType.MOMENT:
        return "timestamp('UTC')" if zoned else "timestamp"
    return "float64" if column.type in (RawType.NUMBER, RawType.FLAG) else "string"
