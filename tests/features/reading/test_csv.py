"""CSV files of every dialect and encoding: the same rows, and what is not plain is said."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from features.customer_vector import build_vectors
from features.reading.needed_settings import NeededSettingError
from features.settings import FeatureSettings, Sources
from segment_model.errors import SourceError

ROWS = [
    {"id": "Zoë", "note": 'a "quote", a\nbreak; a\ttab', "total": "1.5"},
    {"id": "00123", "note": None, "total": "2"},
]
PLAIN = 'id,note,total\nZoë,"a ""quote"", a\nbreak; a\ttab",1.5\n00123,,2\n'


@pytest.mark.parametrize(
    ("encoding", "described"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-16", "as utf-16"),
        ("utf-16-le", "as utf-16-le"),
        ("utf-16-be", "as utf-16-be"),
        ("utf-32", "as utf-32"),
        ("cp1252", "as cp1252"),
        ("latin-1", "as cp1252"),
    ],
)
def test_every_encoding_gives_the_same_rows(encoding: str, described: str | None, read: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(PLAIN.encode(encoding))
    rows, notices = read("a.csv")
    assert rows == ROWS
    assert [notice.line for notice in notices] == ([f"orders: a.csv is read {described}"] if described else [])


@pytest.mark.parametrize(("delimiter", "word"), [(",", None), (";", "semicolon"), ("\t", "tab"), ("|", "bar")])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("last", [True, False])
def test_every_delimiter_and_line_end_gives_the_same_rows(
    delimiter: str, word: str | None, line_end: str, last: bool, read: Any, tmp_path: Path
) -> None:
    text = delimiter.join(["id", "note", "total"]) + line_end
    text += line_end.join(delimiter.join(row) for row in [["7", '"a ""b"" , ; \t | c"', "1.5"], ["8", "", "2"]])
    (tmp_path / "a.csv").write_bytes((text + line_end * last).encode())
    rows, notices = read("a.csv")
    assert rows == [{"id": "7", "note": 'a "b" , ; \t | c', "total": "1.5"}, {"id": "8", "note": None, "total": "2"}]
    assert [notice.text for notice in notices] == ([f"a.csv is read with the delimiter {word}"] if word else [])


def test_the_first_quoted_field_at_row_21_001_is_quoted(read: Any, tmp_path: Path) -> None:
    lines = [f"{n},2026-06-01,1" for n in range(21_000)] + ['"7","2026-06-29","9,5"', "8,2026-06-29,2"]
    (tmp_path / "a.csv").write_text("\n".join(["customer,ordered_at,amount", *lines]))
    rows, _ = read("a.csv")
    assert len(rows) == 21_002
    assert rows[21_000] == {"customer": "7", "ordered_at": "2026-06-29", "amount": "9,5"}


def test_a_letter_that_is_no_utf_8_after_a_megabyte_settles_the_whole_file(read: Any, tmp_path: Path) -> None:
    lines = ["id,total", *(f"customer {n},1" for n in range(80_000)), "Zoë,2"]
    (tmp_path / "a.csv").write_bytes("\n".join(lines).encode("latin-1"))
    rows, notices = read("a.csv")
    assert rows[-1] == {"id": "Zoë", "total": "2"}
    assert notices[0].text == "a.csv is read as cp1252"


def test_settings_decide_where_they_speak(read: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("name^total\nЖанна^1\n".encode("cp1251"))
    rows, notices = read("a.csv", encoding="cp1251", delimiter="^")
    assert rows == [{"name": "Жанна", "total": "1"}]
    assert notices[0].text == "a.csv is read as cp1251 with the delimiter '^'"


@pytest.mark.parametrize(
    "name", ["a.CSV", "a.tsv", "a.TXT", "with space.csv", "a[1]*?.csv", "o'brien.csv", "Größe.csv"]
)
def test_every_ending_and_name(name: str, read: Any, tmp_path: Path) -> None:
    (tmp_path / name).write_text("id\ttotal\n1\t2\n")
    assert read(name)[0] == [{"id": "1", "total": "2"}]


def test_packed_files(read: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(PLAIN.encode("utf-16")))
    rows, notices = read("a.csv.gz")
    assert rows == ROWS
    assert notices[0].text == "a.csv.gz is read as utf-16"


def test_folders_and_patterns_match_columns_by_name(read: Any, tmp_path: Path) -> None:
    (tmp_path / "2025").mkdir()
    (tmp_path / "2025" / "a.csv").write_text("id,total\n1,10\n")
    (tmp_path / "2025" / "b.csv").write_text("total,id\r\n20,2\r\n")
    (tmp_path / "2025" / "c.CSV").write_text("id,total\n")
    (tmp_path / "2025" / ".hidden.csv").write_text("other\n1\n")
    (tmp_path / "2025" / "README.txt").write_text("About these files")
    expected = [{"id": "1", "total": "10"}, {"id": "2", "total": "20"}]
    assert read("2025")[0] == expected
    assert read("2025/*.csv")[0] == expected
    assert read("*/[ab].csv")[0] == expected


def test_excels_own_first_line_names_the_delimiter(read: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("sep=;\nid;total\n1;2,5\n")
    assert read("a.csv")[0] == [{"id": "1", "total": "2,5"}]


def test_names_without_their_blanks_and_columns_without_a_name(read: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(",id , total\n0,1,2\n1,3,4\n")
    rows, notices = read("a.csv")
    assert rows == [{"column_1": "0", "id": "1", "total": "2"}, {"column_1": "1", "id": "3", "total": "4"}]
    assert "column_1" in notices[0].text


def test_no_rows_below_the_header_is_said(read: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,total\n")
    rows, notices = read("a.csv")
    assert rows == []
    assert [notice.line for notice in notices] == ["warning: orders: a.csv has a header and no rows"]


def test_blank_lines_are_no_rows(read: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,total\n\n1,2\n\n\n")
    assert read("a.csv")[0] == [{"id": "1", "total": "2"}]


def test_a_total_may_be_left_out_and_a_customer_may_be_called_total(read: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("customer_id,at,total\n7,2026-06-01,9\nTotal,2026-06-01,8\n")
    rows, notices = read("a.csv")
    assert len(rows) == 2
    assert notices[0].warning
    assert "where: customer_id <> 'Total'" in notices[0].text


def test_nothing_is_left_behind(read: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "made").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "made"))
    (tmp_path / "a.csv").write_bytes(PLAIN.encode("utf-16"))
    read("a.csv")
    (tmp_path / "a.csv").write_text("id,total\n1\n")
    with pytest.raises(SourceError):
        read("a.csv")
    assert list((tmp_path / "made").iterdir()) == []


@pytest.mark.parametrize("duplicates", ["kept", "dropped"])
@pytest.mark.parametrize("where", [None, "amount < 9", "amount < 9 and ordered_at >= DATE '2026-06-01'"])
def test_each_file_is_parsed_once(
    where: str | None, duplicates: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is gone as soon as the first table was kept, and the tallies and parts still come."""
    from features.sources import Engines

    keep = Engines.keep

    def keep_and_delete(self: Engines, table: Any) -> Any:
        kept = keep(self, table)
        (tmp_path / "orders.csv").unlink(missing_ok=True)
        return kept

    monkeypatch.setattr(Engines, "keep", keep_and_delete)
    rows = "7,2026-06-01,5\n8,2026-06-02,-1\n9,2026-06-03,9\n"
    (tmp_path / "orders.csv").write_text(f"customer_id,ordered_at,amount\n{rows}")
    sources = Sources.model_validate({"orders": {"file": "orders.csv", "where": where}})
    settings = FeatureSettings.model_validate({"rfm": {"duplicates": duplicates}})
    vectors = build_vectors(sources, settings, date(2026, 7, 1), tmp_path)
    assert vectors.frame.index.tolist() == (["7"] if where else ["7", "9"])
    assert vectors.report["orders"]["rows"] == 3
    assert vectors.report["orders"].get("left_out_by_where", 0) == (1 if where else 0)


