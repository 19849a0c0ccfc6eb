"""Processor time and memory to read many orders into one vector a customer, against DuckDB SQL written by hand.

Both sides read the same CSV and Parquet files and give the same columns and values, scores off, which is asserted. Each
side runs in a process of its own: five pairs in turn, medians. Processor seconds are user and system time. Each side
first reads a table of two rows, so that imports do not count, which `startup` measures; the ratio of the whole
processes, imports included, is printed too. Ids of the CSV file are text on both sides: as integers, 007 would be 7.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from experiments.benchmarks.features import write_orders

AS_OF = date(2024, 1, 1)
PAIRS = 5
KINDS = ("csv", "parquet")
VECTOR = f"""
    SELECT CAST(customer_id AS VARCHAR) AS customer_id,
           CAST(DATE '{AS_OF}' - max(day) AS DOUBLE) AS recency_days,
           CAST(count(DISTINCT order_id) AS DOUBLE) AS frequency,
           sum(money) / 10000.0 AS monetary_value,
           sum(money) / 10000.0 / count(DISTINCT order_id) AS average_order_value,
           CAST(DATE '{AS_OF}' - min(day) AS DOUBLE) AS tenure_days,
           CAST(max(day) - min(day) AS DOUBLE) / nullif(count(DISTINCT order_id) - 1, 0) AS days_between_orders
    FROM (SELECT customer_id, order_id, CAST(ordered_at AS DATE) AS day,
                 CAST(round(amount * 10000) AS BIGINT) AS money
          FROM {{table}} WHERE ordered_at < TIMESTAMP '{AS_OF}')
    GROUP BY customer_id ORDER BY 1
"""  # noqa: S608
BARE = "SELECT customer_id, max(ordered_at), sum(amount) FROM {table} GROUP BY customer_id"
TABLES = {
    # ids as text, without which 007 would be 7
    "csv": "read_csv('orders.csv', header = true, columns = {'customer_id': 'VARCHAR', 'order_id': 'VARCHAR', "
    "'ordered_at': 'TIMESTAMP', 'amount': 'DOUBLE'})",
    "parquet": "read_parquet('orders.parquet')",
}


def run(size: int) -> dict[str, Any]:
    """Time both sides on `size` orders of `size / 20` customers, from CSV and from Parquet.

    Returns
    -------
    dict
        Our processor seconds over DuckDB's by kind of file, the ratio of the larger peak memories, and the ratio to a
        group-by that computes next to nothing.
    """
    pairs = PAIRS if size >= 1_000_000 else 1
    figures: dict[str, Any] = {"benchmark": "reading", "orders": size, "pairs": pairs}
    memory: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        write_files(Path(folder), size)
        print(f"{size:,} orders, {pairs} pairs; processor seconds, peak MB")
        for kind in KINDS:
            runs = [{side: measured(side, kind, folder) for side in SIDES} for _ in range(pairs)]
            medians = {side: _medians([run[side] for run in runs]) for side in SIDES}
            for side, (seconds, peak) in medians.items():
                print(f"{kind:8} {side:9} {seconds:8.2f} {peak:8.0f}")
            ours, theirs, bare = (medians[side] for side in ("segments", "duckdb", "bare"))
            figures |= {
                f"{kind}_vs_duckdb": round(statistics.median(_ratios(runs, "seconds")), 3),
                f"{kind}_vs_duckdb_with_imports": round(statistics.median(_ratios(runs, "process_seconds")), 3),
                f"{kind}_vs_bare_group_by": round(ours[0] / bare[0], 3),
                f"{kind}_seconds": round(ours[0], 2),
                f"{kind}_duckdb_seconds": round(theirs[0], 2),
            }
            memory[kind] = ours[1] / theirs[1]
            require_equal(Path(folder))
    return {**figures, "peak_memory_vs_duckdb": round(max(memory.values()), 3)}


def write_files(folder: Path, size: int) -> None:
    """The same orders as Parquet and as CSV; the engine writes both, which needs little memory."""
    write_orders(folder / "orders.parquet", size)
    with duckdb.connect() as connection:
        connection.execute(f"COPY (FROM '{folder}/orders.parquet') TO '{folder}/orders.csv' (HEADER)").fetchall()


def measured(side: str, kind: str, folder: str) -> dict[str, float]:
    """What one side reports from a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "experiments.benchmarks.reading", side, kind, folder],
        check=True,
        capture_output=True,
        text=True,
    )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def require_equal(folder: Path) -> None:
    """Both sides made the same vectors.

    Raises
    ------
    AssertionError
        With the first values that differ.
    """
    ours, theirs = (pd.read_parquet(folder / f"{side}.parquet") for side in ("segments", "duckdb"))
    pd.testing.assert_frame_equal(ours, theirs[ours.columns], check_exact=True, check_dtype=False)


def segments_side(kind: str, folder: Path) -> pd.DataFrame:
    """The vectors, checked against their schema."""
    from features.customer_vector import build_vectors
    from features.settings import FeatureSettings, Sources

    sources = Sources.model_validate({"orders": {"file": f"orders.{kind}"}})
    settings = FeatureSettings.model_validate({"rfm": {"scores": False}})
    return build_vectors(sources, settings, AS_OF, folder).frame


def duckdb_side(kind: str, folder: Path) -> pd.DataFrame:
    """The same columns and values by one statement."""
    return _computed(VECTOR, kind, folder).set_index("customer_id")


def bare_side(kind: str, folder: Path) -> pd.DataFrame:
    """The last order and the money of each customer, and nothing else."""
    return _computed(BARE, kind, folder)


SIDES: Mapping[str, Callable[[str, Path], pd.DataFrame]] = {
    "segments": segments_side,
    "duckdb": duckdb_side,
    "bare": bare_side,
}


def _computed(statement: str, kind: str, folder: Path) -> pd.DataFrame:
    table = TABLES[kind].replace("'orders.", f"'{folder}/orders.")
    with duckdb.connect() as connection:
        return connection.execute(statement.format(table=table)).df()


def _ratios(runs: list[dict[str, dict[str, float]]], seconds: str) -> list[float]:
    return [run["segments"][seconds] / run["duckdb"][seconds] for run in runs]


def _medians(runs: list[dict[str, float]]) -> tuple[float, float]:
    """The median processor seconds and the median peak memory in MB."""
    return statistics.median(run["seconds"] for run in runs), statistics.median(run["peak_mb"] for run in runs)


def _report(side: str, kind: str, folder: Path) -> dict[str, float]:
    """Run one side, its libraries imported by reading a small table; leave its frame as Parquet."""
    with tempfile.TemporaryDirectory() as small:
        write_files(Path(small), 2)
        SIDES[side](kind, Path(small))
    before = _processor_seconds()
    frame = SIDES[side](kind, folder)
    whole, peak = _processor_seconds(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    frame.to_parquet(folder / f"{side}.parquet")
    return {"seconds": whole - before, "process_seconds": whole, "peak_mb": peak / 1024}


def _processor_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    if len(sys.argv) > 3:
        print(json.dumps(_report(sys.argv[1], sys.argv[2], Path(sys.argv[3]))))
    else:
        print(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)))
