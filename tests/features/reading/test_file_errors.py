"""Files that cannot be read are refused in one line, with file, line, cause and remedy."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from segment_model.errors import SourceError

GOOD = b"customer_id,ordered_at,amount\n" + b"".join(b"%d,2026-06-01,5\n" % n for n in range(30_000))


def refusal(read: Any, file: str, **source: Any) -> str:
    with pytest.raises(SourceError) as caught:
        read(file, **source)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.csv is empty (0 bytes): not even the names"),
        (b"\n\n", "a.csv holds only blank lines"),
        (
            GOOD + b"7,2026-06-01,5,9\n",
            "a.csv, line 30002: 4 fields, and the header 3 ('7,2026-06-01,5,9'): write a field",
        ),
        (
            GOOD + b"7,2026-06-01\n7,2026-06-01,5\n",
            "a.csv, line 30002: 2 fields, and the header 3 ('7,2026-06-01'): the line",
        ),
        (
            GOOD + b"Total,,\n" * 0 + b"Total,123\n",
            "a.csv, line 30002: 2 fields, and the header 3 ('Total,123'): it looks",
        ),
        (
            GOOD + b"Total,,123\n",
            "the last row is a total ('Total, , 123'): delete it, or leave it out by `where: customer_id",
        ),
        (GOOD + b'"7,2026-06-01,5\n' + GOOD, "a.csv, line 30002: a quote that opens in this row is never closed"),
        (GOOD + b'"7"x,2026-06-01,5\n', "a.csv, line 30002: text stands between a closing quote and the delimiter"),
        (
            GOOD + b"7,2026-06-01,5\r\n",
            "a.csv, line 30002, ends in CRLF (Windows), and the lines before it in LF (Unix)",
        ),
        (
            GOOD.replace(b"\n", b"\r\n") + b"7,2026-06-01,5\n",
            "a.csv, line 30002, ends in LF (Unix), and the lines before",
        ),
        (
            GOOD + "Zoë,2026-06-01,5\n".encode() + b"Zo\xeb,2026-06-01,5\n",
            "a.csv, line 30003, is not UTF-8, while other",
        ),
        (
            GOOD + b"Zo\x81,2026-06-01,5\n",
            "a.csv, line 30002, is not UTF-8, and other bytes of the file are not cp1252",
        ),
        (
            GOOD + "Жанна,2026-06-01,5\n".encode("cp1251"),
            "line 30002, is not UTF-8, and does not look Western European",
        ),
        (GOOD + b"7\0,2026-06-01,5\n", "a.csv, line 30002, holds a NUL byte"),
        (GOOD + b"7" * 2_100_000 + b",2026-06-01,5\n", "a.csv, line 30002, is longer than 2 MB"),
        (b"id,total,total\n1,2,3\n", "a.csv, line 1: the columns 2 ('total') and 3 ('total') have one name"),
        (b"id,Total,total\n1,2,3\n", "a.csv, line 1: the columns 2 ('Total') and 3 ('total') have one name"),
        (b",,\n1,2,3\n", "a.csv, line 1: no column has a name"),
        (
            b"17850,2026-06-29,9.99\n1,2026-06-28,3\n",
            "line 1, looks like values, not like names of columns ('17850, 2026",
        ),
        (b"C1,2026-06-29\nC2,2026-06-28\n", "looks like values"),
        (b"17850,9\n1,2\n", "looks like values"),
        (b"a;b,c\n1;2,3\n", "the comma and the semicolon split the lines equally well; say which it is"),
        (b"PK\x03\x04rest", "a.csv is no text, but an Excel workbook"),
        (gzip.compress(GOOD), "a.csv is no text, but compressed with gzip; name it .csv.gz"),
        (b"PAR1....", "a.csv is no text, but a Parquet file"),
        (bytes(range(256)) * 50, "holds a NUL byte"),
    ],
)
def test_a_damaged_csv_file_is_refused_in_one_line(content: bytes, message: str, read: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    refused = refusal(read, "a.csv")
    assert message in refused
    assert refused.startswith("orders: a.csv")


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ("id,day\n1,2\n", "orders: b.csv: of the columns of a.csv it lacks 'total' and has 'day' beside them"),
        ("id\n1\n", "orders: b.csv: of the columns of a.csv it lacks 'total'; export"),
        ("id,total,day\n1,2,3\n", "orders: b.csv: of the columns of a.csv it has 'day' beside them"),
        ("id;total\n1;2\n", "orders: b.csv: the delimiter is ';', and in a.csv it is ','"),
        ("id,total\n1,2,3\n", "orders: b.csv, line 2: 3 fields, and the header 2"),
    ],
)
def test_a_later_file_that_differs_is_named(second: str, message: str, read: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,total\n1,2\n")
    (tmp_path / "b.csv").write_text(second)
    assert message in refusal(read, "*.csv")


def test_packed_files_that_are_damaged(read: Any, tmp_path: Path) -> None:
    packed = gzip.compress(GOOD)
    (tmp_path / "cut.csv.gz").write_bytes(packed[:-100])
    assert "orders: cut.csv.gz is cut off" in refusal(read, "cut.csv.gz")
    (tmp_path / "plain.csv.gz").write_bytes(GOOD)
    assert "orders: plain.csv.gz is damaged or no gzip file" in refusal(read, "plain.csv.gz")
    (tmp_path / "bent.csv.gz").write_bytes(packed[:2000] + b"bent" + packed[2004:])
    assert "orders: bent.csv.gz is damaged" in refusal(read, "bent.csv.gz")


def test_an_encoding_that_does_not_fit_names_the_line(read: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("id,name\n1,a\n2,Zoë\n".encode("cp1252"))
    assert "orders: a.csv, line 3, is not UTF-8" in refusal(read, "a.csv", encoding="utf-8")
    assert "orders: a.csv, line 3, holds a byte that ascii does not have (0xEB)" in refusal(
        read, "a.csv", encoding="ascii"
    )


def test_settings_of_another_kind_of_file(read: Any, tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_bytes(b"PAR1....PAR1")
    assert "`delimiter` belongs to CSV; a.parquet is read as Parquet" in refusal(read, "a.parquet", delimiter=";")


def test_files_that_are_absent_name_the_nearest(read: Any, tmp_path: Path) -> None:
    (tmp_path / "orders.csv").write_text("id\n")
    (tmp_path / "mixed").mkdir()
    (tmp_path / "mixed" / "a.csv").write_text("id\n")
    (tmp_path / "mixed" / "b.jsonl").write_text("{}\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "old.xls").write_text("")
    assert "there is no order.csv in" in refusal(read, "order.csv")
    assert "Did you mean 'orders.csv'?" in refusal(read, "order.csv")
    assert "no file matches x*.csv in" in refusal(read, "x*.csv")
    assert "mixed holds files of several kinds" in refusal(read, "mixed")
    assert "the folder empty holds no file that is read" in refusal(read, "empty")
    assert "old.xls must end in .csv" in refusal(read, "old.xls")


@pytest.mark.parametrize(
    "word",
    [
        *("Total", "Grand Total:", "Subtotal", "Gesamtergebnis", "Zwischensumme", "Total général", "Total general"),
        *("Totale complessivo", "Eindtotaal", "Total Geral", "Suma końcowa", "Общий итог", "総計"),
    ],
)
def test_a_last_row_of_totals_is_refused_in_the_words_of_spreadsheets(word: str, read: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(f"customer_id,city,amount\n1,Bonn,5\n{word},,5\n", encoding="utf-8")
    assert f"the last row is a total ('{word}, , 5')" in refusal(read, "a.csv")
    (tmp_path / "b.csv").write_text(f"customer_id,city,amount\n1,Bonn,5\n{word} Ltd,,5\n", encoding="utf-8")
    assert len(read("b.csv")[0]) == 2


@pytest.mark.parametrize(
    ("where", "is_left_out"),
    [
        ("amount > 1", False),
        ("city is null or city <> 'Ulm'", False),
        ("city <> 'Ulm'", True),
        ("amount > 1 and customer_id <> 'Total'", True),
    ],
)
def test_a_condition_must_leave_a_last_row_of_totals_out(
    where: str, is_left_out: bool, read: Any, tmp_path: Path
) -> None:
    """Any condition on any column had switched the check off, and the total was a customer."""
    (tmp_path / "a.csv").write_text("customer_id,city,amount\n1,Bonn,5\nTotal,,5\n")
    if is_left_out:
        assert len(read("a.csv", where=where)[0]) == 2, "the condition is applied later"
    else:
        assert f"leave it out by `where: ({where}) and (customer_id <> 'Total')`" in refusal(read, "a.csv", where=where)
