"""Whole commands at three sizes, 1x, 3x and 10x, and the features against pandas and against SQL by hand.

Seconds are processor seconds of all threads, user and system, of processes of their own; memory is the peak that was
resident, with 0.5 GB for the embedded engine. 10x has a customer for each 5 orders and 50 events.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.benchmarks.scale.feature_sides import SIDES, measure_side, require_equal
from experiments.benchmarks.scale.measured_process import Measured, measure
from experiments.benchmarks.scale.on_spark import spark_figures
from experiments.benchmarks.scale.shop import EVENTS_EACH, ORDERS_EACH, SETTINGS, write_shop
from features.sources import MEMORY_VARIABLE

TIMES = (1, 3, 10)
COMPARED = 20  # orders, and as many events, a customer of the comparison with pandas and SQL
LEAST = 100_000  # customers at 10x from which the sizes differ by more than the start of a command
MEMORY = "500MB"  # for the embedded engine: the commands are to stay within 4 GB on a machine of any size
WAYS = ("parts", "sql")
ROUNDING = 1e-9
SPARK_SHARE = 100  # of the customers at 10x, a hundredth and a tenth are computed by Spark


@dataclass(frozen=True)
class AssignmentWays:
    """The processor seconds of the same explained assignments, without imports: in one process, and by SQL."""

    parts: float
    sql: float


@dataclass(frozen=True)
class Stage:
    """A command at one size: of how many rows or customers, and what it took."""

    name: str
    times: int
    rows: int
    customers: int
    took: Measured


def run(size: int) -> dict[str, Any]:
    """Measure everything; `size` is the number of customers at 10x.

    Returns
    -------
    dict
        The ratios against pandas, SQL by hand and the parts of the assignment, the exponent with which the features'
        seconds grow, the largest peak memory, and what the driver of a Spark holds.
    """
    stages: list[Stage] = []
    print(f"{'stage':10} {'size':>5} {'rows':>13} {'customers':>11} {'seconds':>9} {'peak GB':>8}")
    ways: dict[int, AssignmentWays] = {}
    times_of = TIMES if size >= LEAST else TIMES[-1:]  # a test takes one size
    shares = (SPARK_SHARE, SPARK_SHARE // 10)[-len(times_of) :]
    in_spark: dict[str, float | None] = {}
    for times in times_of:
        with tempfile.TemporaryDirectory() as folder:
            of_this_size, ways[times] = commands(Path(folder), times, max(size * times // TIMES[-1], 40))
            stages += of_this_size
            if times == TIMES[-1]:
                in_spark = spark_figures([max(size // share, 40) for share in shares], Path(folder))
    largest = {stage.name: stage.took for stage in stages if stage.times == TIMES[-1]}
    parts, sql = ways[TIMES[-1]].parts, ways[TIMES[-1]].sql
    return {
        "benchmark": "scale",
        "customers_at_10x": size,
        **against_peers(size * 5),
        "features_growth_exponent": growth([stage for stage in stages if stage.name == "features"]),
        "assign_vs_parts": round(largest["assign"].seconds / parts, 3),
        "assign_rows_per_second": round(size / largest["assign"].seconds),
        "sql_vs_python_rows_per_second": round(parts / sql, 3),
        "peak_gb_at_10x": round(max(took.peak_gb for took in largest.values()), 2),
        "peak_gb_of": {name: round(took.peak_gb, 2) for name, took in largest.items()},
        **in_spark,
    }


def commands(folder: Path, times: int, customers: int) -> tuple[list[Stage], AssignmentWays]:
    """Every command once, on a shop of so many customers; and the assignment by other ways."""
    orders, events = customers * ORDERS_EACH, customers * EVENTS_EACH
    write_shop(folder, customers, orders, events)
    (folder / "segments.yaml").write_text(SETTINGS, encoding="utf-8")
    stages = []
    for name, rows, arguments in (
        ("features", orders + events, ("features", "segments.yaml", "--out", "vectors.parquet")),
        ("discover", orders + events, ("discover", "segments.yaml", "--promote", "--force")),
        ("assign", customers, ("assign", "vectors.parquet", "--explain", "--out", "assigned.parquet")),
    ):
        took = measure([sys.executable, "-m", "cli", *arguments], folder, {MEMORY_VARIABLE: MEMORY})
        print(f"{name:10} {times:4}x {rows:13,} {customers:11,} {took.seconds:9.1f} {took.peak_gb:8.2f}", flush=True)
        stages.append(Stage(name, times, rows, customers, took))
    others = {
        way: measure([sys.executable, "-m", f"experiments.benchmarks.scale.assign_{way}", str(folder)]) for way in WAYS
    }
    require_same_tables(folder)
    ways = AssignmentWays(**{way: float(other.output) for way, other in others.items()})
    print(f"assignment {times:3}x in one process {ways.parts:.1f} s, by SQL {ways.sql:.1f} s", flush=True)
    return stages, ways


def require_same_tables(folder: Path) -> None:
    """The command wrote what its parts wrote, and what SQL computed up to rounding.

    Raises
    ------
    AssertionError
        With what differs.
    """
    ours, parts = pd.read_parquet(folder / "assigned.parquet"), pd.read_parquet(folder / "parts.parquet")
    pd.testing.assert_frame_equal(ours, parts, check_exact=True)
    sql = pd.read_parquet(folder / "sql.parquet").set_index(ours.index.name).loc[ours.index]
    clear = ours["strength"] > ROUNDING  # on a border, rounding decides
    pd.testing.assert_frame_equal(
        ours[clear],
        sql.loc[clear, ours.columns],
        rtol=ROUNDING,
        atol=ROUNDING,
        check_dtype=False,
        check_index_type=False,
    )


def growth(stages: Sequence[Stage]) -> float | None:
    """The exponent with which seconds grow with rows, the slope of their logarithms; None of a single size."""
    rows = [float(stage.rows) for stage in stages]
    seconds = [stage.took.seconds for stage in stages]
    return round(float(np.polyfit(np.log(rows), np.log(seconds), 1)[0]), 3) if len(stages) > 1 else None


def against_peers(rows: int) -> dict[str, float]:
    """Ours against pandas and SQL by hand on as many orders as events."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_shop(folder, max(rows // COMPARED, 4), rows, rows)
        took = {}
        for side in SIDES:
            took[side] = measure_side(side, folder)
            seconds, peak = took[side]["seconds"], took[side]["peak_gb"]
            print(f"{rows:,} orders and {rows:,} events by {side:9} {seconds:8.2f} s {peak:6.2f} GB", flush=True)
        require_equal(folder)
    ours, peer, sql = (took[side] for side in ("segments", "pandas", "sql"))
    return {
        "features_time_vs_pandas": round(peer["seconds"] / ours["seconds"], 3),
        "features_memory_vs_pandas": round(ours["peak_gb"] / peer["peak_gb"], 3),
        "features_time_vs_sql": round(ours["seconds"] / sql["seconds"], 3),
    }