@pytest.mark.parametrize(
    ("ids", "frequencies"),
    [
        (["7", "8", "7"], {"7": 2, "8": 1}),
        (["7", "007", "7"], {"7": 2, "007": 1}),
        (["7", "K-17", ""], {"7": 1, "K-17": 1}),
        (["7", "99999999999999999999", "7"], {"7": 2, "99999999999999999999": 1}),
        (["-0", "0", "+7"], {"-0": 1, "0": 1, "+7": 1}),
    ],
)
def test_ids_that_are_whole_numbers_stay_what_they_are(
    ids: list[str], frequencies: dict[str, int], tmp_path: Path
) -> None:
    lines = [f"{customer},O{n},2026-06-01,5" for n, customer in enumerate(["1"] * 5000 + ids)]
    (tmp_path / "orders.csv").write_text("\n".join(["customer_id,order_id,ordered_at,amount", *lines]))
    sources = Sources.model_validate({"orders": {"file": "orders.csv"}})
    vectors = build_vectors(sources, FeatureSettings(), date(2026, 7, 1), tmp_path)
    assert vectors.frame.frequency.to_dict() == {"1": 5000, **frequencies}


@pytest.mark.parametrize(
    ("late", "customer", "recency"),
    [
        ("007,2026-06-29 10:00:00,5", "007", 2),
        ("7.0,2026-06-29 10:00:00,5", "7", 2),
        (" 7 ,2026-06-29 10:00:00,5", "7", 2),
        ("7,2026-06-29T10:00,5", "7", 2),
        ("7,2026-06-29,5", "7", 2),
        ("7,2026-06-28 10:00:00.5,5", "7", 3),
        ("K-7,2026-06-29 10:00:00,5", "K-7", 2),
        ("99999999999999999999,2026-06-29 10:00:00,5", "99999999999999999999", 2),
    ],
)
def test_a_late_row_that_is_written_another_way_is_read_by_the_grammar(
    late: str, customer: str, recency: int, tmp_path: Path
) -> None:
    lines = ["customer_id,ordered_at,amount", *["1,2026-06-01 12:00:00,1"] * 25_000, late]
    (tmp_path / "orders.csv").write_text("\n".join(lines))
    sources = Sources.model_validate({"orders": {"file": "orders.csv"}})
    vectors = build_vectors(sources, FeatureSettings(), date(2026, 7, 1), tmp_path)
    assert vectors.frame.recency_days.to_dict() == {"1": 30, customer: recency}
    assert vectors.report["orders"]["rows"] == 25_001


