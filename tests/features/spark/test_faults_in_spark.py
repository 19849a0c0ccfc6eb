"""What a person gets wrong with a Spark is one line that says what is wrong, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from pyarrow import parquet

from features.customer_vector import build_vectors
from features.reading.spark_session import spark_session
from features.reading.spark_tables import SparkTables
from features.settings import EngineSettings, FeatureSettings, Sources
from features.source_settings import TableSource
from features.sources import fetch, plain_errors
from features.spark.places import place_to_read, place_to_write
from features.spark.spark_vectors import build_spark_vectors
from segment_model.errors import ContractError, SettingsError, SourceError

pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),  # of py4j's gateway
]
REFUSED_BY_JAVA = """An error occurred while calling None.org.apache.spark.api.java.JavaSparkContext.
: org.apache.spark.SparkException: Asked to run locally with 0 threads
\tat org.apache.spark.SparkContext$.createTaskScheduler(SparkContext.scala:1)
"""


@pytest.mark.parametrize("home", ["", "elsewhere"])
def test_java_is_sought_where_spark_seeks_it(home: str, spark: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert spark is not None
    monkeypatch.setenv("PATH", "")
    if home:
        monkeypatch.setenv("JAVA_HOME", home)
    else:
        monkeypatch.delenv("JAVA_HOME", raising=False)
    words = "there is no bin/java in elsewhere: correct or unset JAVA_HOME" if home else "there is no `java`"
    with pytest.raises(SourceError, match=words), spark_session(EngineSettings(spark="local[1]"), "UTC"):
        pass


class BuilderThatFails:
    """Stands for pyspark's builder of sessions; a second session cannot be made beside that of the tests."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def appName(self, _: str) -> BuilderThatFails:  # noqa: N802  # pyspark's name
        return self

    def master(self, _: str) -> BuilderThatFails:
        return self

    def config(self, *_: str) -> BuilderThatFails:
        return self

    def getOrCreate(self) -> Any:  # noqa: N802
        raise self._error


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (REFUSED_BY_JAVA, "org.apache.spark.SparkException: Asked to run locally with 0 threads"),
        (
            "Error while instantiating 'Builder':\nCaused by: java.lang.NumberrmatException: many\n",
            "java.lang.Number",
        ),
        (
            "[JAVA_GATEWAY_EXITED] Java exited.",
            r"\[JAVA_GATEWAY_EXITED\] Java exited\.; what Java wrote above says why",
        ),
    ],
)
def test_a_session_that_does_not_start_says_why(
    text: str, line: str, spark: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from py4j.protocol import Py4JError
    from pyspark.sql import SparkSession

    assert spark is not None
    monkeypatch.setattr(SparkSession, "getActiveSession", classmethod(lambda _: None))
    monkeypatch.setattr(SparkSession, "builder", BuilderThatFails(Py4JError(text)))
    with (
        pytest.raises(SourceError, match=f"^engine: no session at local\\[0\\]: {line}"),
        spark_session(EngineSettings(spark="local[0]"), "UTC"),
    ):
        pass


def refuse(_: Iterator[Any]) -> Iterator[Any]:
    """Raise our own error."""
    raise ContractError("the vector lacks mrr")
    yield


def lack(_: Iterator[Any]) -> Iterator[Any]:
    """Raise that of a worker without this project."""
    raise ModuleNotFoundError("No module named 'segment_model'")
    yield


@pytest.mark.parametrize(
    ("work", "line"),
    [
        (refuse, "cannot assign: the vector lacks mrr"),
        (lack, "cannot assign: ModuleNotFoundError: No module named .*"),
    ],
)
def test_an_error_in_a_worker_is_its_last_line(work: Any, line: str, spark: Any) -> None:
    with pytest.raises(SourceError, match=f"^{line}$"), plain_errors("cannot assign"):
        spark.range(3).mapInArrow(work, "id bigint").collect()


def test_values_that_no_other_engine_has_are_text(spark: Any, tmp_path: Path) -> None:
    rows = spark.sql(
        "SELECT 'K1' AS customer_id, INTERVAL '3' MONTH AS `a b`, parse_json('{\"a\": 1}') AS json, ARRAY(1) AS listed"
    )
    rows.createOrReplaceTempView("odd_values")
    tables = SparkTables(spark, tmp_path)
    table = tables.open(TableSource(spark_table="odd_values"), "customers")
    (row,) = fetch(table.drop("listed"), "customers").to_pylist()
    assert row == {"customer_id": "K1", "a b": "INTERVAL '3' MONTH", "json": '{"a":1}'}
    assert table.listed.type().is_array()
    tables.close()
    spark.catalog.dropTempView("odd_values")


def test_a_parquet_column_that_spark_does_not_read_is_named(spark: Any, tmp_path: Path) -> None:
    parquet.write_table(pa.table({"customer_id": ["K1"], "at": [time(9, 30)]}), tmp_path / "own.parquet")
    with pytest.raises(SourceError, match=r"own\.parquet has the column 'at' of time64\[us\], which Spark does not"):
        SparkTables(spark, tmp_path).open(TableSource(file="own.parquet"), "vectors")


def test_customers_with_several_rows_are_named_as_in_memory(spark: Any, tmp_path: Path) -> None:
    names = [f"K{n % 5}" for n in range(9)]
    pd.DataFrame({"customer_id": names, "spend": range(9)}).to_parquet(tmp_path / "own.parquet")
    sources, settings = Sources.model_validate({"vectors": {"file": "own.parquet"}}), FeatureSettings()
    with pytest.raises(SourceError) as in_memory:
        build_vectors(sources, settings, None, tmp_path)
    with pytest.raises(SourceError) as in_spark:
        build_spark_vectors(SparkTables(spark, tmp_path), sources, settings, None, tmp_path)
    assert str(in_spark.value) == str(in_memory.value)
    assert "4 customers have more than one row, such as K0, K1, K2; keep one row each" in str(in_spark.value)


@pytest.mark.parametrize("address", ["s3a://shop/vectors", "hdfs://host:9000/vectors", "file:///vectors"])
def test_an_address_is_no_folder_to_write(address: str) -> None:
    """It was a folder of that name beside the settings, `s3a:/shop/vectors`."""
    with pytest.raises(SettingsError, match="is no folder that this machine and all workers see: mount it, or write"):
        place_to_write(Path(address), "customer_vectors")
    with pytest.raises(SettingsError, match="is no folder"):
        place_to_read(address)
