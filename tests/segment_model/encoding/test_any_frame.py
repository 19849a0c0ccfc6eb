"""A model takes customers in any kind of frame, and answers in the same kind with the same segments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from segment_model.contract import Column, Kind, VectorContract
from segment_model.errors import ContractError
from segment_model.model import SegmentModel


@pytest.fixture(scope="module")
def column(planted: Any) -> pd.DataFrame:
    """The planted customers, with their ids in a column."""
    frame: pd.DataFrame = planted.frame.reset_index()
    return frame


def test_a_polars_frame_is_answered_by_one_with_the_ids(model: SegmentModel, column: pd.DataFrame) -> None:
    expected = model.assign(column.set_index("customer_id"))
    answer = model.assign(pl.from_pandas(column))
    assert isinstance(answer, pl.DataFrame)
    assert answer["customer_id"].to_list() == [*column["customer_id"]]
    assert answer["segment_id"].to_list() == [None if pd.isna(own) else own for own in expected["segment_id"]]
    assert np.array_equal(answer["strength"].to_numpy(), expected["strength"].to_numpy())


@pytest.mark.parametrize("kind", [pl.Int32, pl.UInt8, pl.String])
def test_ids_keep_their_type_with_and_without_rows(kind: Any, kmeans_model: SegmentModel, column: pd.DataFrame) -> None:
    """Answers of several parts are put together, and joined to the customers."""
    frame = pl.from_pandas(column.head(9)).with_columns(customer_id=pl.Series(range(9)).cast(kind))
    answers = [kmeans_model.assign(part) for part in (frame, frame.filter(False))]
    assert frame.join(pl.concat(answers), on="customer_id").height == 9
    tables = [kmeans_model.assign(part.to_arrow()) for part in (frame, frame.filter(False))]
    assert pa.concat_tables(tables).num_rows == 9


def test_a_lazy_frame_is_answered_lazily(kmeans_model: SegmentModel, column: pd.DataFrame) -> None:
    frame = pl.from_pandas(column)
    answer = kmeans_model.assign(frame.lazy())
    assert isinstance(answer, pl.LazyFrame)
    assert answer.collect().equals(kmeans_model.assign(frame))


def test_an_arrow_table_is_answered_by_one(kmeans_model: SegmentModel, column: pd.DataFrame) -> None:
    table = pa.Table.from_pandas(column.drop(columns="customer_id"), preserve_index=False)
    answer = kmeans_model.assign(table)
    assert isinstance(answer, pa.Table)
    assert "customer_id" not in answer.column_names
    assert answer["segment_id"].to_pylist() == [*kmeans_model.assign(column)["segment_id"]]


def test_a_column_of_ids_becomes_the_index_of_a_pandas_frame(kmeans_model: SegmentModel, column: pd.DataFrame) -> None:
    assert kmeans_model.assign(column).equals(kmeans_model.assign(column.set_index("customer_id")))


def test_a_series_is_one_customer(kmeans_model: SegmentModel, planted: Any) -> None:
    customer = planted.frame.iloc[5]
    answer = kmeans_model.assign(customer)
    assert [*answer.index] == [customer.name]
    assert answer["segment_id"].iloc[0] == kmeans_model.assign(planted.frame)["segment_id"].iloc[5]
    with_id = planted.frame.reset_index().iloc[5]
    assert kmeans_model.assign(with_id).equals(kmeans_model.assign(planted.frame.reset_index().iloc[[5]]))


def test_a_matrix_is_taken_where_all_columns_are_numbers(numbers_model: SegmentModel) -> None:
    rng = np.random.default_rng(2)
    matrix = rng.normal(size=(7, 2))
    named = pd.DataFrame(matrix, columns=["a", "b"])
    assert numbers_model.assign(matrix).equals(numbers_model.assign(named))
    with pytest.raises(ContractError, match=r"shape \(7, 1\) .* in order: a, b"):
        numbers_model.assign(matrix[:, :1])


def test_a_matrix_cannot_hold_text(kmeans_model: SegmentModel) -> None:
    with pytest.raises(ContractError, match="a matrix holds numbers, and plan, country holds text"):
        kmeans_model.assign(np.zeros((3, 8)))


@pytest.mark.parametrize("customers", [None, 3, "customers.parquet", {"a": 1}, iter(())])
def test_what_is_no_frame_is_refused(kmeans_model: SegmentModel, customers: Any) -> None:
    with pytest.raises(ContractError, match=r"expected customers as a list of dicts or a frame"):
        kmeans_model.assign(customers)


@pytest.mark.parametrize(
    "column",
    [pl.Series("a", [1.0, 2.0]), pa.chunked_array([[1.0], [2.0]])],
    ids=["polars", "Arrow"],
)
def test_a_single_column_of_another_library_is_refused(numbers_model: SegmentModel, column: Any) -> None:
    with pytest.raises(ContractError, match=f"got a single column \\({type(column).__name__}\\)"):
        numbers_model.assign(column)


def test_a_lazy_frame_whose_query_fails_is_refused_in_one_line(numbers_model: SegmentModel) -> None:
    query = pl.LazyFrame({"a": [1.0], "b": [2.0]}).select("a", "visits")
    with pytest.raises(ContractError, match=r"the LazyFrame cannot be collected: .*visits") as caught:
        numbers_model.assign(query)
    assert "\n" not in str(caught.value)


def test_a_name_that_stands_twice_is_refused_in_every_library(kmeans_model: SegmentModel, column: pd.DataFrame) -> None:
    for name in ("customer_id", "plan"):
        twice = pd.concat([column, column[[name]]], axis="columns")
        arrays = [pa.array(twice.iloc[:, place]) for place in range(twice.shape[1])]
        table = pa.Table.from_arrays(arrays, [*twice.columns])
        for frame in (twice, table, table.to_reader()):
            with pytest.raises(ContractError, match=f"columns appear more than once: {name}. Keep one of each"):
                kmeans_model.assign(frame)


@pytest.fixture(scope="module")
def numbers_model() -> SegmentModel:
    from training.candidates.kmeans_settings import KMeansSettings
    from training.discovery.discovery import discover
    from training.settings import DiscoverySettings

    rng = np.random.default_rng(1)
    centres = np.repeat([[0.0, 0.0], [12.0, 9.0]], 60, axis=0)
    frame = pd.DataFrame(centres + rng.normal(size=(120, 2)), columns=["a", "b"]).rename(index=str)
    contract = VectorContract((Column("a", Kind.NUMBER), Column("b", Kind.NUMBER)))
    settings = DiscoverySettings(algorithms=(KMeansSettings(segments=2),))
    return discover(frame, contract, settings, {"data_digest": "sha256:numbers"}).model
