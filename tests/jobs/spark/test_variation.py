"""The columns that do not vary are named in Spark as in memory, in the same words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.spark.stored_table import StoredFolder
from jobs.customer_vectors import describe_vectors, vectors_of
from jobs.spark.variation import constant_in_spark
from jobs.spark.written_vectors import write_spark_vectors
from segment_model.contract import Column, Kind, VectorContract
from training.settings import EncodingSettings, parse_settings
from training.variation import constant_columns

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),  # of py4j's gateway
]

SIZE = 1_000
LEVELS = np.array([*"ab"], dtype=object)[np.arange(SIZE) % 2]
NUMBERS = {
    "varies": np.arange(SIZE) % 7,
    "half of them": np.arange(SIZE) % 2,
    "alike": np.full(SIZE, 7.5),
    "alike where known": np.where(np.arange(SIZE) < 9, np.nan, 0.25),
    "clipped": np.where(np.arange(SIZE) == 4, 9.0, 1.0),
    "clipped at both ends": np.select([np.arange(SIZE) == 4, np.arange(SIZE) == 5], [9.0, -9.0], 1.0),
    "not clipped": np.where(np.arange(SIZE) < 30, 9.0, 1.0),
    "mostly missing": np.where(np.arange(SIZE) == 4, 3.0, np.where(np.arange(SIZE) == 5, 4.0, np.nan)),
    "never known": np.full(SIZE, np.nan),
}
CATEGORIES = {
    "two levels": LEVELS,
    "one level": np.full(SIZE, "Köln", dtype=object),
    "one level or none": np.where(np.arange(SIZE) < 9, None, "Köln"),
    "one level or hardly ever none": np.where(np.arange(SIZE) < 1, None, "Köln"),
    "all rare": np.array([f"V{n}" for n in range(SIZE)], dtype=object),
    "all rare or missing": np.where(np.arange(SIZE) < SIZE - 1, None, "Köln"),
    "no level": np.full(SIZE, None),
}
CONTRACT = VectorContract(
    (
        *(Column(name, Kind.NUMBER, nullable=True) for name in NUMBERS),
        *(Column(name, Kind.CATEGORY, nullable=True) for name in CATEGORIES),
    )
)


def vectors() -> pd.DataFrame:
    frame = pd.DataFrame({**NUMBERS, **CATEGORIES}).astype(dict.fromkeys(NUMBERS, "float64"))
    return frame.astype(dict.fromkeys(CATEGORIES, "str"))


@pytest.mark.parametrize("settings", [{}, {"clip_share": 0}, {"clip_share": 0.4}, {"rare_share": 0.6}])
def test_the_columns_and_their_reasons(settings: dict[str, Any], spark: Any, tmp_path: Path) -> None:
    vectors().to_parquet(tmp_path / "vectors.parquet", index=False)
    frame = spark.read.parquet((tmp_path / "vectors.parquet").as_uri()).repartition(3)
    encoding = EncodingSettings.model_validate(settings)
    expected = constant_columns(vectors(), CONTRACT, encoding)
    assert constant_in_spark(frame, CONTRACT, encoding) == expected
    assert {"alike", "one level"} <= expected.keys()
    assert not {"varies", "never known", "no level"} & expected.keys()
    assert ("clipped at both ends" in expected) is (encoding.clip_share > 0)


def test_the_summary_of_written_vectors_has_them(spark: Any, tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"customer_id": [f"K{n}" for n in range(SIZE)], "spend": np.arange(SIZE) ** 1.5, "basic": 1.0, "city": "Ulm"}
    )
    table.to_parquet(tmp_path / "own.parquet", index=False)
    block = {"sources": {"vectors": {"file": "own.parquet", "kinds": {"basic": "number", "city": "category"}}}}
    in_memory, in_spark = parse_settings(block), parse_settings({**block, "engine": {"spark": "local[1]"}})
    expected = describe_vectors(vectors_of(in_memory, tmp_path), in_memory.discovery)
    assert "2 basis columns shape nothing, and only describe: basic (1 for everyone), city ('Ulm' for" in expected
    assert write_spark_vectors(in_spark, tmp_path, StoredFolder(tmp_path / "vectors")).summary == expected
