"""A CSV file in Spark has the rows, the refusals and the notices that it has in the embedded engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from features.notices import Notice
from features.reading.spark_tables import SparkTables
from features.source_settings import TableSource
from features.sources import Engines, fetch
from segment_model.errors import SourceError

# py4j closes the sockets of its gateway when Python ends
pytestmark = [
    pytest.mark.spark,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

ROWS = "customer_id,city\nMüller,Köln\nMöller,Genève\n"
TURNED = "city,customer_id\nMálaga,Muñoz\n"
FOLDERS = {
    "Windows, Western Europe": {"a.csv": ROWS.encode("cp1252")},
    "as a spreadsheet saves Unicode": {"a.csv": ROWS.replace(",", "\t").encode("utf-16")},
    "two bytes a letter, without a mark": {"a.csv": ROWS.encode("utf-16-le")},
    "a byte order mark": {"a.csv": ROWS.encode("utf-8-sig")},
    "blanks around the names": {"a.csv": ROWS.replace("customer_id,city", " customer_id , city ").encode()},
    "columns in another order, in another encoding": {"a.csv": ROWS.encode(), "b.csv": TURNED.encode("cp1252")},
    "an export that was saved twice": {"a.csv": ROWS.encode(), "a (1).csv": ROWS.encode()},
    "a column without a name": {"a.csv": b"customer_id,city,\nA,Bonn,1\nB,Ulm,2\n"},
}
REFUSED = {
    "two encodings in one file": ({"a.csv": ROWS.encode() + "Weiß,Graz\n".encode("cp1252")}, {}),
    "not the encoding that is named": ({"a.csv": ROWS.encode("cp1252")}, {"encoding": "utf-8"}),
    "an empty file": ({"a.csv": b""}, {}),
    "other columns": ({"a.csv": ROWS.encode(), "b.csv": b"customer_id,town\nA,Bonn\n"}, {}),
    "other delimiters": ({"a.csv": ROWS.encode(), "b.csv": TURNED.replace(",", ";").encode()}, {}),
}


def rows_and_notices(
    folder: Path, files: dict[str, bytes], spark: Any, **source: str
) -> tuple[list[dict[str, Any]], tuple[Notice, ...]]:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    tables = None if spark is None else SparkTables(spark, folder)
    with Engines(folder, "UTC", tables) as engines:
        rows = fetch(engines.open(TableSource(file="*.csv", **source), "customers"), "customers").to_pylist()
        return sorted(rows, key=lambda row: str(row["customer_id"])), engines.notices


@pytest.mark.parametrize("case", FOLDERS)
def test_the_rows_of_a_csv_file(case: str, spark: Any, tmp_path: Path) -> None:
    expected, told_of = rows_and_notices(tmp_path, FOLDERS[case], None)
    assert rows_and_notices(tmp_path, FOLDERS[case], spark) == (expected, told_of)
    assert len({row["customer_id"] for row in expected}) >= 2


def test_an_encoding_by_the_name_that_python_has(spark: Any, tmp_path: Path) -> None:
    files = {"a.csv": ROWS.encode("latin-1")}
    rows, told_of = rows_and_notices(tmp_path, files, spark, encoding="latin-1")
    assert [row["customer_id"] for row in rows] == ["Möller", "Müller"]
    assert [notice.line for notice in told_of] == ["customers: *.csv is read as latin-1"]


@pytest.mark.parametrize("case", REFUSED)
def test_a_csv_file_that_is_refused(case: str, spark: Any, tmp_path: Path) -> None:
    files, source = REFUSED[case]
    with pytest.raises(SourceError) as in_memory:
        rows_and_notices(tmp_path, files, None, **source)
    with pytest.raises(SourceError) as in_spark:
        rows_and_notices(tmp_path, files, spark, **source)
    assert str(in_spark.value) == str(in_memory.value)
