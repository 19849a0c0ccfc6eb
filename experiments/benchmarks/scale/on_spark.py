"""Spark beside DuckDB, and the memory of its driver at two sizes; nothing of it where Spark is not installed."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from experiments.benchmarks.scale.measured_process import Measured, measure
from experiments.benchmarks.scale.shop import EVENTS_EACH, ORDERS_EACH, SETTINGS, write_shop

GROWTH, COMPARED = "driver_memory_growth", "spark_vs_duckdb"


@dataclass(frozen=True)
class DriverFigures:
    """Of a size: the processor seconds of the vectors in Spark and in DuckDB, and what the driver holds, in GB."""

    spark_seconds: float
    duckdb_seconds: float
    held_gb: float


def spark_figures(sizes: Sequence[int], champion: Path) -> dict[str, float | None]:
    """The growth of the driver's memory from the first number of customers to the last, and Spark against DuckDB.

    champion : the folder of a shop with a registry, whose champion assigns. The growth of a single size is None.
    """
    needed = {"pyspark": find_spec("pyspark"), "java": shutil.which("java")}
    lacking = [name for name, place in needed.items() if place is None]
    if lacking:
        print(f"there is no {' and no '.join(lacking)}: {GROWTH} and {COMPARED} are not measured")
        return {GROWTH: None, COMPARED: None}
    with tempfile.TemporaryDirectory() as name:
        folders = [_shop(Path(name) / f"{customers}", customers, champion) for customers in sizes]
        of_sizes = [_figures(folder) for folder in folders]
    first, last = of_sizes[0], of_sizes[-1]
    return {
        GROWTH: round(last.held_gb / first.held_gb, 3) if len(of_sizes) > 1 else None,
        COMPARED: round(last.spark_seconds / last.duckdb_seconds, 3),
    }


def _shop(folder: Path, customers: int, registry: Path) -> Path:
    """The folder of a new shop, whose models are in the registry of another one."""
    folder.mkdir()
    write_shop(folder, customers, customers * ORDERS_EACH, customers * EVENTS_EACH)
    address = f"registry: {{tracking_uri: 'sqlite:///{registry / 'mlflow.db'}'}}\n"
    (folder / "segments.yaml").write_text(SETTINGS + address, encoding="utf-8")
    return folder


def _figures(folder: Path) -> DriverFigures:
    duckdb = _run("cli", "features", "segments.yaml", "--out", "vectors.parquet", folder=folder)
    driver = _run("experiments.benchmarks.scale.spark_driver", str(folder))
    held = json.loads(driver.output.splitlines()[-1])
    print(
        f"{int(folder.name):,} customers by Spark {held['seconds']:.1f} s, by DuckDB {duckdb.seconds:.1f} s; "
        f"the driver holds {held['python_gb']:.2f} GB in Python and {held['heap_gb']:.3f} GB in Java",
        flush=True,
    )
    return DriverFigures(held["seconds"], duckdb.seconds, held["python_gb"] + held["heap_gb"])


def _run(module: str, *arguments: str, folder: Path | None = None) -> Measured:
    return measure([sys.executable, "-m", module, *arguments], folder)
