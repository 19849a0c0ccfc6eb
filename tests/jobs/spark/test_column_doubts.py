"""What is told or refused of a table of one row a customer is the same in Spark and in memory, word for word."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.spark.stored_table import StoredFolder
from jobs.customer_vectors import vectors_of
from jobs.spark.training_vectors import learners
from jobs.spark.written_vectors import write_spark_vectors
from segment_model.errors import SourceError
from training.settings import Settings, parse_settings

# py4j closes the sockets of its gateway when Python ends
pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

CUSTOMERS = 60
IN_SPARK = {"engine": {"spark": "local[1]"}}


def exported() -> pd.DataFrame:
    """A table as a report exports it, without totals and without a doubt."""
    random = np.random.default_rng(5)
    return pd.DataFrame(
        {
            "customer_id": [f"K{n:03d}" for n in range(CUSTOMERS)],
            "spend": np.round(random.lognormal(3, 1, CUSTOMERS), 2),
            "orders": random.integers(1, 20, CUSTOMERS),
            "visits": random.integers(0, 90, CUSTOMERS),
        }
    )


def doubtful() -> pd.DataFrame:
    """The same table, of which everything is told that does not refuse it."""
    table = exported()
    table.loc[7, "customer_id"] = "Grand Total:"
    table.loc[9, "customer_id"] = "Totally Spies"
    return table.assign(
        **{"Spend in cents": table["spend"] * 100, "All together": table["spend"] + table["orders"] + table["visits"]},
        Alter=18 + np.arange(CUSTOMERS) * 7 % 60,
        q7=np.where(np.arange(CUSTOMERS) % 2, "M", "f"),
        idle_days=np.where(np.arange(CUSTOMERS) % 6, np.arange(CUSTOMERS), 9999),
        kept_out=np.where(np.arange(CUSTOMERS) % 3, "male", "female"),
    )


def settings_of(file: str, spark: bool, **more: Any) -> Settings:
    source = {"file": file, **more}
    return parse_settings({"sources": {"vectors": source}, **(IN_SPARK if spark else {})})


def warnings_of(notices: Any) -> list[str]:
    return [notice.line for notice in notices if notice.warning]


def test_what_is_told_of_own_columns(spark: Any, tmp_path: Path) -> None:
    doubtful().to_parquet(tmp_path / "own.parquet", index=False)
    asked = {"file": "own.parquet", "sensitive": ["kept_out"]}
    expected = vectors_of(settings_of(**asked, spark=False), tmp_path)
    expected_warnings = warnings_of(expected.notices)
    assert len(expected_warnings) == 5  # a total by its word, a copy, a sum, a lone number, and the personal columns
    with learners(settings_of(**asked, spark=True), tmp_path, lambda _: None) as customers:
        assert [notice.line for notice in customers.vectors.notices] == [
            *(notice.line for notice in expected.notices),
            "sample: all customers are fetched from Spark",
        ]
    out = StoredFolder(tmp_path / "vectors")
    written = write_spark_vectors(settings_of(**asked, spark=True), tmp_path, out)
    assert [line.strip() for line in written.summary.splitlines() if "warning" in line] == expected_warnings
    settled = write_spark_vectors(settings_of(**asked, spark=True), tmp_path, out, expected.learned)
    assert "warning" not in settled.summary  # known from training


def test_a_row_of_totals_is_refused(spark: Any, tmp_path: Path) -> None:
    """By its values, whatever the order; and as the last row of a CSV, by its word."""
    table = exported()
    sums = table[["spend", "orders"]].sum().round(2)
    whole = pd.concat([pd.DataFrame({"customer_id": ["Alle Kunden"], **{n: [v] for n, v in sums.items()}}), table])
    whole.to_parquet(tmp_path / "whole.parquet", index=False)
    one_column = whole.assign(orders=1)
    one_column.to_parquet(tmp_path / "large.parquet", index=False)
    table.to_csv(tmp_path / "last.csv", index=False)
    with (tmp_path / "last.csv").open("a") as file:
        file.write(f"Summe,{sums.spend},{sums.orders},\n")
    for name in ("whole.parquet", "last.csv"):
        with pytest.raises(SourceError) as in_memory:
            vectors_of(settings_of(name, spark=False), tmp_path)
        with pytest.raises(SourceError) as in_spark:
            write_spark_vectors(settings_of(name, spark=True), tmp_path, StoredFolder(tmp_path / "vectors"))
        refusals = [str(in_memory.value), str(in_spark.value)]
        assert refusals[0] == refusals[1]
        assert "leave it out" in refusals[0]
    kept = settings_of("large.parquet", spark=True)
    assert "61 customers" in write_spark_vectors(kept, tmp_path, StoredFolder(tmp_path / "vectors")).summary


def test_what_is_told_of_a_csv_file(spark: Any, tmp_path: Path) -> None:
    """Its delimiter, and a last customer who may be a total: once, though the id is a word for one too."""
    table = exported()
    table.loc[CUSTOMERS - 1, "customer_id"] = "Total"
    table.to_csv(tmp_path / "own.csv", index=False, sep=";")
    expected = vectors_of(settings_of("own.csv", spark=False), tmp_path).notices
    assert [notice.text for notice in expected if notice.warning] == [
        "the last row of own.csv holds 'Total'; if it is a total, delete it, or leave it out by `where: customer_id <> "
        "'Total'`"
    ]
    written = write_spark_vectors(settings_of("own.csv", spark=True), tmp_path, StoredFolder(tmp_path / "vectors"))
    lines = written.summary.splitlines()
    assert [line.strip() for line in lines[-len(expected) :]] == [notice.line for notice in expected]
    assert "  vectors: own.csv is read with the delimiter semicolon" in lines
