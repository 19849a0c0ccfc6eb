"""Processor seconds of `segments report`, in a fresh process, for the demo's retailer and the simulated company.

The champion is a KMeans model with a fixed number of segments: discovery is not what is measured. The first run works
out who was where at each month end, and leaves that in a cache, which the second run reads.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from experiments.everyday_tables.analyst_folders import AnalystFolder, folder_of
from experiments.everyday_tables.companies import complete_journey, simulated_company
from jobs.discover import run_discovery
from jobs.registry_location import location_of
from registry.versions.promotions import promote
from segment_model.errors import SegmentsError
from training.settings import read_settings

ACCOUNTS = 2000
SEGMENTS = 5
CACHE = ".segments"
MEGABYTE = 1_000_000


class ReportError(SegmentsError):
    """`segments report` failed."""


def report_figures(accounts: int, demo: bool) -> dict[str, Any]:
    """Report on a simulated company of `accounts` accounts, and on the demo's households.

    Returns
    -------
    dict
        Processor seconds of a first report (`report_cpu_seconds_demo`, `..._company`), those of them that went into
        membership, and the megabytes of the larger page. The demo's are None where it is not wanted.

    Raises
    ------
    ReportError
        If the command fails.
    """
    costs = {"company": _cost_of(folder_of(simulated_company(accounts)))}
    journey = complete_journey() if demo else None
    if journey is not None:
        costs["demo"] = _cost_of(folder_of(journey))
    print(f"{'':8} {'first s':>8} {'cached s':>8} {'MB':>6}")
    for name, cost in costs.items():
        print(f"{name:8} {cost['first']:8.2f} {cost['cached']:8.2f} {cost['megabytes']:6.2f}")
    shown = {name: costs.get(name) for name in ("demo", "company")}
    return {
        **{f"report_cpu_seconds_{name}": cost and round(cost["first"], 2) for name, cost in shown.items()},
        **{f"report_again_cpu_seconds_{name}": cost and round(cost["cached"], 2) for name, cost in shown.items()},
        "membership_seconds_12_months": round(max(cost["first"] - cost["cached"] for cost in costs.values()), 2),
        "report_megabytes": round(max(cost["megabytes"] for cost in costs.values()), 3),
    }


def _cost_of(tables: AnalystFolder) -> Mapping[str, float]:
    """The seconds of a first and a second report, and the size of the page."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        content = {**tables.content, "discovery": {"force": True, "algorithms": [_kmeans()]}}
        config = AnalystFolder(content, tables.tables).write(folder)
        settings, _ = read_settings(config)
        outcome = run_discovery(settings, folder, lambda _: None, lambda *_: None)
        promote(location_of(settings, folder), outcome.version, "champion")
        _remove_cache(folder)
        first, cached = (_report_seconds(config, folder / "report.html") for _ in range(2))
        return {"first": first, "cached": cached, "megabytes": (folder / "report.html").stat().st_size / MEGABYTE}


def _kmeans() -> dict[str, Any]:
    return {"algorithm": "kmeans", "segments": SEGMENTS, "starts": 1}


def _remove_cache(folder: Path) -> None:
    for path in sorted((folder / CACHE).rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def _report_seconds(config: Path, out: Path) -> float:
    before = _children_seconds()
    program = [str(Path(sys.executable).with_name("segments")), "report", "--config", str(config), "--out", str(out)]
    ended = subprocess.run(
        program, cwd=config.parent, env=dict(os.environ), capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise ReportError(f"`segments report` failed: {ended.stderr.strip()[-300:]}")
    return _children_seconds() - before


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
