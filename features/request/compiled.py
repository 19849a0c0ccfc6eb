"""Vectors of the customers of a request, computed from the raw rows that it carries.

The expressions of `groups_of` are compiled to SQL once a model. The SQL runs on an embedded DuckDB that serves
one call at a time and keeps no rows between calls.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import duckdb
import numpy as np

from features.as_of import AsOf
from features.feature_spec import FeatureSpec
from features.groups.all_groups import missing_of
from features.learned import OTHER, LearnedFeatures
from features.request.duckdb_engine import FEWEST, RecordEngine, RecordTable, capacity_for
from features.request.sql_program import RecordProgram
from features.scores.score_columns import SCORED
from features.tables.raw_tables import RawColumn
from segment_model.contract import Column, VectorContract
from segment_model.errors import SegmentsError

Value = float | str | None
# after these DuckDB answers nothing any more: "the database has been invalidated"
ENDS_THE_ENGINE = (duckdb.FatalException, duckdb.InternalException)


class EngineError(SegmentsError):
    """The engine failed on rows whose values had been checked: no fault of the rows."""


class EngineTimeoutError(EngineError):
    """The engine was stopped at the end of its time."""


@dataclass(frozen=True, slots=True)
class RecordVectors:
    """The vectors of customers 0 to n - 1, each by column; None for one without a usable row in any table.

    `counts` are those of `CustomerVectors.report`.
    """

    records: tuple[dict[str, Value] | None, ...]
    counts: Mapping[str, Mapping[str, int]]


class VectorCompiler:
    """Computes the vectors of a model from raw rows. Thread-safe: each concurrent call has a DuckDB of its own.

    Raises
    ------
    ContractError
        If the features of this version are not those that the model was trained on.
    """

    def __init__(self, spec: FeatureSpec, contract: VectorContract) -> None:
        self._spec = spec
        self._contract = contract
        self._programs: dict[bool, RecordProgram] = {}
        self._lock = threading.Lock()
        self._idle: dict[tuple[bool, int], list[RecordEngine]] = {}
        self._give_back(self._engine(False, FEWEST))  # compile now, so that no request waits for it

    def columns(self, table: str) -> tuple[RawColumn, ...] | None:
        """The columns of a raw table without `customer_id`; None where the model was trained without the table."""
        return self._spec.columns(table) if table in self._spec.tables else None

    def vectors(
        self, tables: Mapping[str, RecordTable], size: int, as_of: date | datetime, zoned: bool, seconds: float
    ) -> RecordVectors:
        """The vectors of `size` customers.

        tables : rows by raw table; one that is left out has none. zoned : whether datetimes are instants, with a time
        zone, or wall clocks of the business. seconds : the longest that the engine may work.

        Raises
        ------
        EngineTimeoutError
            If the engine takes too long.
        EngineError
            If the engine fails.
        """
        engine = self._engine(zoned, capacity_for(tables))
        engine.end = time.monotonic() + seconds
        watch = threading.Timer(seconds, engine.connection.interrupt)
        watch.daemon = True
        watch.start()
        ended = False
        try:
            with engine.holding(tables, AsOf.at(as_of, self._spec.settings.time_zone)):
                values, has_rows = engine.values(size)
                counts = engine.counts()
        except (TimeoutError, duckdb.InterruptException) as error:
            raise EngineTimeoutError(f"the features took more than {seconds:g} s") from error
        except duckdb.Error as error:
            ended = isinstance(error, ENDS_THE_ENGINE)
            raise EngineError(f"the engine could not compute the features: {error}") from error
        finally:
            watch.cancel()
            watch.join()  # a late interrupt must not hit the next call
            if ended:
                engine.connection.close()
            else:
                self._give_back(engine)
        columns = {name: list(column) for name, column in _finished(values, engine.columns, self._spec.learned)}
        rows = zip(*columns.values(), strict=True)
        records = (dict(zip(columns, row, strict=True)) for row in rows)
        return RecordVectors(
            tuple(record if known else None for record, known in zip(records, has_rows, strict=True)), counts
        )

    def _program(self, zoned: bool) -> RecordProgram:
        with self._lock:
            if zoned not in self._programs:
                self._programs[zoned] = RecordProgram.compiled(self._spec, self._contract, zoned)
            return self._programs[zoned]

    def _engine(self, zoned: bool, capacity: int) -> RecordEngine:
        """Take an idle engine or make a new one; the caller returns it by `_give_back`."""
        try:
            return self._idle[zoned, capacity].pop()
        except (KeyError, IndexError):  # a check before would race with other threads
            return RecordEngine(self._program(zoned), self._spec.settings.time_zone, capacity)

    def _give_back(self, engine: RecordEngine) -> None:
        self._idle.setdefault((engine.zoned, engine.capacity), []).append(engine)


def _finished(
    values: Mapping[str, Sequence[Any]], wanted: Sequence[Column], learned: LearnedFeatures
) -> Iterable[tuple[str, Iterable[Value]]]:
    """The columns of the vector: nulls filled by the column's rule, scores added, levels pooled as older models do."""
    for column in wanted:
        if column.name in SCORED:
            scored = np.array(values[SCORED[column.name]], dtype=np.float64)  # None becomes NaN
            points = learned.points(column.name, scored).tolist()
            yield column.name, (None if math.isnan(number) else number for number in points)
        elif column.is_category:
            yield column.name, _pooled(values[column.name], learned.categories.get(column.name))
        else:
            missing = missing_of(column)
            yield column.name, (missing if number is None else float(number) for number in values[column.name])


def _pooled(levels: Sequence[str | None], kept: Sequence[str] | None) -> Iterable[str | None]:
    """The levels, those that are not kept as "other"; all as they are where nothing says which are kept."""
    if kept is None:
        return levels
    names = frozenset(kept)
    return (level if level is None or level in names else OTHER for level in levels)
