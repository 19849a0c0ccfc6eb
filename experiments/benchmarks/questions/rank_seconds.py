"""How long the list of all accounts takes, with segment, strength and reasons, from orders in a Parquet file."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import duckdb

from jobs.accounts.rank import ranking
from jobs.discover import run_discovery
from jobs.registry_location import location_of
from registry.versions.promotions import promote
from training.settings import Settings, parse_settings

TRAINING = 2_000  # customers from whom the model is made


def rank_seconds(customers: int = 1_000_000) -> dict[str, object]:
    """The seconds of ranking so many customers by revenue, all batches consumed, and how many were listed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_orders(folder / "training.parquet", min(customers, TRAINING))
        _write_orders(folder / "orders.parquet", customers)
        outcome = run_discovery(_settings("training"), folder, lambda _: None, lambda *_: None)
        promote(location_of(_settings("training"), folder), outcome.version, "champion")
        begun = time.perf_counter()
        with ranking(_settings("orders"), folder, "champion", "revenue", None, None, None, lambda _: None) as accounts:
            listed = sum(len(batch) for batch in accounts.batches)
        return {"rank_seconds_1m": round(time.perf_counter() - begun, 1), "ranked_customers": listed}


def _settings(file: str) -> Settings:
    return parse_settings(
        {
            "as_of": "2026-07-01",
            "sources": {"orders": {"file": f"{file}.parquet"}},
            "features": {"rfm": {"scores": False}},
            "discovery": {"algorithms": [{"algorithm": "kmeans", "segments": 4, "starts": 1}], "force": True},
        }
    )


def _write_orders(file: Path, customers: int) -> None:
    """Four orders of each customer within half a year; a customer's money is its own, and one in three is large."""
    with duckdb.connect() as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(
            f"""COPY (
            SELECT 'c' || lpad(CAST(id AS VARCHAR), 8, '0') AS customer_id,
                   TIMESTAMP '2026-07-01' - to_hours(CAST(1 + hash(id * 7 + o) % (180 * 24) AS BIGINT)) AS ordered_at,
                   round(exp(2 + (hash(id) % 1000) / 500.0 + 2 * (hash(id + 1) % 3 = 0)::INTEGER), 2) AS amount
            FROM range({customers}) t(id), range(4) s(o)) TO '{file}' (FORMAT parquet)"""  # noqa: S608
        )
