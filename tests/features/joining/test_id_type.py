"""Ids are written in the type of the table that they come from, so that the files join with it."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.customer_vector import build_vectors
from features.joining.id_type import choose_id_type, typed_ids
from features.joining.table_customers import TableCustomers
from features.settings import FeatureSettings, Sources
from features.vector_file import read_vectors, write_vectors
from features.vector_table import IdType

AS_OF = date(2024, 7, 1)
ABOUT: dict[str, Any] = {"attributes": {"age": {"kind": "number"}}}


def orders(ids: list[Any], kind: str | None = None) -> pd.DataFrame:
    frame = pd.DataFrame({"customer_id": ids, "ordered_at": datetime(2024, 6, 30, 12), "amount": 5.0})
    return frame if kind is None else frame.astype({"customer_id": kind})


def customers(ids: list[Any]) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": ids, "age": 30.0})


@pytest.mark.parametrize(
    ("table", "type_", "ids"),
    [
        (orders([10, 9, 2**62]), pa.int64(), [10, 2**62, 9]),
        (orders([17850.0, None, 3.0]), pa.int64(), [17850, 3]),
        (orders([1, -2], "int32"), pa.int64(), [-2, 1]),
        (orders(["10", "9"]), pa.large_string(), ["10", "9"]),
        (orders(["00123", "K-7"]), pa.large_string(), ["00123", "K-7"]),
    ],
)
def test_the_file_has_the_type_of_the_source_and_reads_back_as_text(
    build: Any, tmp_path: Path, table: pd.DataFrame, type_: pa.DataType, ids: list[Any]
) -> None:
    vectors = build({"orders": table}, AS_OF)
    assert not vectors.notices
    write_vectors(vectors, tmp_path / "vectors.parquet")
    written = pq.read_table(tmp_path / "vectors.parquet")
    assert written.schema.field("customer_id").type in (type_, pa.string() if type_ == pa.large_string() else type_)
    assert written["customer_id"].to_pylist() == ids
    again = read_vectors(tmp_path / "vectors.parquet")
    pd.testing.assert_frame_equal(again.frame, vectors.frame, check_exact=True)
    assert (again.digest, again.id_type) == (vectors.digest, vectors.id_type)
    joined = table.dropna().merge(written.to_pandas(), on="customer_id")
    assert len(joined) == len(ids)


@pytest.mark.parametrize(
    ("ids", "id_type"), [([1, 2], IdType.INTEGER), (["1", "02"], IdType.TEXT), (["1", "K-2"], IdType.TEXT)]
)
def test_ids_of_csv_are_numbers_where_each_is_written_as_one(tmp_path: Path, ids: list[Any], id_type: IdType) -> None:
    orders(ids).to_csv(tmp_path / "orders.csv", index=False)
    sources = Sources.model_validate({"orders": {"file": "orders.csv"}})
    vectors = build_vectors(sources, FeatureSettings(), AS_OF, tmp_path)
    assert vectors.id_type is id_type
    assert vectors.frame.index.tolist() == sorted(map(str, ids))


def test_the_type_of_the_orders_wins_and_is_told(build: Any) -> None:
    vectors = build({"orders": orders([1, 2]), "customers": customers(["2", "3"])}, AS_OF, customers=ABOUT)
    assert vectors.id_type is IdType.INTEGER
    assert vectors.notices[-1].line == (
        "orders: customer ids are numbers in orders; text in customers; they are written as numbers, as orders has them"
    )
    vectors = build({"orders": orders(["1", "2"]), "customers": customers([2, 3])}, AS_OF, customers=ABOUT)
    assert vectors.id_type is IdType.TEXT
    assert vectors.notices[-1].text.endswith("they are written as text, as orders has them")


@pytest.mark.parametrize("other", ["K-7", "007", "-0", "9223372036854775808", ""])
def test_an_id_that_is_no_whole_number_makes_all_text(other: str) -> None:
    tables = [TableCustomers("customers", pd.Index([other, "5"])), TableCustomers("orders", pd.Index(["5"]), True)]
    chosen = choose_id_type(tables, pd.Index([other, "5"], dtype="str"))
    assert chosen.type is IdType.TEXT
    assert "since not every id is a whole number of 64 bits" in chosen.notices[0].text


def test_numbers_beyond_64_bits_are_text(build: Any) -> None:
    wide = orders([2**63 + 5, 7], "uint64")
    vectors = build({"orders": wide}, AS_OF)
    assert (vectors.id_type, vectors.frame.index.tolist()) == (IdType.TEXT, ["7", str(2**63 + 5)])
    assert build({"orders": orders([5, 7], "uint64")}, AS_OF).id_type is IdType.INTEGER


@given(st.lists(st.integers(-(2**63), 2**63 - 1), unique=True))
def test_whole_numbers_survive(numbers: list[int]) -> None:
    ids = pd.Index(list(map(str, numbers)), dtype="str", name="customer_id")
    written = typed_ids(ids, IdType.INTEGER)
    assert written.tolist() == numbers
    assert (written.dtype, written.name) == ("int64", "customer_id")
    assert written.astype("str").tolist() == ids.tolist()
