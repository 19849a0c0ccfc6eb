"""One service in processes of its own, with keys and limits on, and callers whose answers are known beforehand.

The tests of this folder are short unless `SEGMENTS_TORTURE=full`, as `make torture` sets it. What they measure they
record as properties of the test, from which `experiments.torture` makes the table of `docs/torture.md`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.callers import request_bytes
from experiments.service_process import Running, started
from segments import SegmentModel
from serving.keys import add_key
from serving.settings import ServiceSettings

FULL = os.environ.get("SEGMENTS_TORTURE") == "full"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.torture)


@dataclass(frozen=True)
class Service:
    """A running service and the key that opens it."""

    running: Running
    key: str

    @property
    def url(self) -> str:
        return self.running.url

    def request(self, method: str, path: str, value: Any = None, **more: Any) -> bytes:
        return request_bytes(
            method, path, value, {"Authorization": f"Bearer {self.key}", **more.pop("headers", {})}, **more
        )

    def assign(self, customers: list[dict[str, Any]], **more: Any) -> bytes:
        return self.request("POST", "/assign", {"customers": customers, **more})


@dataclass(frozen=True)
class Crowd:
    """Customers all different, as requests carry them, and the segment that the model itself gives each."""

    customers: list[dict[str, Any]]
    segments: list[str]


@pytest.fixture
def amount() -> Callable[[Any, Any], Any]:
    """`amount(short, full)`: the one of this run."""

    def choose(short: Any, full: Any) -> Any:
        return full if FULL else short

    return choose


@pytest.fixture(scope="session")
def crowd(kmeans_model: SegmentModel, planted: Any) -> Crowd:
    """5,000 strangers around the 400 of the planted company."""
    generator = np.random.default_rng(11)
    frame = planted.frame.iloc[generator.integers(0, len(planted.frame), 5000)].copy()
    frame.index = pd.Index([f"K{number:05d}" for number in range(len(frame))], dtype="str")
    frame["monetary_value"] *= generator.lognormal(0, 0.3, len(frame))
    frame["recency_days"] += generator.integers(0, 30, len(frame))
    names = [column.name for column in kmeans_model.contract.basis]
    records = frame[names].astype(object).where(frame[names].notna(), None).to_dict(orient="records")
    found = kmeans_model.assign(frame)
    customers = [{"id": name, "features": features} for name, features in zip(frame.index, records, strict=True)]
    return Crowd(customers, found["segment_id"].tolist())


@pytest.fixture(scope="session")
def service(kmeans_model: SegmentModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("torture")
    kmeans_model.save(folder / "model")
    key = add_key(folder / "keys.json", "torture")
    settings = ServiceSettings(
        model_path=folder / "model", api_keys_file=folder / "keys.json", requests_per_second=100_000, max_concurrency=64
    )
    environment = {**os.environ, "BENTOML_HOME": str(folder / "bentoml")}
    try:
        with started(settings, folder / "log", environment) as running:
            yield Service(running, key)
    finally:
        print((folder / "log").read_text()[-3000:])  # noqa: T201  # pytest shows it where a test fails
