"""One service in processes of its own, with keys and limits on, and callers whose answers are known beforehand.

The tests of this folder are short unless `SEGMENTS_TORTURE=full`, as `make torture` sets it. What they measure they
record as properties of the test, from which `experiments.torture` makes the table of `docs/torture.md`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from experiments.load.callers import as_json, request_bytes
from experiments.load.raw_requests import under_our_names
from experiments.load.service_process import Running, started
from experiments.simulated_company.company import SimulatedCompany, simulate, write_company
from features.vector_table import CustomerVectors
from jobs.customer_vectors import vectors_of
from jobs.run_content.provenance import provenance
from segments import Kind, SegmentModel
from serving.gateway.api_keys import add_key
from serving.settings import ServiceSettings
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import discover
from training.settings import DiscoverySettings, Settings, parse_settings

AS_OF = date(2026, 7, 1)
FULL = os.environ.get("SEGMENTS_TORTURE") == "full"


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
class Company:
    """A simulated company, its four tables, and what was made of them."""

    tables: SimulatedCompany
    settings: Settings
    vectors: CustomerVectors

    def raw(self, customer: str) -> dict[str, Any]:
        """A customer's rows, as `/assign_records` takes them."""
        frames = {name: getattr(self.tables, name) for name in ("orders", "events", "subscriptions")}
        (attributes,) = self._rows("customers", self.tables.customers, customer)
        return {
            "id": customer,
            **{name: self._rows(name, frame, customer) for name, frame in frames.items()},
            "attributes": attributes,
        }

    def _rows(self, table: str, frame: pd.DataFrame, customer: str) -> list[dict[str, Any]]:
        columns = [name for name in self.vectors.columns[table] if name != "customer_id"]
        own = under_our_names(table, frame[frame.account_id == customer], self.settings.sources, columns)
        return [{name: as_json(value) for name, value in row.items()} for row in own.to_dict("records")]


@dataclass(frozen=True)
class Crowd:
    """Customers all different, as requests carry them, and the segment and strength that the model itself gives each.

    `raw` are some others, by their rows.
    """

    customers: list[dict[str, Any]]
    segments: list[str]
    strengths: list[float]
    raw: list[dict[str, Any]]


@pytest.fixture
def amount() -> Callable[[Any, Any], Any]:
    """`amount(short, full)`: the one of this run."""

    def choose(short: Any, full: Any) -> Any:
        return full if FULL else short

    return choose


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    folder = tmp_path_factory.mktemp("company")
    tables = simulate(150, 5, AS_OF)
    write_company(tables, folder)
    settings = parse_settings(yaml.safe_load((folder / "segments.yaml").read_text()))
    return Company(tables, settings, vectors_of(settings, folder))


@pytest.fixture(scope="session")
def served(company: Company) -> SegmentModel:
    """The model in service: it knows how its features are made, so that every route of the service has work to do."""
    tried = DiscoverySettings(algorithms=(KMeansSettings(segments=4),), force=True)
    vectors = company.vectors
    return discover(vectors.frame, vectors.contract, tried, provenance(company.settings, vectors)).model


@pytest.fixture(scope="session")
def crowd(served: SegmentModel, company: Company) -> Crowd:
    """5,000 strangers around the company's 150."""
    generator = np.random.default_rng(11)
    vectors = company.vectors.frame
    frame = vectors.iloc[generator.integers(0, len(vectors), 5000)].copy()
    frame.index = pd.Index([f"K{number:05d}" for number in range(len(frame))], dtype="str")
    for column in served.contract.basis:
        if column.kind is Kind.NUMBER:
            frame[column.name] *= generator.lognormal(0, 0.3, len(frame))
    names = [column.name for column in served.contract.basis]
    records = frame[names].astype(object).where(frame[names].notna(), None).to_dict(orient="records")
    assigned = served.assign(frame)
    customers = [{"id": name, "features": features} for name, features in zip(frame.index, records, strict=True)]
    raw = [company.raw(name) for name in vectors.index[:50]]
    return Crowd(customers, assigned["segment_id"].tolist(), assigned["strength"].tolist(), raw)


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., AbstractContextManager[Service]]:
    """`start(model, **settings)`: a service with a key and limits of its own, stopped at the end."""

    @contextmanager
    def running(model: SegmentModel, **more: Any) -> Iterator[Service]:
        folder = tmp_path_factory.mktemp("torture")
        model.save(folder / "model")
        key = add_key(folder / "keys.json", "torture")
        usual = {"requests_per_second": 100_000, "max_concurrency": 64}
        settings = ServiceSettings(**{**usual, **more}, model_path=folder / "model", api_keys_file=folder / "keys.json")
        environment = {**os.environ, "BENTOML_HOME": str(folder / "bentoml")}
        try:
            with started(settings, folder / "log", environment) as running:
                yield Service(running, key)
        finally:
            print((folder / "log").read_text()[-3000:])  # noqa: T201  # pytest shows it where a test fails

    return running


@pytest.fixture(scope="session")
def service(served: SegmentModel, start: Callable[..., AbstractContextManager[Service]]) -> Iterator[Service]:
    with start(served) as running:
        yield running
