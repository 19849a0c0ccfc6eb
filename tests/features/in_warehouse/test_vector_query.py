"""The vectors as one query: the same as `build_vectors` computes, on the engine that holds the tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import psycopg
import pytest

from features.customer_vector import build_vectors
from features.expressions.engine import SPARK
from features.in_warehouse.as_of_table import with_as_of
from features.in_warehouse.vector_query import vector_query
from features.learned import LearnedFeatures
from features.reading.spark_tables import SparkTables
from features.settings import FeatureSettings, Sources

ATTRIBUTES = {
    "industry": {"kind": "category"},
    "employees": {"kind": "count", "unit": "people"},
    "is_public": {"kind": "flag"},
}
SETTINGS = FeatureSettings.model_validate(
    {"rfm": {"refunds": "netted", "duplicates": "dropped", "cdnow_summary": True}, "time_zone": "Europe/Berlin"}
)


def sources_of(tables: tuple[str, ...], **place: str) -> Sources:
    more: dict[str, Any] = {"customers": {"attributes": ATTRIBUTES}, "subscriptions": {"ends": "inclusive"}}
    return Sources.model_validate(
        {
            name: {**{key: text.format(name=name) for key, text in place.items()}, **more.get(name, {})}
            for name in tables
        }
    )


def assert_same(rows: pd.DataFrame, expected: pd.DataFrame, tolerance: float = 1e-12) -> None:
    """The same customers and values; numbers within a relative tolerance."""
    ours = rows.set_index("customer_id").sort_index()
    assert ours.index.astype(str).tolist() == expected.index.tolist()
    assert list(ours.columns) == list(expected.columns)
    for name in expected.columns:
        if expected[name].dtype == float:
            np.testing.assert_allclose(ours[name].astype(float), expected[name], rtol=tolerance, err_msg=name)
        else:
            assert ours[name].fillna("").tolist() == expected[name].fillna("").tolist(), name


def answers(engine: str, sql: str, folder: Path, url: str) -> pd.DataFrame:
    if engine == "duckdb":
        with duckdb.connect(str(folder / "shop.duckdb"), read_only=True) as connection:
            connection.execute("SET TimeZone = 'Europe/Berlin'")
            frame: pd.DataFrame = connection.sql(sql).df()
            return frame
    with psycopg.connect(url) as connection:
        connection.execute("SET TimeZone = 'Europe/Berlin'")
        cursor = connection.execute(sql.encode())
        return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description or ()])


PLACES = {
    "duckdb": {"duckdb": "shop.duckdb", "table": "{name}"},
    "postgres": {"postgres": "SHOP_URL", "table": "shop.{name}"},
}
ANSI = "spark.sql.ansi.enabled"
EVERY = ("orders", "events", "customers", "subscriptions")


@pytest.mark.parametrize("engine", PLACES)
@pytest.mark.parametrize("tables", [EVERY, ("orders",), ("customers", "events")])
def test_the_query_gives_the_vectors(
    engine: str, tables: tuple[str, ...], case_folder: Path, case_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of three moments by one query; at the earlier ones, customers without rows are left out.

    The last is of another clock than the business's, where it is the next day.
    """
    monkeypatch.setenv("SHOP_URL", case_postgres)
    sources = sources_of(tables, **PLACES[engine])
    learned = build_vectors(sources, SETTINGS, date(2024, 7, 1), case_folder).learned
    query = vector_query(sources, SETTINGS, learned, case_folder, engine)
    for moment in (date(2024, 7, 1), datetime(2024, 2, 3, 12, 30), datetime(2024, 2, 3, 23, 30, tzinfo=UTC)):
        expected = build_vectors(sources, SETTINGS, moment, case_folder, learned)
        sql = with_as_of(query.sql, moment, SETTINGS.time_zone, engine)
        assert_same(answers(engine, sql, case_folder, case_postgres), expected.frame)


