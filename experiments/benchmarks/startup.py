"""Processor time of commands on small inputs, and of a worker until it is ready: nearly all of it is imports.

Processor seconds (user and system) of the process and its children: the least of several runs, after a warm-up run
that leaves bytecode behind (a single run is for tests, and is not warmed up). The model is a KMeans model (an HDBSCAN
model also imports SciPy), the registry a SQLite file, and the customers are few.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from importlib.util import find_spec
from pathlib import Path

from experiments.load.service_process import started
from experiments.simulated_company.company import simulate, write_company
from features.vector_file import write_vectors
from jobs.customer_vectors import learned_by, vectors_of
from jobs.discover import run_discovery
from jobs.registry_location import location_of
from registry.versions.promotions import promote
from segment_model.errors import SegmentsError
from serving.settings import ServiceSettings
from training.candidates.kmeans_settings import KMeansSettings
from training.settings import Settings, read_settings

CUSTOMERS = 300
AS_OF = date(2026, 7, 1)
NO_BYTECODE = "PYTHONDONTWRITEBYTECODE"
COMPILED = ("cli", "commands.customers", "segment_model.model", "click", "pandas", "ibis", "mlflow", "bentoml")
TWO_ROWS = "customer_id,ordered_at,amount\na,2026-05-01,10\nb,2026-06-01,20\n"
TWO_ROWS_SETTINGS = "as_of: 2026-07-01\nsources:\n  orders: {file: two_rows.csv}\n"


class StartupError(SegmentsError):
    """A command failed, or there is no bytecode to start from."""


def run(size: int) -> dict[str, object]:
    """Measure each command `size` times.

    Returns
    -------
    dict
        Processor seconds by command (`features_cpu_s`, ...), and of a worker until it is ready.

    Raises
    ------
    StartupError
        If a command fails, or Python keeps no bytecode of it.
    """
    environment = {name: value for name, value in os.environ.items() if name != NO_BYTECODE}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_project(folder)
        figures = {
            f"{command}_cpu_s": least_seconds(arguments, folder, environment, size)
            for command, arguments in commands(folder).items()
        }
        figures["worker_ready_cpu_s"] = least(lambda: worker_seconds(folder, environment), size)
    check_bytecode()
    for figure, seconds in figures.items():
        print(f"{figure:20} {seconds:6.2f}")
    return {"benchmark": "startup", **figures}


def make_project(folder: Path) -> None:
    """Fill the folder with tables, settings, vectors, a registry with a KMeans champion, and its files."""
    write_company(simulate(CUSTOMERS, 1, AS_OF), folder)
    (folder / "two_rows.csv").write_text(TWO_ROWS, encoding="utf-8")
    (folder / "two_rows.yaml").write_text(TWO_ROWS_SETTINGS, encoding="utf-8")
    settings, _ = read_settings(folder / "segments.yaml")
    outcome = run_discovery(_with_kmeans(settings), folder, lambda _: None, lambda *_: None)
    promote(location_of(settings, folder), outcome.version, "champion")
    outcome.discovery.model.save(folder / "model")
    write_vectors(vectors_of(settings, folder, learned_by(outcome.discovery.model)), folder / "vectors.parquet")


def _with_kmeans(settings: Settings) -> Settings:
    kmeans = KMeansSettings(segments=4, starts=1)
    # so few customers give no verdict, which is not measured here
    discovery = settings.discovery.model_copy(update={"algorithms": (kmeans,), "force": True})
    return settings.model_copy(update={"discovery": discovery})


def commands(folder: Path) -> dict[str, list[str]]:
    """The arguments of each command that is measured, by its figure's name."""
    vectors, settings = str(folder / "vectors.parquet"), ["--config", str(folder / "segments.yaml")]
    return {
        "features": ["features", str(folder / "two_rows.yaml"), "--out", str(folder / "two_rows.parquet")],
        "list": ["list", *settings],
        "assign": ["assign", vectors, "--out", str(folder / "assigned.csv"), *settings],
        "explain": ["explain", "C000001", "--vectors", vectors, *settings],
        "help": ["--help"],
    }


def least_seconds(arguments: Sequence[str], folder: Path, environment: Mapping[str, str], runs: int) -> float:
    """The least processor seconds of `runs` runs of a command, as `least` counts them.

    Raises
    ------
    StartupError
        If the command fails.
    """
    return least(lambda: _command_seconds(arguments, folder, environment), runs)


def least(measure: Callable[[], float], runs: int) -> float:
    """The least of `runs` measurements after one that is not counted; a single one has none before it."""
    if runs > 1:
        measure()
    return min(measure() for _ in range(runs))


def _command_seconds(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> float:
    before = _children_seconds()
    program = [str(Path(sys.executable).with_name("segments")), *arguments]
    ended = subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise StartupError(f"`segments {' '.join(arguments)}` failed: {ended.stderr.strip()[-300:]}")
    return _children_seconds() - before


def _children_seconds() -> float:
    """Processor seconds of all children that have ended so far, and of theirs."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def worker_seconds(folder: Path, environment: Mapping[str, str]) -> float:
    """Processor seconds that the only worker of a service has taken when it is ready, its model read from files."""
    with started(ServiceSettings(model_path=folder / "model"), folder / "log", environment) as service:
        return max(service.worker_seconds().values())


def check_bytecode() -> None:
    """Check that Python found or left bytecode of what the commands import.

    Raises
    ------
    StartupError
        If a module has none, for example because its folder is not writable.
    """
    for name in COMPILED:
        spec = find_spec(name)
        if spec is None or spec.cached is None or not Path(spec.cached).exists():
            raise StartupError(f"there is no bytecode of {name}: run `make install`, or let Python write it")