@pytest.mark.parametrize(
    ("late", "message"),
    [
        ("7,2026-06-29 10:00:00Z,5", "some values have a time zone and some do not"),
        ("7,6/29/26,5", "holds 1 value that is no timestamp, such as '6/29/26'"),
        ("7,2026-02-30 10:00:00,5", "holds 1 value that is no timestamp, such as '2026-02-30 10:00:00'"),
        ("7,epoch,5", "holds 1 value that is no timestamp, such as 'epoch'"),
        ("7,2026-06-29 10:00:00", "orders.csv, line 25002: 2 fields, and the header 3"),
    ],
)
def test_a_late_row_that_no_grammar_reads_is_refused(late: str, message: str, tmp_path: Path) -> None:
    lines = ["customer_id,ordered_at,amount", *["1,2026-06-01 12:00:00,1"] * 25_000, late]
    (tmp_path / "orders.csv").write_text("\n".join(lines))
    sources = Sources.model_validate({"orders": {"file": "orders.csv"}})
    with pytest.raises(SourceError) as caught:
        build_vectors(sources, FeatureSettings(), date(2026, 7, 1), tmp_path)
    assert message in str(caught.value)


TITLE = "Report July 2026{0}\nPrinted on 2026-07-01{0}\n{1}\nid;note;total\n7;x;1,5\n8;;2\n"


@pytest.mark.parametrize(("padding", "blank"), [("", ""), (";;", ";;")], ids=["lines alone", "padded as by Excel"])
def test_a_title_above_the_names_is_refused_with_the_setting_that_reads_the_table(
    padding: str, blank: str, read: Any, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_text(TITLE.format(padding, blank))
    with pytest.raises(NeededSettingError, match=r"line 4 \('id, note, total'\): set `header_line: 4`") as refused:
        read("a.csv")
    assert read("a.csv", **refused.value.settings)[0] == [
        {"id": "7", "note": "x", "total": "1,5"},
        {"id": "8", "note": None, "total": "2"},
    ]


@pytest.mark.parametrize(
    "text",
    [
        ",id,total\n0,a,2\n1,b,4\n",  # pandas' index has no name
        "id,,\na,,\nb,,\n",  # columns that a spreadsheet left behind
        "total\n1\n2\n",
        "id,total\na,2\n,\nb,4\n",
    ],
)
def test_a_first_line_of_names_is_no_title(text: str, read: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text)
    (tmp_path / "b.csv").write_text(text)
    assert read("a.csv")[0] == read("b.csv", header_line=1)[0] != []


def test_a_header_line_below_the_end_is_refused(read: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,total\n1,2\n")
    with pytest.raises(SourceError, match=r"a\.csv ends above line 9, which `header_line` says holds the names"):
        read("a.csv", header_line=9)


SECOND_LINES = {
    "names": "id,Money,,Time\n,spend,orders,days\n",
    "units": "id,spend,orders,days\n-,EUR,pieces,days\n",
}
BELOW = "K1,1.50,3,20\nK2,2.25,,30\nK3,7.00,1,9\n"


@pytest.mark.parametrize("kind", SECOND_LINES)
def test_a_second_line_of_names_or_units_is_refused(kind: str, read: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(SECOND_LINES[kind] + BELOW)
    with pytest.raises(SourceError, match=r"a\.csv: line 2 holds words above numbers .*of names or of units"):
        read("a.csv")
    rows, _ = read("a.csv", header_line=2)
    assert [row["spend" if kind == "names" else "EUR"] for row in rows] == ["1.50", "2.25", "7.00"]
    rows, _ = read("a.csv", header_line=1)  # a row like others
    assert len(rows) == 4


@pytest.mark.parametrize(
    "text",
    [
        "id,spend,orders\nK0,1.00,free\nK1,1.50,3\nK2,2.25,4\nK3,7.00,1\n",  # one column begins with a number
        "id,spend,orders\nK0,n/a,NULL\nK1,1.50,3\nK2,2.25,4\nK3,7.00,1\n",  # words for missing
        "id,spend,orders\nK0,gratis,gratis\nK1,1.50,3\nK2,2.25,4\nK3,7.00,1\n",  # one word
        "id,plan,note\nK0,basic,a\nK1,pro,b\nK2,pro,c\nK3,basic,d\n",  # no numbers
        "id,spend,orders\nK0,x,y\nK1,1.50,3\n",  # too short to tell
    ],
)
def test_an_odd_first_row_is_a_row(text: str, read: Any, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text)
    rows, _ = read("a.csv")
    assert rows[0]["id"] == "K0"
