"""The vectors of a few customers from their own rows: the feature expressions as SQL, compiled once for a model.

The expressions are those of `feature_groups`, on tables that have no engine. Their SQL runs on an embedded DuckDB, one
for each call at a time, which keeps nothing between two calls.
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
from features.feature_spec import VectorRecipe
from features.groups.all_groups import missing_of
from features.learned import OTHER, SCORED, LearnedFeatures
from features.request.duckdb_engine import FEWEST, RecordEngine, RecordTable, capacity_for
from features.request.sql_program import RecordProgram
from features.tables.raw_tables import RawColumn
from segment_model.contract import Column, VectorContract
from segment_model.errors import SourceError

Value = float | str | None


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
        self._programs: dict[bool, RecordProgram] = {}
        self._lock = threading.Lock()
        self._idle: dict[tuple[bool, int], list[RecordEngine]] = {}
        self._give_back(self._engine(False, FEWEST))  # so that no caller waits for it

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
        engine = self._engine(zoned, capacity_for(tables))
        engine.end = time.monotonic() + seconds
        watch = threading.Timer(seconds, engine.connection.interrupt)
        watch.daemon = True
        watch.start()
        try:
            with engine.holding(tables, AsOf.at(as_of, self._recipe.settings.time_zone)):
                values, there = engine.values(size)
                counts = engine.counts()
        except (TimeoutError, duckdb.InterruptException) as error:
            raise SourceError(f"the features took more than {seconds:g} s") from error
        except duckdb.Error as error:
            raise SourceError(f"the features could not be computed: {str(error).splitlines()[0]}") from error
        finally:
            watch.cancel()
            watch.join()  # one that is interrupting at this moment must not meet the next caller's work
            self._give_back(engine)
        columns = {name: list(column) for name, column in _finished(values, engine.columns, self._recipe.learned)}
        rows = zip(*columns.values(), strict=True)
        records = (dict(zip(columns, row, strict=True)) for row in rows)
        return RecordVectors(
            tuple(record if known else None for record, known in zip(records, there, strict=True)), counts
        )

    def _program(self, zoned: bool) -> RecordProgram:
        with self._lock:
            if zoned not in self._programs:
                self._programs[zoned] = RecordProgram.compiled(self._recipe, self._contract, zoned)
            return self._programs[zoned]

    def _engine(self, zoned: bool, capacity: int) -> RecordEngine:
        """One that nobody else has; to be given back."""
        try:
            return self._idle[zoned, capacity].pop()
        except (KeyError, IndexError):  # asking first whether there is one would leave another thread time to take it
            return RecordEngine(self._program(zoned), self._recipe.settings.time_zone, capacity)

    def _give_back(self, engine: RecordEngine) -> None:
        self._idle.setdefault((engine.zoned, engine.capacity), []).append(engine)


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
