"""Files and folders whose names have blanks, or letters that are a pattern elsewhere, are read and written by Spark."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.reading.spark_tables import SparkTables
from features.source_settings import TableSource
from features.sources import Engines, fetch
from features.spark.stored_table import StoredFolder, read_stored

# py4j closes the sockets of its gateway when Python ends
pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

NAMES = ("orders (1)", "a[1]{x}*?", "Größe 100%20", "back\\slash")
ROWS = pd.DataFrame({"customer_id": ["K1", "K2"], "city": ["Bonn", "Ulm"]})


@pytest.mark.parametrize("name", NAMES)
def test_a_file_of_any_name_is_read(name: str, spark: Any, tmp_path: Path) -> None:
    ROWS.to_csv(tmp_path / f"{name}.csv", index=False)
    ROWS.to_parquet(tmp_path / f"{name}.parquet", index=False)
    with Engines(tmp_path, "UTC", SparkTables(spark, tmp_path)) as engines:
        for ending in (".csv", ".parquet"):
            table = engines.open(TableSource(file=f"{name}{ending}"), "customers")
            assert fetch(table, "customers").sort_by("customer_id").to_pylist() == ROWS.to_dict("records")


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_of_any_name_is_written_and_read(name: str, spark: Any, tmp_path: Path) -> None:
    place = StoredFolder(tmp_path / name)
    place.write(spark, spark.createDataFrame(ROWS), None, {"number": 7})
    assert pd.read_parquet(read_stored(tmp_path / name)[0]).sort_values("customer_id").to_dict("records") == (
        ROWS.to_dict("records")
    )
    assert sorted(row["city"] for row in place.read(spark).frame.collect()) == ["Bonn", "Ulm"]
    assert [path.name for path in tmp_path.iterdir()] == [name]
