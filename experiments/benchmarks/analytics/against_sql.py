"""Processor seconds of our record against the hand-written queries, of which each computes one figure.

Both sides read the same DuckDB file, with membership in it, and compute figures without intervals: ours all at once,
the queries one after the other, each from the raw tables. Each side runs in a process of its own.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any


def figures_vs_sql(orders: int) -> dict[str, Any]:
    """Time both sides on `orders` orders, a tenth as many customers and a fifth as many terms.

    Returns
    -------
    dict
        Our seconds over the sum of the queries' (`figures_vs_sql`), the seconds and the peak memory of both.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "company.duckdb"
        writer = [sys.executable, "-m", "experiments.benchmarks.analytics.large_company", str(file), str(orders)]
        subprocess.run(writer, check=True)  # on its own, as the peak of a process counts that of its parent too
        ours, theirs = (_measured(side, file) for side in ("record", "queries"))
    print(f"{orders:,} orders; processor seconds of each query, and of our record, which has all figures")
    for name, seconds in {**theirs["seconds"], **ours["seconds"]}.items():
        print(f"{name:24} {seconds:8.2f}")
    ours_sum, theirs_sum = sum(ours["seconds"].values()), sum(theirs["seconds"].values())
    return {
        "figures_vs_sql": round(ours_sum / theirs_sum, 3),
        "record_seconds": round(ours_sum, 2),
        "queries_seconds": round(theirs_sum, 2),
        "record_peak_mb": round(ours["peak_mb"]),
        "queries_peak_mb": round(theirs["peak_mb"]),
    }


def _measured(side: str, file: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "experiments.benchmarks.analytics.sides", side, str(file)],
        check=True,
        capture_output=True,
        text=True,
    )
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures
