"""One company of hand-checked cases, each case a customer; and a random company of 20,000: the same on every engine.

Texts have a table of their own (`text/test_cases.py`), and so have expressions (`groups/test_own_features.py`).
"""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv
import pytest

from features.customer_vector import build_vectors
from features.expressions.engine import SPARK
from features.in_warehouse.as_of_table import with_as_of
from features.in_warehouse.vector_query import vector_query
from features.reading.spark_tables import SparkTables
from features.settings import FeatureSettings, Sources
from features.spark.spark_vectors import build_spark_vectors
from features.vector_table import CustomerVectors

AS_OF = date(2024, 4, 1)  # the day after Berlin's clocks went forward
SETTINGS = {
    "time_zone": "Europe/Berlin",
    "rfm": {"refunds": "netted", "cdnow_summary": True, "scores": False},
}
MORE: dict[str, dict[str, Any]] = {
    "customers": {
        "without_rows": "keep",
        "attributes": {
            "industry": {"kind": "category"},
            "employees": {"kind": "count"},
            "is_public": {"kind": "flag"},
        },
    }
}
Tables = Mapping[str, pa.Table]
Place = Callable[[Tables, Path, str, str], dict[str, str]]
NOTHING = None


def in_files(tables: Tables, folder: Path, name: str, _: str) -> dict[str, str]:
    """The table as Parquet, which the embedded DuckDB reads."""
    import pyarrow.parquet as pq

    pq.write_table(tables[name], folder / f"{name}.parquet")
    return {"file": f"{name}.parquet"}


def in_postgres(tables: Tables, _: Path, name: str, url: str) -> dict[str, str]:
    """The table in PostgreSQL."""
    table, text = tables[name], io.BytesIO()
    columns = ", ".join(f"{column.name} {POSTGRES_TYPES[str(column.type)]}" for column in table.schema)
    pa_csv.write_csv(table, text, pa_csv.WriteOptions(include_header=False))
    with psycopg.connect(url) as connection:
        connection.execute(f"DROP TABLE IF EXISTS case_{name}".encode())
        connection.execute(f"CREATE TABLE case_{name} ({columns})".encode())
        with connection.cursor().copy(f"COPY case_{name} FROM STDIN (FORMAT csv)".encode()) as copy:
            copy.write(text.getvalue())
    return {"postgres": "CASES_URL", "table": f"case_{name}"}


POSTGRES_TYPES = {
    "string": "text",
    "large_string": "text",
    "double": "double precision",
    "bool": "boolean",
    "decimal128(12, 4)": "numeric(12, 4)",
    "timestamp[us, tz=UTC]": "timestamptz",
    "timestamp[us]": "timestamp",
}
ENGINES: dict[str, Place] = {"duckdb": in_files, "postgres": in_postgres}


@dataclass(frozen=True)
class Case:
    """A customer with rows of the tables, and the columns of the vector that the case is about.

    orders : moment in UTC, amount, order id, discount. events : moment on the wall clock, feature, device, quantity,
    allowed. terms : start, end, mrr, plan, seats, seats used, trial. about : industry, employees, is public.
    """

    name: str
    expected: Mapping[str, float | str | None]
    orders: Sequence[tuple[Any, ...]] = ()
    events: Sequence[tuple[Any, ...]] = ()
    terms: Sequence[tuple[Any, ...]] = ()
    about: tuple[Any, ...] = field(default=(None, None, None))


def bought(*moments: str, amount: float = 1.0) -> list[tuple[Any, ...]]:
    """Orders of their own at these moments, of one amount."""
    return [(moment, amount, f"O {moment}", None) for moment in moments]


def amounts(*numbers: float | None, order: str | None = "O1") -> list[tuple[Any, ...]]:
    """Lines of one order on the last noon."""
    return [("2024-03-31 10:00:00", number, order, None) for number in numbers]


def used(*moments: str, feature: str | None = "search", device: str | None = "phone") -> list[tuple[Any, ...]]:
    return [(moment, feature, device, None, None) for moment in moments]


def term(start: str, end: str | None, mrr: float | None, *rest: Any) -> tuple[Any, ...]:
    """plan, seats, seats used, trial: by default the plan "pro" and nothing."""
    return (start, end, mrr, *rest, *("pro", None, None, None)[len(rest) :])


