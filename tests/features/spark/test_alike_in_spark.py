"""Ids that are equal but for their writing are named in Spark as in memory."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.customer_vector import build_vectors
from features.joining.alike_ids import AlikeIds, AlikeInTables
from features.joining.id_overlap import overlap_notices
from features.joining.shared_ids import SharedIds, notices_of_shared
from features.joining.table_customers import TableCustomers
from features.reading.spark_tables import SparkTables
from features.settings import FeatureSettings, IdSettings, Sources
from features.spark.alike_in_spark import pairs_of
from features.spark.spark_vectors import build_spark_vectors
from segment_model.errors import SourceError

WRITTEN = st.sets(st.sampled_from(["a", "A", "0a", "0A", "\uff21", "a\u200b", "00a"]), min_size=1)


@given(WRITTEN, WRITTEN)
def test_the_pairs_of_a_key_are_those_in_memory(first: set[str], second: set[str]) -> None:
    members = [(name, (name in first) + 2 * (name in second)) for name in sorted(first | second)]
    counts = pd.Series([place for place, _ in pairs_of(members, 2)], dtype=object).value_counts()
    ids = IdSettings(allow_disjoint=True)
    tables = [TableCustomers(n, pd.Index(sorted(own), dtype="str")) for n, own in (("x", first), ("y", second))]
    lines = [notice.line for notice in overlap_notices(tables, ids)]
    for place, start in {(0, 0): "x: ", (1, 1): "y: ", (0, 1): "warning: x: "}.items():
        number = counts.get(place, 0)
        words = "would meet" if place == (0, 1) else "from another by"
        stated = [line for line in lines if line.startswith(start) and words in line]
        assert [line.removeprefix(start).split()[0] for line in stated] == [str(number)] * bool(number)


def test_parts_of_pairs_are_summed_whatever_their_order() -> None:
    case = AlikeIds.of(pd.Index(["B", "B"]), pd.Index(["b", "b"]))
    zeros = AlikeIds.of(pd.Index(["01"]), pd.Index(["1"]))
    assert case is not None
    assert zeros is not None
    assert case.with_more(zeros) == zeros.with_more(case) == AlikeIds(3, "01", "1", True, True, False)
    assert case.with_more(None) == case
    assert AlikeIds.of(pd.Index([]), pd.Index([])) is None


def test_tables_that_are_apart_say_what_would_join_them() -> None:
    tables = [TableCustomers("x", pd.Index(["A"])), TableCustomers("y", pd.Index(["a"]))]
    with pytest.raises(SourceError, match=r"1 id would meet under `features: \{ids: \{case: fold\}\}`"):
        overlap_notices(tables, IdSettings())
    pair = SharedIds("x", "y", 1, 1, 1, "")
    assert [notice.text for notice in notices_of_shared({"x": 1, "y": 1}, [pair], AlikeInTables(), IdSettings())] == [
        "of its 1 id, 1 is in y (1 id)"
    ]


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # of py4j's gateway
@pytest.mark.parametrize(
    ("orders", "people"),
    [
        (["00123", "Kim", "kim", "0", "same"], ["123", "KIM", "0", "same"]),
        (["Zoe\u0308", "K-17\u200b", "bo", "x"], ["Zoë", "K-17", "bo", "X"]),
        (["007", "008"], ["7", "8"]),  # share no id
        (["7", "8"], ["7", "9"]),
    ],
)
def test_the_notices_of_ids_are_those_in_memory(
    orders: list[str], people: list[str], spark: Any, tmp_path: Path
) -> None:
    pd.DataFrame({"customer_id": orders, "ordered_at": datetime(2024, 6, 30), "amount": 5.0}).to_parquet(
        tmp_path / "orders.parquet"
    )
    pd.DataFrame({"customer_id": people, "age": 1.0}).to_parquet(tmp_path / "people.parquet")
    sources = Sources.model_validate(
        {
            "orders": {"file": "orders.parquet"},
            "customers": {"file": "people.parquet", "attributes": {"age": {"kind": "number"}}},
        }
    )
    as_of, settings = datetime(2024, 7, 1), FeatureSettings()

    def notices_of(tables: SparkTables | None) -> list[str]:
        try:
            if tables is None:
                vectors: Any = build_vectors(sources, settings, as_of, tmp_path)
            else:
                vectors = build_spark_vectors(tables, sources, settings, as_of, tmp_path)
        except SourceError as error:
            return [str(error)]
        return [notice.line for notice in vectors.notices]

    tables = SparkTables(spark, tmp_path)
    assert notices_of(tables) == notices_of(None)
    tables.close()
