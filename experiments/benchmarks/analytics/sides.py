"""Each side computes the figures in a process of its own: our record, and the hand-written queries one by one.

`python -m experiments.benchmarks.analytics.sides SIDE FILE` prints the processor seconds as JSON. Before the clock
starts, a small company has been computed, so that imports do not count, and the large one has been read once.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import count
from pathlib import Path

import duckdb
import ibis
import ibis.expr.types as ir
import pandas as pd

from analytics.compute import compute_record
from analytics.history import DatedRows, History
from analytics.month_ends import MonthEnds
from analytics.options import RecordOptions
from analytics.record import AnalystRecord
from experiments.benchmarks.analytics.growth_queries import GROWTH_QUERIES
from experiments.benchmarks.analytics.large_company import MONTH_ENDS, SEGMENTS, write_large_company
from experiments.benchmarks.analytics.order_queries import ORDER_QUERIES
from experiments.benchmarks.analytics.retention_queries import PAYING_QUERIES
from experiments.benchmarks.analytics.subscription_queries import SUBSCRIPTION_QUERIES
from segment_model.contract import Column, Kind, VectorContract

# what our record of a company with subscriptions and orders holds
QUERIES = {**SUBSCRIPTION_QUERIES, **ORDER_QUERIES, **PAYING_QUERIES, **GROWTH_QUERIES}
SMALL = 300  # orders
READ_ALL = """
    SELECT (SELECT sum(hash(terms)) FROM terms), (SELECT sum(hash(orders)) FROM orders),
           (SELECT sum(hash(members)) FROM members)
"""


def record_of(
    file: Path,
    month_ends: MonthEnds,
    segments: tuple[str, ...],
    options: RecordOptions,
    tables: Sequence[str] = ("terms", "orders"),
) -> AnalystRecord:
    """Our record of some tables of the company in a DuckDB file, by segment and plan; of vectors it has none."""
    engine = ibis.duckdb.connect(file, read_only=True)
    kept = count()

    def keep(table: ir.Table) -> ir.Table:
        name = f"kept_{next(kept)}"
        engine.con.execute(f"CREATE TEMP TABLE {name} AS {engine.compile(table)}")
        return _table(engine, name)

    members = _table(engine, "members")
    dated = {name: DatedRows(_table(engine, name), members) for name in tables}
    history = History(
        month_ends,
        segments,
        terms=dated.get("terms"),
        orders=dated.get("orders"),
        events=dated.get("events"),
        compared=("plan",),
        keep=keep,
    )
    no_vectors = pd.DataFrame({"mrr": pd.Series(dtype="float64")}, index=pd.Index([], dtype="str", name="customer_id"))
    contract = VectorContract((Column("mrr", Kind.NUMBER),))
    try:
        return compute_record(history, no_vectors, pd.Series(dtype="str"), contract, options)
    finally:
        engine.disconnect()


def _table(engine: ibis.backends.duckdb.Backend, name: str) -> ir.Table:
    with warnings.catch_warnings():
        # Ibis 12 still calls the old name in DuckDB 2
        warnings.filterwarnings("ignore", message="fetch_arrow_table", category=DeprecationWarning)
        return engine.table(name)


def our_seconds(file: Path) -> dict[str, float]:
    """Processor seconds of the whole record."""
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute(READ_ALL).fetchall()
    options = RecordOptions("EUR", intervals=False)
    return {"record": _timed(lambda: record_of(file, MONTH_ENDS, SEGMENTS, options))}


def query_seconds(file: Path) -> dict[str, float]:
    """Processor seconds of each query."""
    with duckdb.connect(str(file), read_only=True) as connection:
        connection.execute(READ_ALL).fetchall()
        return {name: _timed(partial(_answer, connection, query)) for name, query in QUERIES.items()}


def _answer(connection: duckdb.DuckDBPyConnection, query: str) -> pd.DataFrame:
    return connection.execute(query).df()


SIDES: Mapping[str, Callable[[Path], dict[str, float]]] = {"record": our_seconds, "queries": query_seconds}


def _timed(work: Callable[[], object]) -> float:
    before = _processor_seconds()
    work()
    return _processor_seconds() - before


def _processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _report(side: str, file: Path) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        small = Path(folder) / "small.duckdb"
        write_large_company(small, SMALL)
        SIDES[side](small)
    seconds = SIDES[side](file)
    return {"seconds": seconds, "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


if __name__ == "__main__":
    print(json.dumps(_report(sys.argv[1], Path(sys.argv[2]))))
