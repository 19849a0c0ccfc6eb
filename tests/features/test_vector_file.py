"""A vector file read part by part gives what it gives when it is read whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.learned import LearnedFeatures
from features.vector_file import open_vectors, read_vectors, write_vectors
from features.vector_table import CustomerVectors, IdType, digest
from segment_model.contract import Column, Kind, VectorContract
from segment_model.errors import SourceError

CONTRACT = VectorContract(
    (
        Column("spend", Kind.NUMBER, nullable=True),
        Column("city", Kind.CATEGORY, nullable=True),
        Column("visits", Kind.COUNT),
    )
)
TEXTS = ["Zoë", 'a, "b"', "007", "7", "[x]", "李", "e", "f", "g", "h"]


def written(path: Path, ids: Sequence[str] = TEXTS, id_type: IdType = IdType.TEXT) -> CustomerVectors:
    count = len(ids)
    frame = pd.DataFrame(
        {
            "spend": [None if row % 3 == 0 else row / 7 - 0.0 for row in range(count)],
            "city": pd.array([None if row % 4 == 1 else f"Ort, {row}" for row in range(count)], dtype="str"),
            "visits": np.arange(float(count)),
        },
        index=pd.Index(sorted(ids), dtype="str", name="customer_id"),
    )
    vectors = CustomerVectors(frame, CONTRACT, LearnedFeatures(), None, digest(frame), {}, id_type=id_type)
    write_vectors(vectors, path)
    return vectors


@pytest.mark.parametrize("customers", [1, 3, 10, 11])
@pytest.mark.parametrize(("ids", "id_type"), [(TEXTS, IdType.TEXT), ([*map(str, range(12))], IdType.INTEGER)])
def test_the_parts_are_the_whole(customers: int, ids: list[str], id_type: IdType, tmp_path: Path) -> None:
    vectors = written(tmp_path / "vectors.parquet", ids, id_type)
    with open_vectors(tmp_path / "vectors.parquet") as file:
        parts = list(file.frames(customers))
    assert {len(part) for part in parts[:-1]} <= {customers}
    pd.testing.assert_frame_equal(pd.concat(parts), vectors.frame, check_exact=True)


def test_the_digest_of_many_rows_is_that_of_their_json_at_once() -> None:
    count = 250_001
    ids = [f"c{row:06d}" for row in range(count)]
    cities = [None if row % 5 == 0 else f"Ort {row % 7}" for row in range(count)]
    spend = np.where(np.arange(count) % 9 == 0, np.nan, np.arange(count) / 3)
    frame = pd.DataFrame({"spend": spend, "city": pd.array(cities, dtype="str")}, index=pd.Index(ids, dtype="str"))
    expected = hashlib.sha256(json.dumps(["spend", "city"]).encode())
    expected.update(json.dumps(ids).encode() + spend.astype("<f8").tobytes() + json.dumps(cities).encode())
    assert digest(frame) == f"sha256:{expected.hexdigest()}"


def rewrite(path: Path, table: pa.Table) -> None:
    pq.write_table(table, path)


def test_a_changed_file_is_refused_before_its_first_customer(tmp_path: Path) -> None:
    path = tmp_path / "vectors.parquet"
    written(path)
    table = pq.read_table(path)
    changed = table.to_pandas()
    changed.loc[9, "visits"] = 10.0
    others = [table.slice(0, 9), table.slice(1), pa.Table.from_pandas(changed, table.schema, preserve_index=False)]
    for other in others:
        rewrite(path, other)
        with open_vectors(path) as file, pytest.raises(SourceError, match="was changed after it was written"):
            next(file.frames(3))


def test_a_file_in_another_order_is_the_same_and_keeps_its_order(tmp_path: Path) -> None:
    path = tmp_path / "vectors.parquet"
    vectors = written(path)
    rewrite(path, pq.read_table(path).take(list(range(9, -1, -1))))
    with open_vectors(path) as file:
        parts = list(file.frames(4))
    assert [len(part) for part in parts] == [4, 4, 2]
    pd.testing.assert_frame_equal(pd.concat(parts), vectors.frame[::-1], check_exact=True)
    pd.testing.assert_frame_equal(read_vectors(path).frame, vectors.frame[::-1], check_exact=True)


def test_what_is_no_vector_file(tmp_path: Path) -> None:
    path = tmp_path / "vectors.parquet"
    path.mkdir()
    with pytest.raises(SourceError, match="is not a vector file"), open_vectors(path):
        pass
    path = tmp_path / "without.parquet"
    written(path)
    rewrite(path, pq.read_table(path).drop_columns("customer_id"))
    for read in (read_vectors, lambda path: list(_parts(path))):
        with pytest.raises(SourceError, match="says of its vectors is damaged: write it again"):
            read(path)


@pytest.mark.parametrize("name", ["v\0sits", "VISITS", "spend "])
def test_a_column_of_another_name_is_named(name: str, tmp_path: Path) -> None:
    path = tmp_path / "vectors.parquet"
    written(path)
    table = pq.read_table(path)
    renamed = table.rename_columns({"visits": name}).replace_schema_metadata(table.schema.metadata)
    rewrite(path, renamed)
    message = f"they have the columns spend, city, {name}; expected spend, city, visits"
    for read in (read_vectors, lambda path: list(_parts(path))):
        with pytest.raises(SourceError, match=message):
            read(path)


def test_names_of_columns_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "vectors.parquet"
    written(path)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"visits", b"v\x80sits"))
    with pytest.raises(SourceError, match="cannot read vectors from"):
        read_vectors(path)


def _parts(path: Path) -> list[pd.DataFrame]:
    with open_vectors(path) as file:
        return list(file.frames(3))
