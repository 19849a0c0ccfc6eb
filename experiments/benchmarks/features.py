"""Time and memory to turn many orders into one vector a customer, against a pandas groupby.

Each side runs in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

AS_OF = date(2024, 1, 1)


def run(size: int) -> dict[str, Any]:
    """Time both sides on `size` orders of `size / 20` customers.

    Returns
    -------
    dict
        Seconds and peak memory in MB of each side, and whether their sums agree.
    """
    with tempfile.TemporaryDirectory() as folder:
        write_orders(Path(folder) / "orders.parquet", size)
        sides = {side: measured(side, folder) for side in ("segments", "pandas")}
    ours, peer = sides["segments"], sides["pandas"]
    print(f"{size:,} orders, {ours['customers']:,} customers")
    print(f"{'':10} {'seconds':>8} {'peak MB':>8} {'columns':>8}")
    for side, figures in sides.items():
        print(f"{side:10} {figures['seconds']:8.2f} {figures['peak_mb']:8.0f} {figures['columns']:8}")
    return {
        "benchmark": "features",
        "orders": size,
        **{
            f"{side}_{name}": figures[name]
            for side, figures in sides.items()
            for name in ("seconds", "peak_mb", "columns")
        },
        "agree": ours["customers"] == peer["customers"] and abs(ours["money"] / peer["money"] - 1) < 1e-9,
    }


def write_orders(path: Path, size: int) -> None:
    """Orders over two years, written by the engine so that the benchmark itself needs no memory."""
    with duckdb.connect() as connection:
        connection.execute(
            f"""COPY (
                SELECT CAST(hash(i) % {max(size // 20, 1)} AS BIGINT) AS customer_id, i // 2 AS order_id,
                       TIMESTAMP '2022-01-01' + to_seconds(CAST(hash(i + 1) % 63000000 AS BIGINT)) AS ordered_at,
                       round(exp(3 + (hash(i + 2) % 2000) / 1000.0), 2) AS amount
                FROM range({size}) AS r(i)
            ) TO '{path}' (FORMAT parquet)"""  # noqa: S608
        ).fetchall()


def measured(side: str, folder: str) -> dict[str, Any]:
    """What one side reports from a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "experiments.benchmarks.features", side, folder],
        check=True,
        capture_output=True,
        text=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def segments_side(folder: str) -> dict[str, Any]:
    """The vector with its score edges, checked against its schema."""
    from features.customer_vector import build_vectors
    from features.settings import FeatureSettings, Sources

    start = time.perf_counter()
    sources = Sources.model_validate({"orders": {"file": "orders.parquet"}})
    frame = build_vectors(sources, FeatureSettings(), AS_OF, folder).frame
    seconds = time.perf_counter() - start
    return {
        "seconds": seconds, "customers": len(frame), "columns": frame.shape[1], "money": frame.monetary_value.sum(),
    }  # fmt: skip


def pandas_side(folder: str) -> dict[str, Any]:
    """Recency, frequency and monetary value only."""
    import pandas as pd

    start = time.perf_counter()
    orders = pd.read_parquet(Path(folder) / "orders.parquet")
    sums = orders.groupby("customer_id").agg(
        last=("ordered_at", "max"), frequency=("order_id", "nunique"), money=("amount", "sum")
    )
    sums["recency_days"] = (pd.Timestamp(AS_OF) - sums["last"].dt.normalize()).dt.days
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "customers": len(sums), "columns": 3, "money": sums.money.sum()}


if __name__ == "__main__":
    if len(sys.argv) > 2:
        result = {"segments": segments_side, "pandas": pandas_side}[sys.argv[1]](sys.argv[2])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({**result, "peak_mb": peak}))
    else:
        print(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)))
