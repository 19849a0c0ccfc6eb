"""A CSV file in Spark has the rows, the refusals and the notices that it has in the embedded engine."""

from __future__ import annotations

import gzip
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
    "packed, Windows, Western Europe": {"a.csv.gz": gzip.compress(ROWS.replace(",", ";").encode("cp1252"))},
    "packed and not": {"a.csv.gz": gzip.compress(ROWS.encode()), "b.csv": TURNED.encode()},
    "packed twice": {"a.csv.gz": gzip.compress(ROWS.encode()), "b.csv.gz": gzip.compress(ROWS.encode())},
    "a last row that may be a total": {"a.csv": (ROWS + "Summe,Rom\n").encode("utf-16")},
    "lines as an old Mac ends them": {"a.csv": ROWS.replace("\n", "\r").encode()},
}
REFUSED = {
    "two encodings in one file": ({"a.csv": ROWS.encode() + "Weiß,Graz\n".encode("cp1252")}, {}),
    "not the encoding that is named": ({"a.csv": ROWS.encode("cp1252")}, {"encoding": "utf-8"}),
    "an empty file": ({"a.csv": b""}, {}),
    "other columns": ({"a.csv": ROWS.encode(), "b.csv": b"customer_id,town\nA,Bonn\n"}, {}),
    "a packed total": ({"a.csv.gz": gzip.compress((ROWS + "Summe,\n").encode("cp1252"))}, {}),
    "no packed file": ({"a.csv.gz": ROWS.encode()}, {}),
    "a packed file that is cut off": ({"a.csv.gz": gzip.compress(ROWS.encode())[:-9]}, {}),
    "bytes that the encoding does not have": ({"a.csv": ROWS.encode("cp1252")}, {"encoding": "ascii"}),
    "lines that end differently": ({"a.csv": (ROWS + "Weiß,Graz\r\n").encode()}, {}),
    "a sheet of a CSV": ({"a.csv": ROWS.encode()}, {"sheet": "2026"}),
    "other delimiters": ({"a.csv": ROWS.encode(), "b.csv": TURNED.replace(",", ";").encode()}, {}),
}


def rows_and_notices(
    folder: Path, files: dict[str, bytes], spark: Any, file: str = "*.csv*", **source: str
) -> tuple[list[dict[str, Any]], tuple[Notice, ...]]:
    for name, content in files.items():
        (folder / name).write_bytes(content)
    tables = None if spark is None else SparkTables(spark, folder)
    with Engines(folder, "UTC", tables) as engines:
        rows = fetch(engines.open(TableSource(file=file, **source), "customers"), "customers").to_pylist()
        return sorted(rows, key=lambda row: str(row["customer_id"])), engines.notices


@pytest.mark.parametrize("case", FOLDERS)
def test_the_rows_of_a_csv_file(case: str, spark: Any, tmp_path: Path) -> None:
    expected, notices = rows_and_notices(tmp_path, FOLDERS[case], None)
    assert rows_and_notices(tmp_path, FOLDERS[case], spark) == (expected, notices)
    assert len({row["customer_id"] for row in expected}) >= 2


def test_an_encoding_by_the_name_that_python_has(spark: Any, tmp_path: Path) -> None:
    files = {"a.csv": ROWS.encode("latin-1")}
    rows, notices = rows_and_notices(tmp_path, files, spark, encoding="latin-1")
    assert [row["customer_id"] for row in rows] == ["Möller", "Müller"]
    assert [notice.line for notice in notices] == ["customers: *.csv* is read as latin-1"]


@pytest.mark.parametrize("case", REFUSED)
def test_a_csv_file_that_is_refused(case: str, spark: Any, tmp_path: Path) -> None:
    files, source = REFUSED[case]
    with pytest.raises(SourceError) as in_memory:
        rows_and_notices(tmp_path, files, None, **source)
    with pytest.raises(SourceError) as in_spark:
        rows_and_notices(tmp_path, files, spark, **source)
    assert str(in_spark.value) == str(in_memory.value)


@pytest.mark.parametrize("case", sorted({*FOLDERS, *REFUSED} - {"packed and not"}))
def test_a_remote_csv_file_is_read_and_refused_as_one_here(case: str, spark: Any, tmp_path: Path) -> None:
    """An address with a scheme is Spark's to find: it is looked at by a copy."""
    files, source = REFUSED[case] if case in REFUSED else (FOLDERS[case], {})

    pattern = "*.csv.gz" if "a.csv.gz" in files else "*.csv"

    def read(session: Any, start: str) -> str:
        try:
            rows, notices = rows_and_notices(tmp_path, files, session, file=f"{start}{pattern}", **source)
        except SourceError as error:
            return str(error)
        return "\n".join([str(rows), *(notice.line for notice in notices)])

    in_spark = read(spark, f"{tmp_path.as_uri()}/")
    for start in (f"{tmp_path.as_uri()}/", f"file:{tmp_path}/"):
        in_spark = in_spark.replace(start, "")
    assert in_spark == read(None, "")
    assert not list(tmp_path.glob(".*.crc"))


def test_a_remote_folder_that_a_program_wrote(spark: Any, tmp_path: Path) -> None:
    folder = tmp_path / "orders.csv"
    spark.createDataFrame([("A", "Ulm"), ("B", "Total")], "customer_id string, city string").repartition(2).write.csv(
        folder.as_uri(), header=True
    )
    rows, notices = rows_and_notices(tmp_path, {}, spark, file=folder.as_uri())
    assert [row["customer_id"] for row in rows] == ["A", "B"]
    assert [notice.warning for notice in notices] == [True]
    assert "the last row of" in notices[0].text
    with pytest.raises(SourceError, match=r"customers: Spark finds no file at file:///.*absent\.csv$"):
        rows_and_notices(tmp_path, {}, spark, file=f"{tmp_path.as_uri()}/absent.csv")


def test_a_remote_file_that_the_settings_describe_is_not_copied(spark: Any, tmp_path: Path) -> None:
    files = {"a.csv": (ROWS.replace(",", ";") + "Summe;\n").encode("cp1252")}
    address = f"{tmp_path.as_uri()}/a.csv"
    rows, notices = rows_and_notices(tmp_path, files, spark, file=address, encoding="cp1252", delimiter=";")
    assert [row["customer_id"] for row in rows] == ["Möller", "Müller", "Summe"]
    assert [notice.line for notice in notices] == [
        f"customers: {address} is not looked at, as encoding and delimiter are set: its last row may be a total"
    ]


def test_a_packed_file_whose_name_spark_does_not_know(spark: Any, tmp_path: Path) -> None:
    files = {"a.CSV.GZ": gzip.compress(ROWS.encode())}
    with pytest.raises(SourceError, match=r"a\.CSV\.GZ: Spark unpacks a file only if its name ends in \.gz"):
        rows_and_notices(tmp_path, files, spark, file="a.CSV.GZ")
