"""The external data, and one case table written for every engine."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import duckdb
import numpy as np
import pandas as pd
import psycopg
import pytest

from features.customer_vector import build_vectors
from features.learned import LearnedFeatures
from features.settings import FeatureSettings, Sources
from features.vector_table import CustomerVectors

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def external_data(needed: Callable[..., Any]) -> Path:
    """The folder of real and reference data."""
    folder = Path(os.environ.get("SEGMENTS_DATA", REPOSITORY / ".." / "shared" / "data")).resolve()
    existing = folder if folder.is_dir() else None
    return Path(needed(existing, "the external data is absent: set SEGMENTS_DATA to its folder"))


@pytest.fixture(scope="session")
def retailer() -> dict[str, Any]:
    """The sources of the demo's retailer in `complete_journey`; two households in three have no demographics."""
    return {
        "orders": {
            "file": "transactions.parquet",
            "columns": {
                "customer_id": "household_id",
                "order_id": "basket_id",
                "ordered_at": "transaction_timestamp",
                "amount": "sales_value",
                "discount": "retail_disc",
            },
        },
        "events": {
            "file": "coupon_redemptions.parquet",
            "columns": {"customer_id": "household_id", "occurred_at": "redemption_date", "feature": "campaign_id"},
        },
        "customers": {
            "file": "demographics.parquet",
            "columns": {"customer_id": "household_id"},
            "attributes": {"age": {"kind": "category"}, "kids": {"kind": "category", "column": "kids_count"}},
        },
    }


class Build(Protocol):
    """Vectors of frames, by raw table name."""

    def __call__(
        self,
        tables: dict[str, pd.DataFrame],
        as_of: date,
        settings: dict[str, Any] | None = None,
        learned: LearnedFeatures | None = None,
        **more: dict[str, Any],
    ) -> CustomerVectors: ...


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Writes the frames as Parquet and builds; `more` adds keys to the source of a table."""

    def build_tables(
        tables: dict[str, pd.DataFrame],
        as_of: date,
        settings: dict[str, Any] | None = None,
        learned: LearnedFeatures | None = None,
        **more: dict[str, Any],
    ) -> CustomerVectors:
        sources = {}
        for name, frame in tables.items():
            frame.to_parquet(tmp_path / f"{name}.parquet", index=False)
            sources[name] = {"file": f"{name}.parquet", **more.get(name, {})}
        chosen = FeatureSettings.model_validate(settings or {})
        return build_vectors(Sources.model_validate(sources), chosen, as_of, tmp_path, learned)

    return build_tables


def case_tables() -> dict[str, pd.DataFrame]:
    """Forty customers with gaps, refunds, ties, unicode ids, rows after 2024-07-01 and rows without a customer."""
    random = np.random.default_rng(7)
    start, names = datetime(2024, 1, 1), [f"C{i:03d}" for i in range(36)] + ["Zoë", "李", "0042", "o'brien"]

    def moments(n: int) -> list[datetime]:
        return [start + timedelta(seconds=int(s)) for s in random.integers(0, 200 * 86400, n)]

    def pick(n: int, words: list[str | None]) -> list[str | None]:
        return [words[i] for i in random.integers(0, len(words), n)]

    orders = pd.DataFrame(
        {
            "customer_id": pick(600, [*names, None]),
            "order_id": [f"O{i}" for i in random.integers(0, 400, 600)],
            "ordered_at": moments(600),
            "amount": np.round(random.normal(40, 30, 600), 2),
            "discount": np.where(random.random(600) < 0.7, np.nan, np.round(random.random(600) * 5, 2)),
        }
    )
    events = pd.DataFrame(
        {
            "customer_id": pick(900, list(names[:30])),
            "occurred_at": moments(900),
            "feature": pick(900, ["search", "export", "Ärger", None]),
            "device": pick(900, ["phone", "desktop"]),
            "quantity": random.integers(0, 5, 900).astype(float),
            "allowed": 50.0,
        }
    )
    customers = pd.DataFrame(
        {
            "customer_id": names,
            "industry": pick(40, ["retail", "software", "Bäckerei", None]),
            "employees": np.where(random.random(40) < 0.2, np.nan, random.integers(1, 900, 40)),
            "is_public": pick(40, ["yes", "no", None]),
        }
    )
    subscriptions = pd.DataFrame(
        {
            "customer_id": pick(80, list(names[5:])),
            "started_at": moments(80),
            "mrr": random.integers(1, 20, 80) * 10.5,
            "plan": pick(80, ["basic", "pro"]),
            "seats": random.integers(5, 9, 80).astype(float),
            "seats_used": random.integers(0, 6, 80).astype(float),
        }
    )
    subscriptions.loc[::9, "seats"] = np.nan
    subscriptions.loc[5::11, "seats_used"] = np.nan
    gone = random.random(80) < 0.4
    ended = [s + timedelta(days=40) if g else pd.NaT for s, g in zip(subscriptions.started_at, gone, strict=True)]
    subscriptions["ended_at"] = pd.Series(ended, dtype="datetime64[us]")
    subscriptions["trial"] = random.choice([0.0, 1.0, np.nan], 80, p=[0.6, 0.2, 0.2])
    return {"orders": orders, "events": events, "customers": customers, "subscriptions": subscriptions}


@pytest.fixture(scope="session")
def case_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The case table as Parquet, CSV and a DuckDB file."""
    folder = tmp_path_factory.mktemp("case")
    with duckdb.connect(str(folder / "shop.duckdb")) as database:
        for name, frame in case_tables().items():
            frame.to_parquet(folder / f"{name}.parquet", index=False)
            frame.to_csv(folder / f"{name}.csv", index=False)
            database.execute(f"CREATE TABLE {name} AS FROM '{folder / name}.parquet'").fetchall()
    return folder


@pytest.fixture(scope="session")
def case_postgres(postgres_url: str) -> str:
    """The case table in PostgreSQL, in its own schema; the URL."""
    types = {"M": "timestamp", "f": "double precision"}
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA shop")
        for name, frame in case_tables().items():
            columns = ", ".join(f"{c} {types.get(frame[c].dtype.kind, 'text')}" for c in frame.columns)
            connection.execute(f"CREATE TABLE shop.{name} ({columns})")
            rows = frame.astype(object).where(frame.notna(), None).itertuples(index=False)
            with connection.cursor().copy(f"COPY shop.{name} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row([v.to_pydatetime() if isinstance(v, pd.Timestamp) else v for v in row])
    return postgres_url
