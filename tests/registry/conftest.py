"""A registry in a folder of the test, the story of a discovery, and a champion of each algorithm to read."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry.connection import RegistryLocation, connected
from registry.runs.discovery_runs import log_discovery
from registry.runs.records import DiscoveryRecord
from registry.versions.promotions import promote
from registry.versions.registration import register
from segments import SegmentModel
from tests.registries import registry_in

PNG = b"\x89PNG\r\n\x1a\n and so on"


def make_record(model: SegmentModel | None, vectors: pd.DataFrame) -> DiscoveryRecord:
    return DiscoveryRecord(
        name="planted company",
        settings={"as_of": "2026-01-31", "discovery": {"kmeans": {"k": [2, 3]}, "seed": 3, "note": "x" * 9000}},
        parameters={"as_of": "2026-01-31", "discovery.kmeans.k": [2, 3], "discovery.note": "x" * 9000},
        vectors=vectors,
        data_digest="sha256:" + "ab" * 32,
        data_source="orders.parquet",
        model=model,
        metrics={"silhouette": 0.75, "stability": 0.9, "null_gap": float("nan"), "adjusted_rand": None},
        tags={"verdict": "clear"},
        versions={"numpy": np.__version__},
        tables={
            "segments": pd.DataFrame({"name": ["<b>loyal</b>", "Grüße"], "median spend": [1234.5, 0.123456]}),
            "candidates": pd.DataFrame(
                {
                    "candidate": ["kmeans, 2 segments", "kmeans, 3 segments"],
                    "silhouette": [float("nan"), 0.75],
                    "chosen": [False, True],
                    "remark": ["refused: „Größe“", "chosen"],
                }
            ),
        },
        figures={"silhouette": PNG},
        texts={"report.html": "<h1>Grüße</h1>", "run.md": "# Run"},
        note="| segment |\n|---|\n| Grüße |",
        began=1_700_000_000.0,
        ended=1_700_000_042.5,
    )


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of a registry take seconds to make; each test starts from a copy."""
    location = registry_in(tmp_path_factory.mktemp("empty"))
    with connected(location, create=True) as connection:
        connection.client.search_registered_models()
    assert location.database is not None
    return location.database


@pytest.fixture(scope="session")
def make_location(empty_database: Path) -> Callable[[Path], RegistryLocation]:
    def make(folder: Path) -> RegistryLocation:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(empty_database, folder / "mlflow.db")
        return registry_in(folder)

    return make


@pytest.fixture
def location(tmp_path: Path, make_location: Callable[[Path], RegistryLocation]) -> RegistryLocation:
    return make_location(tmp_path / "registry")


@pytest.fixture(scope="session")
def record(planted: Any, kmeans_model: SegmentModel) -> DiscoveryRecord:
    return make_record(kmeans_model, planted.frame)


@pytest.fixture(scope="session")
def logged(
    tmp_path_factory: pytest.TempPathFactory,
    make_location: Callable[[Path], RegistryLocation],
    record: DiscoveryRecord,
) -> tuple[RegistryLocation, str]:
    """A registry whose version 1, by KMeans, is the champion, and the run that logged it; to be read only."""
    location = make_location(tmp_path_factory.mktemp("logged"))
    run_id = log_discovery(location, record)
    promote(location, register(location, run_id))
    return location, run_id


@pytest.fixture(scope="session")
def logged_hdbscan(
    tmp_path_factory: pytest.TempPathFactory,
    make_location: Callable[[Path], RegistryLocation],
    planted: Any,
    hdbscan_model: SegmentModel,
) -> tuple[RegistryLocation, str]:
    """The same by HDBSCAN."""
    location = make_location(tmp_path_factory.mktemp("logged-hdbscan"))
    run_id = log_discovery(location, make_record(hdbscan_model, planted.frame))
    promote(location, register(location, run_id))
    return location, run_id
