"""DuckDB and PostgreSQL compute the same figures from the same rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from itertools import count
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import psycopg
import pytest

from analytics.compute import compute_record
from analytics.history import DatedRows, History
from analytics.month_ends import MonthEnds
from analytics.options import RecordOptions
from segment_model.contract import VectorContract

TERMS = 50_000  # of some 18,000 customers
TYPES = {"i": "bigint", "M": "timestamp", "b": "boolean"}


class Postgres:
    """A PostgreSQL: `place` makes a table of a frame, `keep` one of an expression."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.backend = ibis.postgres.from_connection(connection)
        self._numbers = count()

    def place(self, frame: pd.DataFrame) -> ir.Table:
        name = f"analytics_{next(self._numbers)}"
        columns = ", ".join(f"{c} {TYPES.get(frame[c].dtype.kind, 'text')}" for c in frame.columns)
        self.backend.con.execute(f"CREATE TEMP TABLE {name} ({columns})")
        rows = frame.astype(object).where(frame.notna(), None).itertuples(index=False)
        with self.backend.con.cursor().copy(f"COPY {name} FROM STDIN") as copy:
            for row in rows:
                copy.write_row([v.to_pydatetime() if isinstance(v, pd.Timestamp) else v for v in row])
        return self.backend.table(name)

    def keep(self, table: ir.Table) -> ir.Table:
        name = f"analytics_{next(self._numbers)}"
        self.backend.con.execute(f"CREATE TEMP TABLE {name} AS {self.backend.compile(table)}")
        return self.backend.table(name)


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Postgres]:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield Postgres(connection)


def test_the_same_figures(
    engine: Any, postgres: Postgres, terms_frame: Any, members_of: Any, month_ends: Callable[..., MonthEnds]
) -> None:
    random = np.random.default_rng(2)
    ends = month_ends(date(2024, 1, 1), 3)
    starts = pd.Timestamp("2022-10-01") + pd.to_timedelta(random.integers(0, 540, TERMS), "D")
    lengths = random.integers(5, 500, TERMS)
    rows = [
        (f"k{random.integers(0, 20_000)}", start, start + pd.Timedelta(days=int(days)) if days < 400 else None,
         round(float(random.lognormal(3, 1)), 2), bool(random.random() < 0.15))
        for start, days in zip(starts, lengths, strict=True)
    ]  # fmt: skip
    terms = terms_frame(rows, "is_trial")
    orders = pd.DataFrame(
        {
            "customer_id": terms.customer_id,
            "ordered_at": terms.started_at,
            "order_id": [f"o{n // 2}" for n in range(TERMS)],
            "cents": terms.cents,
            "cost_cents": terms.cents // 3,
        }
    )
    members = members_of(
        sorted(set(terms.customer_id)), ends,
        segment=lambda customer, position: f"s{(int(customer[1:]) + position // 2) % 3}",
        plan=lambda customer, _: None if customer.endswith("7") else f"Plän {customer[-1]}",
    )  # fmt: skip
    figures = {}
    for name, place in (("duckdb", engine), ("postgres", postgres)):
        own = place.place(members)
        tables = {"terms": DatedRows(place.place(terms), own), "orders": DatedRows(place.place(orders), own)}
        history = History(ends, ("s0", "s1", "s2"), compared=("plan",), keep=place.keep, **tables)
        record = compute_record(
            history, pd.DataFrame(), pd.Series(dtype="str"), VectorContract(()), RecordOptions(floor=5)
        )
        keys = ["figure", "grouping", "group", "period"]
        figures[name] = record.figures.sort_values(keys, ignore_index=True)
    exact, rounded = ["figure", "grouping", "group", "period", "n", "mark", "note", "value"], ["low", "high"]
    pd.testing.assert_frame_equal(figures["duckdb"][exact], figures["postgres"][exact], rtol=1e-12)
    pd.testing.assert_frame_equal(figures["duckdb"][rounded], figures["postgres"][rounded], rtol=1e-8)
    assert len(figures["duckdb"]) > 500
