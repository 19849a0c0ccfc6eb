"""A random table, written in every dialect that is claimed, reads back exactly; an empty text is missing."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.source_settings import TableSource
from features.sources import Engines, fetch

NAMES = st.lists(
    st.text("abcdefghijklmnopqrstuvwxyzäß_ ", min_size=1, max_size=8).map(str.strip).filter(bool),
    min_size=2,
    max_size=5,
    unique=True,
)
PIECES = [
    "7",
    "00123",
    '"',
    '""',
    ",",
    ";",
    "\t",
    "|",
    "\n",
    "\r\n",
    "\r",
    " ",
    "  ",
    "é",
    "€",
    "a",
    "O'Brien",
    "NULL",
    "#",
    "\\",
]
WIDE_PIECES = [*PIECES, "李", "😀", "é", "\u2028", "\x85", "\ufeff"]
QUOTED_TOO = st.booleans()


def texts(pieces: list[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces), max_size=6).map("".join)


@st.composite
def tables(draw: st.DrawFn, pieces: list[str]) -> list[dict[str, str]]:
    """Rows of text under a few names; the first column is never blank, so that no row is."""
    names = draw(NAMES)
    count = draw(st.integers(1, 8))
    cell = texts(pieces)
    return [{name: ("x" if place == 0 else "") + draw(cell) for place, name in enumerate(names)} for _ in range(count)]


def written(rows: list[dict[str, str]], delimiter: str, line_end: str, quote_all: bool, last: bool) -> str:
    """CSV; a field is quoted where it must be, or always."""

    def field(text: str) -> str:
        must = quote_all or any(mark in text for mark in ('"', delimiter, "\r", "\n"))
        return '"' + text.replace('"', '""') + '"' if must else text

    lines = [list(rows[0]), *(list(row.values()) for row in rows)]
    return line_end.join(delimiter.join(map(field, line)) for line in lines) + line_end * last


def read_rows(folder: Path, file: str, **source: Any) -> list[dict[str, Any]]:
    with Engines(folder, "UTC") as engines:
        rows: list[dict[str, Any]] = fetch(
            engines.keep(engines.open(TableSource(file=file, **source), "orders")), "orders"
        ).to_pylist()
    return rows


def without_empty(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: None if cell == "" else cell for name, cell in row.items()} for row in rows]


MANY = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@MANY
@given(
    rows=tables(WIDE_PIECES),
    delimiter=st.sampled_from(",;\t|"),
    line_end=st.sampled_from(["\n", "\r\n"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    quote_all=st.booleans(),
    last=st.booleans(),
    packed=st.booleans(),
)
def test_csv_in_unicode(
    rows: list[dict[str, str]],
    delimiter: str,
    line_end: str,
    encoding: str,
    quote_all: bool,
    last: bool,
    packed: bool,
    tmp_path: Path,
) -> None:
    content = written(rows, delimiter, line_end, quote_all, last).encode(encoding)
    file = "a.csv.gz" if packed else "a.csv"
    (tmp_path / file).write_bytes(gzip.compress(content) if packed else content)
    assert read_rows(tmp_path, file) == without_empty(rows)


@MANY
@given(
    rows=tables(PIECES),
    delimiter=st.sampled_from(",;\t|^~"),
    encoding=st.sampled_from(["cp1252", "utf-16-le", "utf-16-be", "gb18030"]),
    quote_all=st.booleans(),
)
def test_csv_as_the_settings_say(
    rows: list[dict[str, str]], delimiter: str, encoding: str, quote_all: bool, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_bytes(written(rows, delimiter, "\n", quote_all, True).encode(encoding))
    assert read_rows(tmp_path, "a.csv", encoding=encoding, delimiter=delimiter) == without_empty(rows)


CELLS = {
    "text": texts(WIDE_PIECES),
    "flag": st.booleans(),
    "whole": st.integers(1 - 2**63, 2**63 - 1),
    "real": st.floats(allow_nan=False, allow_infinity=False),
}


@st.composite
def typed_tables(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows of typed cells; every column has a cell that is not missing, so that its type is known."""
    kinds = draw(st.lists(st.sampled_from(sorted(CELLS)), min_size=1, max_size=4))
    count = draw(st.integers(1, 6))
    columns = {
        f"c{place}": [draw(CELLS[kind]) if row == 0 else draw(st.none() | CELLS[kind]) for row in range(count)]
        for place, kind in enumerate(kinds)
    }
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@MANY
@given(rows=typed_tables(), packed=st.booleans())
def test_json_lines(rows: list[dict[str, Any]], packed: bool, tmp_path: Path) -> None:
    content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
    file = "a.jsonl.gz" if packed else "a.jsonl"
    (tmp_path / file).write_bytes(gzip.compress(content) if packed else content)
    assert read_rows(tmp_path, file) == rows


@MANY
@given(rows=typed_tables())
def test_parquet(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    frame = pd.DataFrame({name: pd.array([row[name] for row in rows]) for name in rows[0]})
    frame.to_parquet(tmp_path / "a.parquet", index=False)
    assert read_rows(tmp_path, "a.parquet") == rows