ONE_ORDER = {"frequency": 1, "monetary_value": 1, "recency_days": 1}
NO_ORDER = dict.fromkeys(["recency_days", "tenure_days", "average_order_value"]) | {"frequency": 0, "monetary_value": 0}
CASES = (
    # time zones, daylight saving, month ends, midnight
    Case("the last second", ONE_ORDER | {"tenure_days": 1, "days_between_orders": None}, bought("2024-03-31 21:59:59")),
    Case("the last microsecond", ONE_ORDER, bought("2024-03-31 21:59:59.999999")),
    Case("the moment itself does not count", NO_ORDER, bought("2024-03-31 22:00:00", amount=99)),
    Case("the first midnight of summer", ONE_ORDER, bought("2024-03-30 23:00:00")),
    Case("a second before midnight", {"recency_days": 2}, bought("2024-03-30 22:59:59")),
    Case(
        "the hour that is left out", {"frequency": 2, "recency_days": 1, "days_between_orders": 0},
        bought("2024-03-31 00:59:59", "2024-03-31 01:00:00"),
    ),
    Case(
        "a day of 25 hours", {"frequency": 2, "days_between_orders": 0, "tenure_days": 155, "cdnow_frequency": 0},
        bought("2023-10-28 22:00:00", "2023-10-29 22:59:59"),
    ),
    Case("the midnight after 25 hours", {"recency_days": 154}, bought("2023-10-29 23:00:00")),
    Case(
        "the ends of months",
        {"recency_days": 32, "tenure_days": 61, "days_between_orders": 29, "cdnow_frequency": 1,
         "cdnow_recency_weeks": 29 / 7, "cdnow_age_weeks": 60 / 7, "cdnow_repeat_value": 1},
        bought("2024-01-31 12:00:00", "2024-02-29 12:00:00"),
    ),
    Case("the end of the year", {"recency_days": 92}, bought("2023-12-31 22:59:59")),
    Case("new year", {"recency_days": 91}, bought("2023-12-31 23:00:00")),
    # amounts
    Case(
        "a refund", {"monetary_value": 70, "frequency": 1, "average_order_value": 70, "recency_days": 12},
        [("2024-03-20 12:00:00", 100.0, "O1", None), ("2024-03-25 12:00:00", -30.0, "O2", None)],
    ),
    Case(
        "only refunds", {"monetary_value": -5, "frequency": 0, "recency_days": None, "average_order_value": None},
        [("2024-03-20 12:00:00", -5.0, "O1", None)],
    ),
    Case("tenths", {"monetary_value": 0.3, "frequency": 1, "average_order_value": 0.3}, amounts(0.1, 0.1, 0.1)),
    Case("halves of the smallest unit", {"monetary_value": 0.0004}, amounts(0.00005, 0.00025)),
    Case("a negative half", {"monetary_value": -0.0003}, amounts(-0.00025)),
    Case("zero", {"monetary_value": 0, "frequency": 1, "average_order_value": 0}, amounts(0.0)),
    Case("minus zero", {"monetary_value": 0, "frequency": 1}, amounts(-0.0)),
    Case(
        "null, NaN, infinities and what is too large", {"monetary_value": 7, "frequency": 1},
        amounts(None, math.nan, math.inf, -math.inf, 1e13, 7.0),
    ),
    Case("nothing usable", NO_ORDER, amounts(None, math.nan)),
    Case("the largest", {"monetary_value": 1e12, "frequency": 1}, amounts(1e12)),
    Case("lines of one order", {"monetary_value": 5, "frequency": 1}, amounts(2.0, 3.0)),
    Case("lines without an order", {"monetary_value": 5, "frequency": 2}, amounts(2.0, 3.0, order=None)),
    Case("a discount", {"discount_share": 0.2}, [("2024-03-20 12:00:00", 80.0, "O1", Decimal("20.0000"))]),
    Case("a discount written below zero", {"discount_share": 0.2}, [("2024-03-20 12:00:00", 80.0, "O1", Decimal(-20))]),
    # ids
    *(Case(name, ONE_ORDER, bought("2024-03-31 12:00:00")) for name in (
        "李", "Zoë 🙂", "O'Brien", 'back\\slash "quoted"', "0042", "42", "1234567890123456789012345", "e" * 300,
    )),
    # windows of events
    Case(
        "a week", {"active_days_7": 1, "active_days_30": 2, "days_since_last_event": 7},
        events=used("2024-03-25 00:00:00", "2024-03-24 23:59:59.999999"),
    ),
    Case(
        "thirty days", {"active_days_30": 1, "active_days_90": 2, "usage_trend": 0},
        events=used("2024-03-02 00:00:00", "2024-03-01 23:59:59.999999"),
    ),
    Case(
        "sixty days", {"active_days_90": 2, "usage_trend": -1, "sessions_30": 0},
        events=used("2024-02-01 00:00:00", "2024-01-31 23:59:59.999999"),
    ),
    Case(
        "ninety days", {"events": 2, "active_days_90": 1, "events_per_active_day": 1, "usage_trend": 0},
        events=used("2024-01-02 00:00:00", "2024-01-01 23:59:59"),
    ),
    Case(
        "an event at the moment", {"events": 0, "active_days_7": 0, "days_since_last_event": None, "main_device": None},
        events=used("2024-04-01 00:00:00"),
    ),
    Case(
        "a gap of half an hour", {"sessions_30": 2},
        events=used("2024-03-30 12:00:00", "2024-03-30 12:30:00", "2024-03-30 13:00:01"),
    ),
    Case(
        "a session over midnight", {"sessions_30": 1, "active_days_7": 2},
        events=used("2024-03-29 23:50:00", "2024-03-30 00:10:00"),
    ),
    Case(
        "the hour that is left out, on the wall clock", {"events": 3, "sessions_30": 2, "active_days_7": 1},
        events=used("2024-03-31 01:50:00", "2024-03-31 02:10:00", "2024-03-31 03:05:00"),
    ),
    Case(
        "a tie of devices", {"main_device": "Änderung"},
        events=[*used("2024-03-30 12:00:00", device="Änderung"), *used("2024-03-30 12:00:00", device="Ölpumpe")],
    ),
    Case(
        "the device used last", {"main_device": "phone"},
        events=[*used("2024-03-30 12:00:00"), *used("2024-03-30 11:59:59", device="desktop")],
    ),
    Case(
        "the top feature", {"top_feature_share": 0.75, "features_used": 2},
        events=[
            *used("2024-03-30 12:00:00", "2024-03-30 12:00:00", "2024-03-30 12:00:01", feature="Ärger"),
            *used("2024-03-30 12:00:00", feature="ärger"), *used("2024-03-30 12:00:00", feature=None),
        ],
    ),
    Case(
        "no feature", {"top_feature_share": None, "features_used": 0, "events": 1},
        events=used("2024-03-30 12:00:00", feature=None),
    ),
    Case(
        "half of the limit", {"limit_use": 0.5},
        events=[("2024-03-30 12:00:00", "search", None, units, 12.0) for units in (2.5, 2.5, None)],
    ),
    Case("a limit of zero", {"limit_use": None}, events=[("2024-03-30 12:00:00", "search", None, 1.0, 0.0)]),
    # terms
    Case(
        "runs until the moment", {"mrr": 10, "churned": 0, "mrr_change_90_days": 0, "subscription_tenure_days": 91},
        terms=[term("2024-01-01 00:00:00", "2024-04-01 00:00:00", 10)],
    ),
    Case(
        "ended a second before", {"mrr": 0, "churned": 1, "mrr_change_90_days": -10, "plan": None},
        terms=[term("2024-01-01 00:00:00", "2024-03-31 23:59:59", 10)],
    ),
    Case("starts at the moment", {"mrr": 0, "plan": None}, terms=[term("2024-04-01 00:00:00", None, 10)]),
    Case(
        "ninety days before, to the second", {"mrr": 10, "mrr_change_90_days": 10},
        terms=[term("2024-01-02 00:00:00", None, 10)],
    ),
    Case(
        "an upgrade", {"mrr": 15, "upgrades": 1, "downgrades": 0, "mrr_change_90_days": 5},
        terms=[term("2024-01-01 00:00:00", "2024-02-01 00:00:00", 10), term("2024-02-01 00:00:00", None, 15)],
    ),
    Case(
        "a trial is no downgrade", {"mrr": 10, "upgrades": 0, "downgrades": 0, "churned": 0},
        terms=[
            term("2024-01-01 00:00:00", "2024-02-01 00:00:00", 50, "pro", None, None, True),
            term("2024-02-01 00:00:00", None, 10, "pro", None, None, False),
        ],
    ),
    Case(
        "a tie of plans", {"plan": "späteres"},
        terms=[term("2024-01-01 00:00:00", None, 10, "früheres"), term("2024-01-02 00:00:00", None, 10, "späteres")],
    ),
    Case(
        "terms without money", {"mrr": 0, "churned": 0, "plan": "pro"}, terms=[term("2024-01-01 00:00:00", None, None)],
    ),
    Case(
        "half of the seats", {"seats": 10, "seat_use": 0.5},
        terms=[term("2024-01-01 00:00:00", None, 1, "pro", 10.0, 5.0), term("2024-01-01 00:00:00", None, 1, "basic")],
    ),
    Case(
        "half of a use", {"seats": 10, "seat_use": None}, terms=[term("2024-01-01 00:00:00", None, 1, "pro", 10.0)],
    ),
    # attributes, and nothing
    Case("about", {"industry": "Bäckerei", "employees": 3, "is_public": 1}, about=("Bäckerei", 3.0, True)),
    Case("not public", {"industry": None, "employees": 0, "is_public": 0}, about=("", 0.0, False)),
    Case(
        "nothing",
        NO_ORDER | {"events": 0, "sessions_30": 0, "mrr": 0, "upgrades": 0, "industry": None, "is_public": None},
    ),
)  # fmt: skip
TIMES, TEXT = pa.timestamp("us"), pa.string()
SCHEMAS = {
    "orders": pa.schema(
        {
            "customer_id": TEXT, "ordered_at": pa.timestamp("us", "UTC"), "amount": pa.float64(), "order_id": TEXT,
            "discount": pa.decimal128(12, 4),
        }
    ),
    "events": pa.schema(
        {
            "customer_id": TEXT, "occurred_at": TIMES, "feature": TEXT, "device": TEXT, "quantity": pa.float64(),
            "allowed": pa.float64(),
        }
    ),
    "subscriptions": pa.schema(
        {
            "customer_id": TEXT, "started_at": TIMES, "ended_at": TIMES, "mrr": pa.float64(), "plan": TEXT,
            "seats": pa.float64(), "seats_used": pa.float64(), "trial": pa.bool_(),
        }
    ),
    "customers": pa.schema(
        {"customer_id": TEXT, "industry": TEXT, "employees": pa.float64(), "is_public": pa.bool_()}
    ),
}  # fmt: skip


