"""Whole tables: ids that meet across tables and types, wide ids, old moments, and what a model keeps of the rules."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.customer_vector import build_vectors
from features.feature_spec import FeatureSpec
from features.learned import LearnedFeatures
from features.request.compiled import VectorCompiler
from features.settings import FeatureSettings, Sources
from features.vector_table import CustomerVectors
from segment_model.errors import SourceError
from serving.assignment.raw_rows import read_rows

WIDE = 1234567890123456789
AS_OF = date(2026, 7, 1)


def built(folder: Path, sources: dict[str, Any], zone: str = "UTC") -> CustomerVectors:
    settings = FeatureSettings.model_validate({"time_zone": zone, "rfm": {"scores": False}})
    return build_vectors(Sources.model_validate(sources), settings, AS_OF, folder)


def orders_csv(folder: Path, *rows: str) -> None:
    (folder / "orders.csv").write_text("\n".join(["customer_id,ordered_at,amount", *rows, ""]), encoding="utf-8")


@pytest.mark.parametrize(
    "ids",
    [
        pa.array([WIDE, WIDE + 1], pa.int64()),
        pa.array([WIDE, 2**64 - 1], pa.uint64()),
        pa.array([Decimal(WIDE), Decimal(10**38 - 1)], pa.decimal128(38, 0)),
        pa.array([Decimal(WIDE), Decimal(7)], pa.decimal128(38, 2)),
        pa.array([str(WIDE), "7.0"]),
        pa.array([7.0, 2.0**53 - 1]),
        pa.array([7.0, 2.0**24 - 1], pa.float32()),
    ],
)
def test_wide_ids_of_parquet_are_exact(tmp_path: Path, ids: pa.Array) -> None:
    moments = [datetime(2026, 6, 1), datetime(2026, 6, 2)]
    table = pa.table({"customer_id": ids, "order_id": ids, "ordered_at": moments, "amount": [1.0, 2.0]})
    pq.write_table(table, tmp_path / "orders.parquet")
    vectors = built(tmp_path, {"orders": {"file": "orders.parquet"}})
    expected = {str(int(Decimal(key))) for key in ids.to_pylist()}
    assert set(vectors.frame.index) == expected
    assert vectors.frame.frequency.tolist() == [1, 1]


@pytest.mark.parametrize("key", [pa.scalar(2.0**53), pa.scalar(2.0**24, pa.float32()), pa.scalar(float("inf"))])
def test_a_rounded_id_is_refused(tmp_path: Path, key: pa.Scalar) -> None:
    ids = pa.array([key.as_py(), 1.0], key.type)
    table = pa.table({"customer_id": ids, "ordered_at": [datetime(2026, 6, 1)] * 2, "amount": [1.0, 2.0]})
    pq.write_table(table, tmp_path / "orders.parquet")
    with pytest.raises(SourceError, match=r"'customer_id' \(customer_id\) holds 1 value"):
        built(tmp_path, {"orders": {"file": "orders.parquet"}})


@pytest.mark.parametrize("kind", ["HUGEINT", "UBIGINT", "BIGINT", "DECIMAL(20,0)", "DECIMAL(30,2)", "VARCHAR"])
def test_wide_ids_of_duckdb_meet_text(tmp_path: Path, kind: str) -> None:
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as database:
        database.execute(f"CREATE TABLE customers (customer_id {kind}, size DOUBLE)").fetchall()
        database.execute(f"INSERT INTO customers VALUES ({WIDE}, 5), (17850, 6)").fetchall()  # noqa: S608
    orders_csv(tmp_path, f"{WIDE},2026-06-01,5", "17850.0,2026-06-02,5", " 17850 ,2026-06-03,5", "0017850,2026-06-03,5")
    about = {"duckdb": "shop.duckdb", "table": "customers", "attributes": {"size": {"kind": "number"}}}
    frame = built(tmp_path, {"orders": {"file": "orders.csv"}, "customers": about}).frame
    assert frame["size"].dropna().to_dict() == {str(WIDE): 5, "17850": 6}
    assert frame.frequency.to_dict() == {str(WIDE): 1, "17850": 2, "0017850": 1}


@pytest.mark.parametrize("kind", ["bigint", "numeric", "numeric(38, 0)", "numeric(30, 2)", "text", "varchar(40)"])
def test_wide_ids_of_postgres_meet_text(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("WIDE_URL", postgres_url)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS wide_ids")
        connection.execute(f"CREATE TABLE wide_ids (customer_id {kind}, size double precision)")
        connection.execute(f"INSERT INTO wide_ids VALUES ({WIDE}, 5), (17850, 6), (NULL, 7)")  # noqa: S608
    orders_csv(tmp_path, f"{WIDE},2026-06-01,5", "17850.0,2026-06-02,5")
    about = {"postgres": "WIDE_URL", "table": "wide_ids", "attributes": {"size": {"kind": "number"}}}
    frame = built(tmp_path, {"orders": {"file": "orders.csv"}, "customers": about}).frame
    assert frame["size"].to_dict() == {str(WIDE): 5, "17850": 6}


def test_words_for_missing_make_no_giant_customer(tmp_path: Path) -> None:
    words = ["NULL", "nan", "NaN", "N/A", "\\N", "None", "null"]
    orders_csv(tmp_path, *(f"{word},2026-06-01,5" for word in words), "7,2026-06-01,NULL", "7,nan,5", "7,2026-06-01,5")
    vectors = built(tmp_path, {"orders": {"file": "orders.csv"}})
    assert vectors.frame.frequency.to_dict() == {"7": 1}
    counts = vectors.report["orders"]
    assert (counts["without_customer"], counts["null_words_in_customer_id"]) == (7, 7)
    assert (counts["without_time"], counts["null_words_in_ordered_at"]) == (1, 1)
    assert (counts["without_usable_amount"], counts["null_words_in_amount"]) == (1, 1)


@pytest.mark.parametrize("zone", ["Z", " UTC", " GMT", "+0000", " -00:00"])
def test_an_instant_falls_on_the_day_of_the_time_zone(tmp_path: Path, zone: str) -> None:
    orders_csv(tmp_path, f"a,2026-06-29 23:30:00{zone},5")
    assert built(tmp_path, {"orders": {"file": "orders.csv"}}, "Europe/Berlin").frame.recency_days["a"] == 1
    assert built(tmp_path, {"orders": {"file": "orders.csv"}}).frame.recency_days["a"] == 2


def test_moments_before_1970_are_taken_and_counted(tmp_path: Path) -> None:
    orders_csv(tmp_path, "a,1969-12-31,5", "b,1970-01-01,5", "c,0001-01-02,5", "NULL,1950-01-01,5")
    vectors = built(tmp_path, {"orders": {"file": "orders.csv"}})
    assert vectors.report["orders"]["before_1970"] == 2
    assert vectors.frame.recency_days.to_dict() == {"a": 20636, "b": 20635, "c": 739796}
    orders_csv(tmp_path, "b,1970-01-01,5")
    assert "before_1970" not in built(tmp_path, {"orders": {"file": "orders.csv"}}).report["orders"]


def test_a_later_row_that_contradicts_the_first_rows_is_an_error(tmp_path: Path) -> None:
    first = ["a,2026-06-01,5"] * 20_001
    for row, fragment in (
        ("b,2026-06-01T10:00Z,5", "some values have a time zone and some do not"),
        ('b,2026-06-01,"1,5"', 'set `decimal: ","`'),
        ('b,2026-06-01,"1,500"', '1500 with `decimal: "."`, 1.5 with `decimal: ","`'),
    ):
        orders_csv(tmp_path, *first, row)
        with pytest.raises(SourceError, match="orders: column") as caught:
            built(tmp_path, {"orders": {"file": "orders.csv"}})
        assert fragment in str(caught.value)


def test_a_column_decides_between_two_formats(tmp_path: Path) -> None:
    for second, fragment in (("25/06/26", '`date_format: "%d/%m/%y"`, which fits'), ("06/05/26", "2 formats fit")):
        orders_csv(tmp_path, "a,05/06/26,5", f"b,{second},5")
        with pytest.raises(SourceError) as caught:
            built(tmp_path, {"orders": {"file": "orders.csv"}})
        assert fragment in str(caught.value)
    frame = built(tmp_path, {"orders": {"file": "orders.csv", "date_format": {"ordered_at": "%m/%d/%y"}}}).frame
    assert frame.recency_days.to_dict() == {"a": 56, "b": 26}


def test_a_model_keeps_the_words_for_missing_for_its_requests(tmp_path: Path) -> None:
    about = pd.DataFrame({"id": ["a", "b"], "land": ["-", "DE"]})
    about.to_csv(tmp_path / "customers.csv", index=False)
    customers = {
        "file": "customers.csv",
        "columns": {"customer_id": "id"},
        "attributes": {"country": {"kind": "category", "column": "land"}},
        "null_values": {"land": ["-"]},
    }
    vectors = built(tmp_path, {"customers": customers})
    assert vectors.frame.country.isna().tolist() == [True, False]
    spec = FeatureSpec.of(
        {
            "settings": {"sources": {"customers": customers}, "features": {}},
            "raw_columns": {name: list(columns) for name, columns in vectors.columns.items()},
            "learned_features": LearnedFeatures(categories={"country": ("DE", "NULL", "-")}).to_json(),
        }
    )
    compiler = VectorCompiler(spec, vectors.contract)
    columns = {"attributes": compiler.columns("customers")}
    texts = ["DE", " DE ", "-", "NULL", "Else", None]
    raw = read_rows([{"attributes": [{"country": text}]} for text in texts], list("abcdef"), columns)
    read = compiler.vectors(raw.tables, len(texts), AS_OF, raw.zoned, 60.0).records
    assert [row and row["country"] for row in read] == ["DE", "DE", None, "NULL", "other", None]


def test_the_ids_of_a_request_meet_as_those_of_tables_do(tmp_path: Path) -> None:
    rows = pd.DataFrame({"customer_id": ["a"], "ordered_at": ["2026-06-01"], "amount": [5.0], "order_id": ["7"]})
    rows.to_csv(tmp_path / "orders.csv", index=False)
    sources = {"orders": {"file": "orders.csv"}}
    vectors = built(tmp_path, sources)
    spec = FeatureSpec.of(
        {
            "settings": {"sources": sources, "features": {"rfm": {"scores": False}}},
            "raw_columns": {name: list(columns) for name, columns in vectors.columns.items()},
            "learned_features": vectors.learned.to_json(),
        }
    )
    compiler = VectorCompiler(spec, vectors.contract)
    sent = [
        {"ordered_at": f"2026-06-01 10:00:00{zone}", "amount": 1, "order_id": key}
        for zone, key in ((" UTC", "7"), ("z", " 7 "), (" GMT", "7.0"), ("+0000", 7), ("Z", 7.0), (" +00:00", "NULL"))
    ]
    raw = read_rows([{"orders": sent}], ["a"], {"orders": compiler.columns("orders")})
    (record,) = compiler.vectors(raw.tables, 1, AS_OF, raw.zoned, 60.0).records
    assert record is not None
    assert (record["frequency"], record["monetary_value"], record["recency_days"]) == (2, 6, 30), "7, and a row without"


def test_nothing_is_lost_of_numbers(tmp_path: Path) -> None:
    numbers = np.array([0.1, 1 / 3, 1e-7, 123456.789, 5e11])
    orders_csv(tmp_path, *(f"{n},2026-06-01,{number!r}" for n, number in enumerate(numbers.tolist())))
    about = pd.DataFrame({"customer_id": range(5), "size": [repr(number) for number in numbers.tolist()]})
    about.to_csv(tmp_path / "customers.csv", index=False)
    customers = {"file": "customers.csv", "attributes": {"size": {"kind": "number"}}}
    frame = built(tmp_path, {"orders": {"file": "orders.csv"}, "customers": customers}).frame
    assert frame["size"].tolist() == numbers.tolist()
