"""DuckDB and PostgreSQL compute the same record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from itertools import count
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
import pytest

from analytics.compute import compute_record
from analytics.experiments.exposures import first_exposures, money_rows, rate_counts
from analytics.fetched import fetched
from analytics.goals.goal import Goal
from analytics.goals.outcomes import outcomes
from analytics.history import DatedRows, History
from analytics.month_ends import MonthEnds
from analytics.options import RecordOptions
from analytics.ranking.measures import MEASURES, month_before
from analytics.ranking.ranked_accounts import ranked_accounts, with_amounts
from analytics.record import AnalystRecord
from segment_model.contract import Column, Kind, Role, VectorContract

TABLES = ("figures", "sizes", "flows", "cohorts", "retention", "survival", "shares", "quartiles")
CONTRACT = VectorContract((Column("plan", Kind.CATEGORY, Role.DESCRIPTOR),))
CUSTOMERS = [f"c{number}" for number in range(38)] + ["李", "O'Brien"]
PG_TYPES = {"int64": "bigint", "datetime64[us]": "timestamp", "bool": "boolean", "float64": "double precision"}


class Postgres:
    """A schema of its own; `place` makes a table of a frame, `keep` one of an expression."""

    def __init__(self, url: str) -> None:
        self.backend = ibis.connect(url)
        self._numbers = count()

    def place(self, frame: pd.DataFrame) -> ir.Table:
        name = f"placed_{next(self._numbers)}"
        columns = ", ".join(f'"{n}" {PG_TYPES.get(str(t), "text")}' for n, t in frame.dtypes.items())
        rows = [tuple(None if pd.isna(v) else v for v in row) for row in frame.astype(object).itertuples(index=False)]
        with self.backend.con.cursor() as cursor:
            cursor.execute(f'CREATE TEMP TABLE "{name}" ({columns})')
            cursor.executemany(f'INSERT INTO "{name}" VALUES ({", ".join(["%s"] * frame.shape[1])})', rows)  # noqa: S608
        return self.backend.table(name)

    def keep(self, table: ir.Table) -> ir.Table:
        name = f"kept_{next(self._numbers)}"
        with self.backend.con.cursor() as cursor:
            cursor.execute(f'CREATE TEMP TABLE "{name}" AS {self.backend.compile(table)}')
        return self.backend.table(name)


@pytest.fixture
def postgres(postgres_url: str) -> Iterator[Postgres]:
    engine = Postgres(postgres_url)
    yield engine
    engine.backend.disconnect()


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    """Terms with trials, orders and events of forty customers, two of whom have names that need care."""
    generator = np.random.default_rng(6)

    def moments(n: int) -> pd.Series[Any]:
        hours = generator.integers(0, 500 * 24, n)
        return pd.Series(pd.Timestamp("2016-09-01") + pd.to_timedelta(hours, "h")).astype("datetime64[us]")

    owners = [CUSTOMERS[place] for place in generator.integers(0, 40, 120)]
    terms = pd.DataFrame({"customer_id": owners, "started_at": moments(120)})
    ends = terms.started_at + pd.to_timedelta(generator.integers(10, 200, 120), "D")
    terms = terms.assign(
        ended_at=ends.where(ends < pd.Timestamp("2018-01-01")).astype("datetime64[us]"),
        cents=generator.integers(0, 20, 120) * 50_000,
        is_trial=generator.random(120) < 0.15,
    )
    orders = pd.DataFrame({"customer_id": [CUSTOMERS[p] for p in generator.integers(0, 40, 400)]})
    orders = orders.assign(ordered_at=moments(400), cents=generator.integers(-50_000, 900_000, 400))
    events = pd.DataFrame({"customer_id": [CUSTOMERS[p] for p in generator.integers(0, 40, 300)]})
    names = [("export", "share", "login")[p] for p in generator.integers(0, 3, 300)]
    return {"terms": terms, "orders": orders, "events": events.assign(occurred_at=moments(300), name=names)}


@pytest.mark.parametrize("kinds", [("terms", "events"), ("orders",)])
def test_the_record_is_the_same(
    kinds: tuple[str, ...],
    tables: dict[str, pd.DataFrame],
    engine: Any,
    postgres: Postgres,
    month_ends: Callable[..., MonthEnds],
    members_of: Callable[..., pd.DataFrame],
) -> None:
    ends = month_ends(date(2017, 1, 1), 12)
    places = {customer: place for place, customer in enumerate(CUSTOMERS)}
    members = members_of(
        CUSTOMERS,
        ends,
        segment=lambda customer, position: f"s{(places[customer] + position // 5) % 3}",
        plan=lambda customer, _: ("pro", "basic", None)[places[customer] % 3],
    )
    vectors = pd.DataFrame({"plan": ["pro", "basic"] * 20}, index=CUSTOMERS)
    labels = pd.Series([f"s{place % 3}" for place in range(40)], index=vectors.index, dtype="str")

    def record(place: Callable[[pd.DataFrame], ir.Table], keep: Callable[[ir.Table], ir.Table]) -> AnalystRecord:
        dated = {kind: DatedRows(place(tables[kind]), place(members)) for kind in kinds}
        history = History(ends, ("s0", "s1", "s2"), compared=("plan",), keep=keep, **dated)
        return compute_record(history, vectors, labels, CONTRACT, RecordOptions(floor=3))

    embedded, served = record(engine.place, engine.keep), record(postgres.place, postgres.keep)
    for name in TABLES:
        own, other = getattr(embedded, name), getattr(served, name)
        assert len(own) > 0 or name in ("survival", "quartiles")
        keys = [column for column in own if not pd.api.types.is_float_dtype(own[column])]
        pd.testing.assert_frame_equal(
            own.sort_values(keys, ignore_index=True), other.sort_values(keys, ignore_index=True), check_dtype=False
        )
    assert embedded.notes == served.notes


def test_ranks_and_experiments_are_the_same(tables: dict[str, pd.DataFrame], engine: Any, postgres: Postgres) -> None:
    now, until = datetime(2017, 10, 1), datetime(2017, 12, 1)
    members = pd.DataFrame(
        {"customer_id": CUSTOMERS, "segment_id": "s1", "strength": 0.5, "representative": np.int64(1)}
    )
    exposures = pd.DataFrame(
        {
            "customer_id": [*CUSTOMERS, *CUSTOMERS[:9]],
            "experiment": ["first"] * 40 + ["second"] * 9,
            "arm": [("control", "mail")[place % 2] for place in range(49)],
            "exposed_at": pd.Timestamp("2017-09-01") + pd.to_timedelta(pd.Series(range(49)), "D"),
        }
    ).astype({"exposed_at": "datetime64[us]"})

    def computed(place: Callable[[pd.DataFrame], ir.Table]) -> list[pd.DataFrame]:
        rows = {name: place(table) for name, table in tables.items()}
        accounts = []
        for measure in MEASURES.values():
            own = rows["terms" if measure.table == "subscriptions" else measure.table]
            amounts = with_amounts(place(members), measure.amounts(own, now, month_before(now)))
            accounts.append(fetched(ranked_accounts(amounts, by_change=False, most=30), measure.name))
        firsts = fetched(first_exposures(place(exposures)), "firsts")
        exposed = place(exposures.assign(segment="s1"))
        starts = exposed.select("customer_id", starts_at="exposed_at")
        decided = outcomes(Goal("order", "orders", within_days=30), rows["orders"], starts, until)
        money = money_rows(exposed, rows["orders"], 30, until)
        sums = [rate_counts(exposed, decided), money.sort_values([*money.columns], ignore_index=True)]
        return [*accounts, firsts.sort_values(["experiment", "customer_id"], ignore_index=True), *sums]

    for embedded, served in zip(computed(engine.place), computed(postgres.place), strict=True):
        assert len(embedded)
        pd.testing.assert_frame_equal(embedded, served, check_dtype=False)