def case_tables() -> dict[str, pa.Table]:
    rows: dict[str, list[tuple[Any, ...]]] = {
        "orders": [(case.name, *row) for case in CASES for row in case.orders],
        "events": [(case.name, *row) for case in CASES for row in case.events],
        "subscriptions": [(case.name, *row) for case in CASES for row in case.terms],
        "customers": [(case.name, *case.about) for case in CASES],
    }
    return {name: table_of(rows[name], schema) for name, schema in SCHEMAS.items()}


def table_of(rows: Sequence[tuple[Any, ...]], schema: pa.Schema) -> pa.Table:
    columns = []
    for number, kind in enumerate(schema.types):
        cells = [row[number] for row in rows]
        if pa.types.is_timestamp(kind):
            cells = [None if cell is None else pd.Timestamp(cell, tz=kind.tz).to_pydatetime() for cell in cells]
        columns.append(pa.array(cells, kind))
    return pa.table(columns, schema=schema)


def random_tables(customers: int = 20_000, seed: int = 11) -> dict[str, pa.Table]:
    """Rows over two years in every table, with gaps, refunds, ties and what is not usable."""
    random = np.random.default_rng(seed)
    ids = np.array([f"k{number}" for number in range(customers)], dtype=object)

    def pick(words: Sequence[Any], rows: int) -> list[Any]:
        return [words[place] for place in random.integers(0, len(words), rows)]

    def moments(rows: int) -> Any:
        seconds = random.integers(0, 800 * 86_400, rows).astype("timedelta64[s]")
        return (np.datetime64("2022-02-01", "us") + seconds).astype("datetime64[us]")

    def gaps(numbers: Any, share: float = 0.1) -> Any:
        return pa.array(numbers, mask=random.random(len(numbers)) < share)

    orders, events, terms = 3 * customers, 4 * customers, customers
    amount = np.round(random.lognormal(3, 1, orders), 2) * np.where(random.random(orders) < 0.05, -1, 1)
    amount[::501], amount[7::907] = np.nan, np.inf
    started = moments(terms)
    ended = started + random.integers(5, 400, terms).astype("timedelta64[D]")
    seats = random.integers(1, 50, terms).astype(float)
    columns: dict[str, list[Any]] = {
        "orders": [
            pick(ids, orders), pa.array(moments(orders), TIMES).cast(pa.timestamp("us", "UTC")), gaps(amount),
            gaps([f"O{number}" for number in random.integers(0, orders // 2, orders)]),
            pa.array(random.integers(0, 50_000, orders)).cast(pa.decimal128(23, 4)).cast(pa.decimal128(12, 4)),
        ],
        "events": [
            pick(ids, events), moments(events), pick(["search", "export", "Ärger", None], events),
            pick(["phone", "desktop", None], events), gaps(random.integers(0, 9, events).astype(float)),
            gaps(random.integers(0, 3, events) * 50.0),
        ],
        "subscriptions": [
            pick(ids, terms), started, pa.array(ended, TIMES, mask=random.random(terms) < 0.5),
            gaps(random.integers(1, 40, terms) * 2.5), pick(["basic", "pro", None], terms), gaps(seats),
            gaps(np.floor(seats * random.random(terms))), gaps(random.random(terms) < 0.2),
        ],
        "customers": [
            ids, pick(["retail", "Bäckerei", None], customers), gaps(random.integers(0, 900, customers).astype(float)),
            gaps(random.random(customers) < 0.5),
        ],
    }  # fmt: skip
    return {name: pa.table(columns[name], schema=schema) for name, schema in SCHEMAS.items()}


def is_same(cell: Any, expected: float | str | None) -> bool:
    if expected is None or pd.isna(cell):
        return expected is None and bool(pd.isna(cell))
    return bool(cell == expected if isinstance(expected, str) else math.isclose(cell, expected, rel_tol=1e-12))


def vectors(tables: Tables, place: Place, folder: Path, url: str) -> CustomerVectors:
    sources = sources_of(tables, place, folder, url)
    return build_vectors(sources, FeatureSettings.model_validate(SETTINGS), AS_OF, folder, None)


def sources_of(tables: Tables, place: Place, folder: Path, url: str) -> Sources:
    return Sources.model_validate({name: {**place(tables, folder, name, url), **MORE.get(name, {})} for name in tables})


def in_spark(tables: Tables, folder: Path, spark: Any) -> tuple[pd.DataFrame, Any]:
    """The vectors by customer, in no order, and the counts of rows."""
    opened, settings = SparkTables(spark, folder), FeatureSettings.model_validate(SETTINGS)
    made = build_spark_vectors(opened, sources_of(tables, in_files, folder, ""), settings, AS_OF, folder)
    frame = made.frame.toArrow().to_pandas().set_index("customer_id")
    opened.close()
    return frame, made.report


def assert_same(first: CustomerVectors, frame: pd.DataFrame, report: Any) -> None:
    """Counts, flags and categories to the bit, other numbers to 1e-9."""
    assert report == first.report
    counts = [column.name for column in first.contract.columns if column.kind.value in ("count", "flag", "category")]
    pd.testing.assert_frame_equal(first.frame[counts], frame[counts], check_exact=True)
    pd.testing.assert_frame_equal(first.frame, frame, rtol=1e-9, atol=0)


def assert_as_by_hand(frame: pd.DataFrame) -> None:
    assert set(frame.index) == {case.name for case in CASES}
    wrong = []
    for case in CASES:
        for column, expected in case.expected.items():
            cell = frame.loc[case.name, column]
            if not is_same(cell, expected):
                wrong.append(f"{case.name}: {column} is {cell!r}, not {expected!r}")
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def url(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("CASES_URL", postgres_url)
    return postgres_url


@pytest.mark.parametrize("engine", ENGINES)
def test_every_case_is_as_written_by_hand(engine: str, tmp_path: Path, url: str) -> None:
    made = vectors(case_tables(), ENGINES[engine], tmp_path, url)
    assert_as_by_hand(made.frame)
    assert made.report["orders"]["without_usable_amount"] == 7


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # of py4j's gateway
def test_every_case_is_as_written_by_hand_in_spark(spark: Any, tmp_path: Path) -> None:
    frame, report = in_spark(case_tables(), tmp_path, spark)
    assert_as_by_hand(frame)
    assert report["orders"]["without_usable_amount"] == 7


def test_a_random_company_is_the_same_on_every_engine(tmp_path: Path, url: str) -> None:
    tables = random_tables()
    made = {engine: vectors(tables, place, tmp_path, url) for engine, place in ENGINES.items()}
    first = made.pop("duckdb")
    assert len(first.frame) == 20_000
    for other in made.values():
        assert_same(first, other.frame, other.report)
    alike = [name for name in first.frame if len(set(first.frame[name])) == 1]
    assert not alike, f"{alike} tell nobody apart"


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # of py4j's gateway
def test_a_random_company_is_the_same_in_spark(spark: Any, tmp_path: Path) -> None:
    tables = random_tables()
    first = vectors(tables, in_files, tmp_path, "")
    frame, report = in_spark(tables, tmp_path, spark)
    assert_same(first, frame.loc[first.frame.index].astype(first.frame.dtypes.to_dict()), report)


COMPANIES: dict[str, Callable[[], dict[str, pa.Table]]] = {"cases": case_tables, "random": random_tables}


def answer_of_duckdb(sql: str, tables: Tables, zone: str, _: str) -> pd.DataFrame:
    """What an embedded DuckDB, which has the tables by name, answers."""
    with duckdb.connect() as connection:
        connection.execute(f"SET TimeZone = '{zone}'")
        for name, table in tables.items():
            connection.register(name, table)
        frame: pd.DataFrame = connection.sql(sql).to_arrow_table().to_pandas()
        return frame


def answer_of_postgres(sql: str, _: Tables, zone: str, url: str) -> pd.DataFrame:
    """What PostgreSQL answers."""
    with psycopg.connect(url) as connection:
        connection.execute(f"SET TimeZone = '{zone}'".encode())
        cursor = connection.execute(sql.encode())
        return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description or ()])


@pytest.mark.parametrize(
    ("engine", "answer_of"), [("duckdb", answer_of_duckdb), ("postgres", answer_of_postgres)], ids=ENGINES
)
@pytest.mark.parametrize("company", COMPANIES)
def test_the_query_that_a_warehouse_runs_gives_the_same(
    company: str, engine: str, answer_of: Callable[..., pd.DataFrame], tmp_path: Path, url: str
) -> None:
    tables, settings = COMPANIES[company](), FeatureSettings.model_validate(SETTINGS)
    sources = sources_of(tables, ENGINES[engine], tmp_path, url)
    first = build_vectors(sources, settings, AS_OF, tmp_path, None)
    query = vector_query(sources, settings, first.learned, tmp_path, engine)
    sql = with_as_of(query.sql, AS_OF, settings.time_zone, engine)
    answer = answer_of(sql, tables, settings.time_zone, url).set_index("customer_id")
    assert len(answer) == len(first.frame)
    assert_same(first, answer.loc[first.frame.index].astype(first.frame.dtypes.to_dict()), first.report)


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # of py4j's gateway
@pytest.mark.parametrize("company", COMPANIES)
def test_the_query_that_a_warehouse_runs_gives_the_same_in_spark(company: str, spark: Any, tmp_path: Path) -> None:
    tables = COMPANIES[company]()
    first = vectors(tables, in_files, tmp_path, "")
    settings, sources = FeatureSettings.model_validate(SETTINGS), sources_of(tables, in_files, tmp_path, "")
    query = vector_query(sources, settings, first.learned, tmp_path, SPARK)
    for name in tables:  # a file stands for a table of the raw table's name
        spark.read.parquet((tmp_path / f"{name}.parquet").as_uri()).createOrReplaceTempView(name)
    try:
        answer = spark.sql(with_as_of(query.sql, AS_OF, settings.time_zone, SPARK)).toArrow().to_pandas()
    finally:
        for name in tables:
            spark.catalog.dropTempView(name)
    frame = answer.set_index("customer_id").loc[first.frame.index].astype(first.frame.dtypes.to_dict())
    assert len(answer) == len(frame)
    assert_same(first, frame, first.report)
