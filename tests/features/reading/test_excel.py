"""Excel workbooks: typed cells exactly, one sheet by name, cells with errors missing and counted."""

from __future__ import annotations

import importlib.util
import zipfile
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from features.customer_vector import build_vectors
from features.reading.csv_files.plain_columns import IDS, MOMENTS
from features.reading.needed_settings import NeededSettingError
from features.settings import FeatureSettings, Sources
from features.tables.raw_tables import RAW_TABLES, RawType
from segment_model.errors import SourceError

_spec = importlib.util.spec_from_file_location("workbooks", Path(__file__).with_name("workbooks.py"))
assert _spec is not None
assert _spec.loader is not None
workbooks = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(workbooks)
Failure, write_workbook = workbooks.Failure, workbooks.write_workbook

HEADER = ["customer_id", "ordered_at", "amount"]


def test_the_names_of_our_moments_are_those_of_the_contracts() -> None:
    columns = [column for table in RAW_TABLES for column in table.columns]
    assert set(MOMENTS) == {column.name for column in columns if column.type is RawType.MOMENT}
    assert set(IDS) == {column.name for column in columns if column.type is RawType.KEY}


def test_every_kind_of_cell(read: Any, tmp_path: Path) -> None:
    moment = datetime(2026, 6, 29, 14, 5)
    header = ["text", "whole", "real", "flag", "moment", "mixed", "nothing"]
    rows = [
        header,
        ["Zoë <&>", 17850, 0.1, True, moment, 7, None],
        [" 007 ", 2**53, -1e300, False, None, "K-17", None],
        [None, None, None, None, datetime(2026, 6, 30), 1.5, None],
    ]
    write_workbook(tmp_path / "a.xlsx", {"Orders": rows})
    cells, notices = read("a.xlsx")
    assert cells == [
        dict(zip(header, ["Zoë <&>", 17850.0, 0.1, True, moment, "7", None], strict=True)),
        dict(zip(header, [" 007 ", 2.0**53, -1e300, False, None, "K-17", None], strict=True)),
        dict(zip(header, [None, None, None, None, datetime(2026, 6, 30), "1.5", None], strict=True)),
    ]
    assert notices == ()


@pytest.mark.parametrize(
    ("place", "is_refused"),
    [("XFD1048576", True), ("ALL10001", True), ("C1048576", False), ("XFD600", False)],
)
def test_a_sheet_is_held_in_memory_up_to_a_size(place: str, is_refused: bool, read: Any, tmp_path: Path) -> None:
    """One cell far outside of the table would take 500 GB."""
    write_workbook(tmp_path / "a.xlsx", {"Orders": [HEADER, ["a", datetime(2026, 6, 1), 1.5]]})
    with zipfile.ZipFile(tmp_path / "a.xlsx") as book:
        parts = {name: book.read(name) for name in book.namelist()}
    row = place.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    far = f'<row r="{row}"><c s="0" r="{place}"><v>1</v></c><c r="XFD1048576" s="1"/></row></sheetData>'
    sheet = "xl/worksheets/sheet1.xml"
    parts[sheet] = parts[sheet].replace(b"</sheetData>", far.encode())
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)
    if is_refused:
        with pytest.raises(SourceError, match=rf"sheet 'Orders': its cells reach to {place}; .*save the sheet as CSV"):
            read("a.xlsx")
    else:
        assert len(read("a.xlsx")[0]) == 2


def test_cells_with_errors_are_missing_and_counted(read: Any, tmp_path: Path) -> None:
    rows = [HEADER, ["a", Failure("#N/A"), 1.5], ["b", datetime(2026, 6, 1), Failure("#DIV/0!")], ["c", None, 2]]
    write_workbook(tmp_path / "a.xlsx", {"Orders": rows})
    cells, notices = read("a.xlsx")
    assert [row["amount"] for row in cells] == [1.5, None, 2.0]
    assert [row["ordered_at"] for row in cells] == [None, datetime(2026, 6, 1), None]
    assert [notice.line for notice in notices] == [
        "warning: orders: a.xlsx: 2 cells hold an error, such as #N/A, taken as missing"
    ]


@pytest.mark.parametrize("is_1904", [False, True])
def test_serial_numbers_of_a_mapped_column_are_moments(is_1904: bool, tmp_path: Path) -> None:
    serial = 46202.5 - (1462 if is_1904 else 0)  # noon of 2026-06-29
    rows = [
        ["customer_id", "Date", "amount"],
        [17850, serial, 10.25],
        [17850, datetime(2026, 6, 1), 5],
        ["K-17", serial, 1],
    ]
    write_workbook(tmp_path / "a.xlsx", {"Orders": rows}, is_1904=is_1904)
    sources = Sources.model_validate({"orders": {"file": "a.xlsx", "columns": {"ordered_at": "Date"}}})
    frame = build_vectors(sources, FeatureSettings(), date(2026, 7, 1), tmp_path).frame
    assert frame.index.tolist() == ["17850", "K-17"]
    assert frame.recency_days.tolist() == [2, 2]
    assert frame.monetary_value.tolist() == [15.25, 1]
    assert frame.tenure_days.tolist() == [30, 2]


