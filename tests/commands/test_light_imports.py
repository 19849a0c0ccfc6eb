"""A command imports what it needs, and not the libraries that fit, draw or serve."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from jobs.discover import run_discovery
from jobs.registry_location import location_of
from registry.versions.promotions import promote
from training.settings import read_settings

FIT_AND_DRAW = {"sklearn", "hdbscan", "umap", "numba", "shap", "matplotlib", "optuna"}
SERVE = {"bentoml", "starlette", "uvicorn", "prometheus_client"}
ENGINES = {"ibis", "duckdb", "psycopg", "sqlglot"}
REGISTRY = {"mlflow", "sqlalchemy"}
FRAMES = {"pandas", "numpy", "pyarrow", "pandera", "scipy"}
SETTINGS = """
as_of: 2026-07-01
sources:
  orders: {file: orders.csv}
features:
  rfm: {scores: false}
discovery:
  algorithms: [{algorithm: kmeans, segments: 2, starts: 1}]
  force: true
"""


@pytest.fixture(scope="module")
def project(
    tmp_path_factory: pytest.TempPathFactory, quick_discovery: Callable[[], AbstractContextManager[None]]
) -> Path:
    """A folder with two kinds of customers, their settings, a champion made by KMeans, and vectors."""
    folder = tmp_path_factory.mktemp("project")
    orders = [
        f"c{customer},2026-0{month}-0{1 + customer % 9},{(10 if customer % 2 else 900) + customer}"
        for customer in range(60)
        for month in range(1, 2 + (customer % 2) * 5)
    ]
    (folder / "orders.csv").write_text("\n".join(["customer_id,ordered_at,amount", *orders]))
    (folder / "segments.yaml").write_text(SETTINGS)
    settings, _ = read_settings(folder / "segments.yaml")
    with quick_discovery():
        outcome = run_discovery(settings, folder, lambda _: None, lambda *_: None)
    promote(location_of(settings, folder), outcome.version, "champion")
    run_command(folder, "features", "segments.yaml", "--model", "champion", "--out", "vectors.parquet")
    return folder


def run_command(folder: Path, *arguments: str) -> set[str]:
    """The top-level packages that a command has imported when it ends."""
    code = (
        "import sys; from cli import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print('IMPORTED', *sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONSAFEPATH": "1"},
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr
    return set(ended.stdout.splitlines()[-1].split()[1:])


@pytest.mark.parametrize(
    ("arguments", "unneeded"),
    [
        (["--help"], FIT_AND_DRAW | SERVE | ENGINES | REGISTRY | FRAMES | {"rich", "pydantic", "yaml"}),
        (["features", "segments.yaml", "--out", "new.parquet"], FIT_AND_DRAW | SERVE | REGISTRY | {"scipy", "psycopg"}),
        (["list"], FIT_AND_DRAW | ENGINES | {"bentoml", "uvicorn"}),
        (["assign", "vectors.parquet", "--out", "assigned.csv"], FIT_AND_DRAW | ENGINES | {"bentoml", "uvicorn"}),
        (["explain", "c1", "--vectors", "vectors.parquet"], FIT_AND_DRAW | ENGINES | {"bentoml", "uvicorn"}),
        (["explain", "c1"], FIT_AND_DRAW | {"bentoml", "uvicorn", "psycopg"}),
        (["sql"], FIT_AND_DRAW | {"bentoml", "uvicorn", "psycopg", "ibis", "duckdb"}),
        (["promote", "1"], FIT_AND_DRAW | ENGINES | {"bentoml", "uvicorn"}),
        (["schema"], FIT_AND_DRAW | SERVE | ENGINES | REGISTRY | FRAMES - {"numpy"}),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else "",
)
def test_a_command_does_not_import(arguments: list[str], unneeded: set[str], project: Path) -> None:
    assert run_command(project, *arguments) & unneeded == set()


def test_a_worker_with_a_kmeans_model_imports_neither_what_fits_nor_the_registry(project: Path) -> None:
    code = (
        "import sys, serving.service, serving.worker\n"
        "from segment_model.model import SegmentModel\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=project, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert set(ended.stdout.split()) & (FIT_AND_DRAW | ENGINES | REGISTRY | {"scipy"}) == set()