@pytest.mark.parametrize("engine", PLACES)
def test_first_rows_show_how_text_is_written(
    engine: str, tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A decimal comma, points between thousands, and moments with a zone: no setting says so, and no type does."""
    monkeypatch.setenv("SHOP_URL", postgres_url)
    rows = [
        (f"K{n % 7}", f"2024-0{1 + n % 6}-1{n % 9}T{n % 24:02}:30:00Z", f"1.{100 + n},5{n % 10}") for n in range(100)
    ]
    columns = "(customer_id text, ordered_at text, amount text)"
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as database:
        database.execute(f"CREATE TABLE orders {columns}")
        database.executemany("INSERT INTO orders VALUES (?, ?, ?)", rows)
    with psycopg.connect(postgres_url) as connection:
        connection.execute("DROP SCHEMA IF EXISTS written CASCADE; CREATE SCHEMA written")
        connection.execute(f"CREATE TABLE written.orders {columns}".encode())
        connection.cursor().executemany("INSERT INTO written.orders VALUES (%s, %s, %s)", rows)
    place = {"duckdb": PLACES["duckdb"], "postgres": {"postgres": "SHOP_URL", "table": "written.{name}"}}[engine]
    sources = sources_of(("orders",), **place)
    moment = date(2024, 7, 1)
    expected = build_vectors(sources, SETTINGS, moment, tmp_path)
    assert expected.frame["monetary_value"].min() > 1_000
    query = vector_query(sources, SETTINGS, expected.learned, tmp_path, engine)
    sql = with_as_of(query.sql, moment, SETTINGS.time_zone, engine)
    assert_same(answers(engine, sql, tmp_path, postgres_url), expected.frame)


def test_scores_and_pooled_levels_are_those_that_were_learned(case_folder: Path) -> None:
    sources = sources_of(("orders", "customers"), **PLACES["duckdb"])
    learned = LearnedFeatures({"r_score": (10.0, 20.0), "m_score": (100.0,)}, {"industry": ("retail",)})
    expected = build_vectors(sources, SETTINGS, date(2024, 7, 1), case_folder, learned)
    query = vector_query(sources, SETTINGS, learned, case_folder, "duckdb")
    sql = with_as_of(query.sql, date(2024, 7, 1), SETTINGS.time_zone, "duckdb")
    assert set(expected.frame["industry"].dropna()) == {"retail", "other"}
    assert_same(answers("duckdb", sql, case_folder, ""), expected.frame)


def test_a_file_stands_for_a_table_of_the_raw_tables_name(case_folder: Path) -> None:
    files = sources_of(("orders", "events"), file="{name}.parquet")
    learned = build_vectors(files, SETTINGS, date(2024, 7, 1), case_folder).learned
    query = vector_query(files, SETTINGS, learned, case_folder, "duckdb")
    assert dict(query.tables) == {"orders": ("", "orders"), "events": ("", "events")}
    sql = with_as_of(query.sql, date(2024, 7, 1), SETTINGS.time_zone, "duckdb")
    expected = build_vectors(files, SETTINGS, date(2024, 7, 1), case_folder, learned).frame
    assert_same(answers("duckdb", sql, case_folder, ""), expected)


@pytest.fixture(scope="module")
def case_in_spark(case_folder: Path, spark: Any) -> Iterator[Any]:
    """The case table in a schema of Spark's catalogue."""
    spark.sql("CREATE SCHEMA shop")
    for name in EVERY:
        spark.read.parquet((case_folder / f"{name}.parquet").as_uri()).write.saveAsTable(f"shop.{name}")
    yield spark
    spark.sql("DROP SCHEMA shop CASCADE")


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # of py4j's gateway
@pytest.mark.parametrize("tables", [EVERY, ("customers", "events")])
def test_the_query_gives_the_vectors_in_spark(tables: tuple[str, ...], case_folder: Path, case_in_spark: Any) -> None:
    """At both moments, with errors of casts and divisions (ANSI) and without."""
    embedded = sources_of(tables, **PLACES["duckdb"])
    learned = build_vectors(embedded, SETTINGS, date(2024, 7, 1), case_folder).learned
    in_catalogue = sources_of(tables, spark_table="shop.{name}")
    query = vector_query(in_catalogue, SETTINGS, learned, case_folder, SPARK, SparkTables(case_in_spark, case_folder))
    assert query.tables == {name: ("shop", name) for name in tables}
    for moment, ansi in ((date(2024, 7, 1), "true"), (datetime(2024, 2, 3, 12, 30), "false")):
        expected = build_vectors(embedded, SETTINGS, moment, case_folder, learned)
        sql = with_as_of(query.sql, moment, SETTINGS.time_zone, SPARK)
        case_in_spark.conf.set(ANSI, ansi)
        try:
            assert_same(case_in_spark.sql(sql).toArrow().to_pandas(), expected.frame, 1e-9)
        finally:
            case_in_spark.conf.unset(ANSI)
