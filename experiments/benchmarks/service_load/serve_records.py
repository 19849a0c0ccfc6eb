"""Latency of `/assign_records`: raw rows of a simulated company, over HTTP, one request after the other.

"200 records" may mean 200 raw rows or 200 customers with their rows: both are measured.
"""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd

from experiments.benchmarks.service_load.serve_sides import service_settings
from experiments.benchmarks.service_load.wrk import LoadError
from experiments.load.raw_requests import under_our_names
from experiments.load.service_process import HOST, started
from experiments.simulated_company.company import simulate, write_company
from jobs.customer_vectors import vectors_of
from jobs.run_content.provenance import provenance
from segment_model.model import SegmentModel
from serving.gateway.api_keys import add_key
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import discover
from training.settings import DiscoverySettings, Settings, read_settings

AS_OF = date(2026, 7, 1)
RECORDS = 200
LATEST = 10  # orders and events of each customer, where many are sent: a request cannot hold their years
ROW_TABLES = ("orders", "events", "subscriptions")
Customer = dict[str, Any]


def records_latency(folder: Path, requests: int, customers: int = RECORDS) -> dict[str, float]:
    """The median of each request, in ms, of the service with everything on.

    Raises
    ------
    LoadError
        If a request is not answered by 200.
    """
    folder.mkdir()
    model, everyone = company(customers, folder)
    model.save(folder / "model")
    headers = {
        "Authorization": f"Bearer {add_key(folder / 'keys.json', 'benchmark')}",
        "Content-Type": "application/json",
    }
    many = [customer | {table: customer[table][-LATEST:] for table in ("orders", "events")} for customer in everyone]
    sizes = {"assign_records_p50_ms": up_to(everyone, RECORDS), "assign_records_200_customers_p50_ms": many}
    milliseconds = {}
    with started(service_settings(folder, 1), folder / "service.log") as service:
        for name, sent in sizes.items():
            body = json.dumps({"as_of": AS_OF.isoformat(), "customers": sent})
            milliseconds[name] = 1000 * _median_seconds(service.port, body, headers, requests)
            print(f"/assign_records, {rows_of(sent)} rows of {len(sent)} customers: p50 {milliseconds[name]:.1f} ms")
    return milliseconds


def company(customers: int, folder: Path) -> tuple[SegmentModel, list[Customer]]:
    """A model of four raw tables, and its customers as `/assign_records` takes them."""
    simulated = simulate(customers, 5, AS_OF)
    write_company(simulated, folder)
    settings, _ = read_settings(folder / "segments.yaml")
    vectors = vectors_of(settings, folder)
    tried = DiscoverySettings(algorithms=(KMeansSettings(segments=4),), force=True)
    model = discover(vectors.frame, vectors.contract, tried, provenance(settings, vectors)).model
    frames = {name: getattr(simulated, name) for name in (*ROW_TABLES, "customers")}
    rows = {name: _rows(name, frame, settings, vectors.columns[name]) for name, frame in frames.items()}
    return model, [
        {"id": name, **{table: rows[table].get(name, []) for table in ROW_TABLES}, "attributes": attributes}
        for name, (attributes,) in rows["customers"].items()
    ]


def up_to(customers: Sequence[Customer], rows: int) -> list[Customer]:
    """The first customers, whole, as long as they have no more rows than that together."""
    chosen: list[Customer] = []
    for customer in customers:
        if rows_of([*chosen, customer]) <= rows:
            chosen.append(customer)
    return chosen


def rows_of(customers: Sequence[Customer]) -> int:
    """Raw rows; the attributes of a customer are one."""
    return sum(1 + sum(len(customer[table]) for table in ROW_TABLES) for customer in customers)


def _rows(table: str, frame: pd.DataFrame, settings: Settings, columns: Sequence[str]) -> dict[str, list[Any]]:
    """The rows of each customer under our column names, as JSON has them."""
    renamed = under_our_names(table, frame, settings.sources, columns)
    rows: dict[str, list[Any]] = {}
    for row in json.loads(renamed.to_json(orient="records", date_format="iso")):
        rows.setdefault(row.pop("customer_id"), []).append(row)
    return rows


def _median_seconds(port: int, body: str, headers: Mapping[str, str], requests: int) -> float:
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    times = []
    for _ in range(requests):
        begun = time.perf_counter()
        connection.request("POST", "/assign_records", body, dict(headers))
        reply = connection.getresponse()
        reply_body = reply.read()
        times.append(time.perf_counter() - begun)
        if reply.status != 200:
            raise LoadError(f"/assign_records answered {reply.status}: {reply_body[:300]!r}")
    connection.close()
    return median(times)