def test_a_sheet_is_named_where_there_are_several(read: Any, tmp_path: Path) -> None:
    write_workbook(tmp_path / "a.xlsx", {"Notes": [["about", "x"]], "Orders": [["id", "b"], ["x", "y"]]})
    assert read("a.xlsx", sheet="Orders")[0] == [{"id": "x", "b": "y"}]
    with pytest.raises(
        SourceError, match=r"orders: a.xlsx has the sheets 'Notes', 'Orders': say which, such as `sheet"
    ):
        read("a.xlsx")
    with pytest.raises(
        SourceError, match=r"orders: a.xlsx has no sheet 'Order'. Did you mean 'Orders'\? It has 'Notes'"
    ):
        read("a.xlsx", sheet="Order")
    write_workbook(tmp_path / "b.xlsx", {"Lists": [["x"]], "Orders": [["id", "b"], ["x", "y"]]}, hidden=["Lists"])
    assert read("b.xlsx")[0] == [{"id": "x", "b": "y"}]


def test_a_title_above_the_names_of_a_sheet(read: Any, tmp_path: Path) -> None:
    title = [["Report", None, None], [], ["id", "day", "n"], ["x", "1 July", 1], ["y", "2 July", 2]]
    write_workbook(tmp_path / "a.xlsx", {"S": title})
    with pytest.raises(NeededSettingError, match=r"sheet 'S': a title stands .* in line 3 .*set `header_line: 3`"):
        read("a.xlsx")
    assert read("a.xlsx", header_line=3)[0] == [
        {"id": "x", "day": "1 July", "n": 1},
        {"id": "y", "day": "2 July", "n": 2},
    ]


def test_the_largest_sheet_is_proposed(read: Any, tmp_path: Path) -> None:
    write_workbook(tmp_path / "a.xlsx", {"Notes": [["about"]], "Orders": [["id", "b"], *([["x", "y"]] * 30)]})
    with pytest.raises(NeededSettingError) as refused:
        read("a.xlsx")
    assert refused.value.settings == {"sheet": "Orders"}
    assert refused.value.reason == "or 'Notes'?"


def test_blank_rows_and_several_workbooks(read: Any, tmp_path: Path) -> None:
    write_workbook(tmp_path / "a1.xlsx", {"S": [["id", "n"], [], ["x", 1], [None, None], ["y", 2]]})
    write_workbook(tmp_path / "a2.xlsx", {"S": [["n", "id"], [3, "z"]]})
    assert read("a*.xlsx")[0] == [{"id": "x", "n": 1.0}, {"id": "y", "n": 2.0}, {"id": "z", "n": 3.0}]
    write_workbook(tmp_path / "a3.xlsx", {"S": [["m", "id"], [3, "z"]]})
    with pytest.raises(SourceError, match=r"orders: a3.xlsx differs from a1.xlsx in the columns 'm', 'n'"):
        read("a*.xlsx")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "the sheet 'S' is empty"),
        ([["total", "total"], [1, 2]], "the columns 1 ('total') and 2 ('total') have one name"),
        ([[17850, 9.99], [1, 2]], "looks like values"),
    ],
)
def test_sheets_that_are_no_table(rows: list[list[Any]], message: str, read: Any, tmp_path: Path) -> None:
    write_workbook(tmp_path / "a.xlsx", {"S": rows})
    with pytest.raises(SourceError) as caught:
        read("a.xlsx")
    assert message in str(caught.value)


def test_workbooks_that_are_damaged(read: Any, tmp_path: Path) -> None:
    write_workbook(tmp_path / "whole.xlsx", {"S": [["id", "n"], *([f"c{n}", n] for n in range(500))]})
    content = (tmp_path / "whole.xlsx").read_bytes()
    refused = 0
    for place in range(0, len(content), 97):
        damaged = content[:place] if place % 2 else content[:place] + b"\xff\x00\xff" + content[place + 3 :]
        (tmp_path / "a.xlsx").write_bytes(damaged)
        try:
            read("a.xlsx")
        except SourceError as error:
            refused += str(error).startswith("orders: a.xlsx")
    assert refused > 20


def test_a_second_row_of_units_in_a_sheet(read: Any, tmp_path: Path) -> None:
    rows = [["id", "spend", "n"], ["", "EUR", "pieces"], *([f"K{n}", n + 0.5, n] for n in range(4))]
    write_workbook(tmp_path / "a.xlsx", {"S": rows})
    with pytest.raises(SourceError, match=r"a\.xlsx, sheet 'S': line 2 holds words above numbers \(', EUR, pieces'\)"):
        read("a.xlsx")


def test_a_last_row_of_totals_is_refused_as_that_of_a_text_file_is(read: Any, tmp_path: Path) -> None:
    """Its word beside dates or ids would make text of the whole column."""
    rows = [[17850, datetime(2026, 6, 29), 5.5], [17851, datetime(2026, 6, 30), 7.25]]
    write_workbook(tmp_path / "a.xlsx", {"Orders": [HEADER, *rows, [None, "Total", 12.75]]})
    with pytest.raises(NeededSettingError) as refused:
        read("a.xlsx")
    assert str(refused.value) == (
        "orders: a.xlsx: the last row is a total (', Total, 12.75'): delete it, or leave it out by `where: ordered_at "
        "is null or ordered_at <> 'Total'`"
    )
    sources = Sources.model_validate({"orders": {"file": "a.xlsx", **refused.value.settings}})
    vectors = build_vectors(sources, FeatureSettings(), date(2026, 7, 1), tmp_path)
    assert vectors.frame.monetary_value.to_dict() == {"17850": 5.5, "17851": 7.25}
    write_workbook(tmp_path / "b.xlsx", {"Orders": [HEADER, *rows, ["Total", datetime(2026, 6, 30), 12.75]]})
    (warning,) = read("b.xlsx")[1]
    assert warning.text.startswith("the last row of b.xlsx holds 'Total'; if it is a total, delete it")
