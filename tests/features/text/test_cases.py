"""One table of texts and what they must be, run on every way in: CSV, Parquet, DuckDB, PostgreSQL and a request."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pandas as pd
import psycopg
import pytest

from features.as_of import AsOf, LaterAsOf
from features.reading.spark_tables import SparkTables
from features.request.duckdb_engine import RecordEngine
from features.request.sql_program import DUCKDB_TYPES, RecordProgram
from features.settings import TableSource
from features.sources import Engines, fetch
from features.tables.canonical import CanonicalTable, canonical
from features.tables.raw_tables import RawColumn, RawTable, RawType
from features.text.rules import TextRules
from segment_model.errors import SourceError
from serving.assignment.raw_rows import read_rows
from serving.wire.refusals import Refusal

ZONE = "Europe/Berlin"
WAYS = ("csv", "parquet", "duckdb", "postgres")
MISSING = None
TEXT, KEY, NUMBER, MOMENT, FLAG = RawType.TEXT, RawType.KEY, RawType.NUMBER, RawType.MOMENT, RawType.FLAG
Column = list[str | None]


class Refused:
    """In place of what a value becomes: it is refused."""


def at(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[misc, arg-type]


# texts of one column, and what they become
CLOCK: dict[str, datetime] = {
    "2026-06-29": at(2026, 6, 29),
    " 2026-06-29 ": at(2026, 6, 29),
    "2026-06-29T14:05": at(2026, 6, 29, 14, 5),
    "2026-06-29 14:05:09": at(2026, 6, 29, 14, 5, 9),
    "2026-06-29 14:05:09.5": at(2026, 6, 29, 14, 5, 9, 500_000),
    "2026-06-29T00:00:00.000001": at(2026, 6, 29, 0, 0, 0, 1),
    "2024-02-29": at(2024, 2, 29),
    "2000-02-29 23:59:59": at(2000, 2, 29, 23, 59, 59),
    "0001-01-01": at(1, 1, 1),
    "9999-12-31": at(9999, 12, 31),
    "1969-12-31 23:59:59": at(1969, 12, 31, 23, 59, 59),
    "\t2026-06-29\u00a0": at(2026, 6, 29),
    "2026-03-29 02:30": at(2026, 3, 29, 2, 30),  # the hour that Berlin's clocks leave out, and that they have twice
    "2026-10-25 02:30": at(2026, 10, 25, 2, 30),
    "1582-10-10": at(1582, 10, 10),  # a day that the calendar of Java's old classes leaves out
}
INSTANTS: dict[str, datetime] = {  # on the wall clock of Berlin
    "2026-06-29T23:30:00Z": at(2026, 6, 30, 1, 30),
    "2026-06-29 23:30:00 UTC": at(2026, 6, 30, 1, 30),
    "2026-06-29 23:30:00UTC": at(2026, 6, 30, 1, 30),
    "2026-06-29 23:30:00 GMT": at(2026, 6, 30, 1, 30),
    "2026-06-29 23:30:00z": at(2026, 6, 30, 1, 30),
    "2026-06-29 23:30:00 z": at(2026, 6, 30, 1, 30),
    "2026-06-29 23:30 Z": at(2026, 6, 30, 1, 30),
    "2026-06-29T23:30:00+0200": at(2026, 6, 29, 23, 30),
    "2026-06-29T23:30:00 +0200": at(2026, 6, 29, 23, 30),
    "2026-06-29T23:30:00+02:00": at(2026, 6, 29, 23, 30),
    "2026-06-29T23:30:00 +02": at(2026, 6, 29, 23, 30),
    "2026-06-29T23:30:00-05:00": at(2026, 6, 30, 6, 30),
    "2026-06-29T23:30:00.25-0530": at(2026, 6, 30, 7, 0, 0, 250_000),
    "2026-06-29T23:30:00+00": at(2026, 6, 30, 1, 30),
    "2026-06-29T23:30:00  -00:00": at(2026, 6, 30, 1, 30),
    "2026-03-29T00:59:59Z": at(2026, 3, 29, 1, 59, 59),
    "2026-03-29T01:00:00Z": at(2026, 3, 29, 3),
    "2100-07-01T00:00:00Z": at(2100, 7, 1, 2),
}
NO_MOMENTS = [
    *("6/9/26", "05/06/26", "29-06-26", "2026-06-29 10:10:00 PM", "2026-06-29 hello", "epoch", "infinity", "-infinity"),
    *("2026-6-9", "2026-02-30", "2025-02-29", "1900-02-29", "2026-13-01", "2026-00-10", "2026-06-31", "0000-01-01"),
    *("2026-06-29 24:00:00", "2026-06-29 23:60:00", "2026-06-29 23:59:60", "2026-06-29 9:30", "2026-06-29 09", "now"),
    *("2026-06-29T", "10000-01-01", "20260629", "2026-W27-1", "2026-180", "2026-06-29 10:00:00,5", "today", "June 29"),
    *("2026-06-29Z", "2026-06-29 UTC", "2026-06-29 +02:00", "-2026-06-29", "2026-06-29 BC", "2026-06-29 10:00:00 +2"),
    *("2026-06-29 10:00:00 America/New_York", "2026-06-29 10:00:00 EST", "2026-06-29 10:00:00 CEST", "1782777600"),
    *("2026-06-29 10:00:00+25:00", "2026-06-29 10:00:00+02:60", "٢٠٢٦-06-29", "2026-06-29  10:00:00", "2026-06-29.5"),
    *("2026-06-29 10:00:00+16:00", "2026-06-29 10:00:00 +02:00 UTC", "2026-06-29 10:00:00 Zulu", "20 6-06-29"),
    *("2026-06-29 +9:00:00", "2026-06-29  9:00:00", "2026-06- 9", "2026/06/29", "29.06.2026"),
]
KEYS: dict[str, str | None] = {
    "17850": "17850",
    "17850.0": "17850",
    "17850.000": "17850",
    "-3.00": "-3",
    "0.0": "0",
    "-0.0": "0",
    " 7 ": "7",
    "\u00a07\t": "7",
    "00123": "00123",
    "007.0": "007.0",
    "K-17": "K-17",
    "k-17": "k-17",
    "1.5": "1.5",
    "1e3": "1e3",
    "1E3": "1E3",
    "1234567890123456789": "1234567890123456789",
    "1234567890123456789.0": "1234567890123456789",
    "99999999999999999999999999999999999999": "99999999999999999999999999999999999999",
    "nancy": "nancy",
    "Nan": "Nan",
    "李": "李",
    "17,850": "17,850",
    "NULL": MISSING,
    "null": MISSING,
    "nan": MISSING,
    "NaN": MISSING,
    "N/A": MISSING,
    "NA": MISSING,
    "\\N": MISSING,
    "None": MISSING,
    "<NA>": MISSING,
    " NULL ": MISSING,
    "": MISSING,
    "  ": MISSING,
}
CATEGORIES: dict[str, str | None] = {
    "gold": "gold",
    " gold ": "gold",
    "17850.0": "17850.0",
    "None": "None",
    "NA": "NA",
    "N/A": "N/A",
    "none": "none",
    "NULL": MISSING,
    "\\N": MISSING,
    "nan": MISSING,
    "NaN": MISSING,
    "": MISSING,
}
FLAGS: dict[str, float | None] = {
    **dict.fromkeys(("1", "1.0", "true", "TRUE", "t", "yes", " Yes ", "y"), 1.0),
    **dict.fromkeys(("0", "0.0", "false", "False", "f", "no", "NO", "n"), 0.0),
    **dict.fromkeys(("", "NULL", "nan", "NA", "None", "\\N"), MISSING),
}
PLAIN_NUMBERS: dict[str, float | None] = {
    "5": 5,
    "+5": 5,
    "-5.25": -5.25,
    ".5": 0.5,
    "5.": 5,
    "1e3": 1000,
    "1.5E-2": 0.015,
    "1e300": 1e300,
    "0012.50": 12.5,
    " 7 ": 7,
    "(12.50)": -12.5,
    "12.50-": -12.5,
    "\u22127": -7,
    "1 234.5": 1234.5,
    "1\u00a0234\u00a0567.5": 1234567.5,
    "1'234.5": 1234.5,
    "1’234": 1234,
    "1\u202f234": 1234,
    **dict.fromkeys(("", "NULL", "nan", "NaN", "N/A", "\\N", "None"), MISSING),
}
POINT_NUMBERS: dict[str, float | None] = {"1,234.50": 1234.5, "1,234": 1234, "-12,345,678": -12345678, "12.5": 12.5}
POINT_NUMBERS |= {"1,23,456.00": 123456, "(1,234.50)": -1234.5, "1,234-": -1234}
COMMA_NUMBERS: dict[str, float | None] = {"1.234,56": 1234.56, "12,5": 12.5, "-1.234.567,8": -1234567.8, "7": 7}
COMMA_NUMBERS |= {"1 234,56": 1234.56, "1\u00a0234,5": 1234.5, ",5": 0.5, "1.234": 1234, "1'234,5": 1234.5, "1e3": 1000}
NO_NUMBERS = [
    *(
        "five",
        "1_000",
        "0x10",
        "inf",
        "-inf",
        "Infinity",
        "1 2",
        "1,2,3",
        "1e",
        "--5",
        "1.2.3",
        "５",
        "1e400",
        "9" * 400,
    ),
    *(
        "e5",
        ".",
        "+",
        "-",
        "(5",
        "5)",
        "12 34",
        "€ 12.50",
        "$1200.00",
        "45 %",
        "1,234",
        "(-5)",
        "-5-",
        "1e",
        "nil",
        "+-9",
    ),
]
ALL_RIGHT: dict[str, tuple[RawType, dict[str, Any], dict[str, Any]]] = {
    "clock": (MOMENT, CLOCK, {}),
    "instants": (MOMENT, INSTANTS, {}),
    "keys": (KEY, KEYS, {}),
    "categories": (TEXT, CATEGORIES, {}),
    "flags": (FLAG, FLAGS, {}),
    "plain numbers": (NUMBER, PLAIN_NUMBERS, {}),
    "numbers with a point": (NUMBER, POINT_NUMBERS, {}),
    "numbers with a comma": (NUMBER, COMMA_NUMBERS, {}),
    "a declared comma": (NUMBER, {"1.234": 1234.0, "5": 5.0}, {"decimal": ","}),
    "a declared point": (NUMBER, {"1,234": 1234.0, "5": 5.0}, {"decimal": "."}),
    "day first": (MOMENT, {"05/06/26": at(2026, 6, 5), "6/9/69": at(1969, 9, 6)}, {"date_format": "%d/%m/%y"}),
    "month first": (MOMENT, {"05/06/26": at(2026, 5, 6), "6/9/68": at(2068, 6, 9)}, {"date_format": "%m/%d/%y"}),
    "half days": (
        MOMENT,
        {
            "06/29/2026 10:10:00 PM": at(2026, 6, 29, 22, 10),
            "6/29/2026 12:00:00 am": at(2026, 6, 29),
            "6/29/2026 12:30:00 pm": at(2026, 6, 29, 12, 30),
            "6/29/2026 1:05:00 AM": at(2026, 6, 29, 1, 5),
            "3/29/2026 1:05:00 PM": at(2026, 3, 29, 13, 5),
            "3/29/2026 12:05:00 AM": at(2026, 3, 29, 0, 5),
        },
        {"date_format": "%m/%d/%Y %I:%M:%S %p"},
    ),
    "names of months": (
        MOMENT,
        {"29 Jun 2026": at(2026, 6, 29), "1 DECEMBER 2026": at(2026, 12, 1), "3 sept 2026": at(2026, 9, 3)},
        {"date_format": "%d %b %Y"},
    ),
    "mails": (
        MOMENT,
        dict.fromkeys(
            ("Mon, 29 Jun 2026 23:30:00 GMT", "Tue, 30 Jun 2026 01:30:00 +0200"), at(2026, 6, 30, 1, 30)
        ),
        {"date_format": "%a, %d %b %Y %H:%M:%S %z"},
    ),
    "no separators": (MOMENT, {"20260629": at(2026, 6, 29), "20240229": at(2024, 2, 29)}, {"date_format": "%Y%m%d"}),
    "fractions": (
        MOMENT, {"29.06.2026 10:00:00.250": at(2026, 6, 29, 10, 0, 0, 250_000)}, {"date_format": "%d.%m.%Y %T.%f"},
    ),
    "literal text": (
        MOMENT, {"2026-06-29 10:00 Uhr": at(2026, 6, 29, 10)}, {"date_format": "%Y-%m-%d %H:%M Uhr"},
    ),
    "unix": (MOMENT, {"1782775800": at(2026, 6, 30, 1, 30), "0": at(1970, 1, 1, 1)}, {"date_format": "unix"}),
    "unix_ms": (MOMENT, {"1782775800250": at(2026, 6, 30, 1, 30, 0, 250_000)}, {"date_format": "unix_ms"}),
    "unix_us": (
        MOMENT, {"1782775800250123": at(2026, 6, 30, 1, 30, 0, 250_123)}, {"date_format": "unix_us"},
    ),
    "unix_ns": (
        MOMENT, {"1782775800250123000": at(2026, 6, 30, 1, 30, 0, 250_123)}, {"date_format": "unix_ns"},
    ),
    "own words": (KEY, {"-": MISSING, "NULL": MISSING, "7": "7"}, {"null_values": ["-"]}),
    "words of a column": (KEY, {"-": MISSING, "NULL": "NULL", "7": "7"}, {"null_values": {"theirs": ["-"]}}),
    "a level that is missing": (TEXT, {"NA": MISSING, "None": "None"}, {"null_values": ["NA"]}),
    "a number that is missing": (NUMBER, {"-999": MISSING, " -999 ": MISSING, "-99": -99.0}, {"null_values": ["-999"]}),
    "a day that is missing": (
        MOMENT, {"1900-01-01": MISSING, "2026-06-29": at(2026, 6, 29)}, {"null_values": {"theirs": ["1900-01-01"]}},
    ),
    "a flag that is missing": (FLAG, {"0": MISSING, "no": 0.0, "1": 1.0}, {"null_values": {"theirs": ["0"]}}),
    "own flags": (FLAG, {"Ja": 1.0, "nein": 0.0, "1": 1.0}, {"true_values": ["ja"], "false_values": ["NEIN"]}),
}  # fmt: skip
# what a request refuses: JSON has numbers, true and false of its own, and its moments are ISO
REFUSED_IN_JSON = frozenset({
    *("flags", "own flags", "plain numbers", "numbers with a point", "numbers with a comma", "a declared comma"),
    *("a declared point", "day first", "month first", "half days", "names of months", "mails", "no separators"),
    *("fractions", "literal text", "unix", "unix_ms", "unix_us", "unix_ns"),
    *("a number that is missing", "a flag that is missing"),
})  # fmt: skip
OUT_OF_JSON = ("0001-01-01", "9999-12-31")  # a time zone could move them out of the calendar
JSON_VALUES: list[tuple[RawType, Any, Any]] = [
    *((NUMBER, number, number) for number in (5, -5.25, 1e300, None)),
    *((NUMBER, sent, Refused) for sent in (True, [5], "5", "", "NULL", 10**400)),
    *((FLAG, flag, float(flag)) for flag in (True, False, 1, 0, 1.0, 0.0)),
    (FLAG, None, None),
    *((FLAG, sent, Refused) for sent in (2, 0.5, "true", "", "1")),
    *((KEY, key, "17850") for key in (17850, 17850.0, "17850", "17850.0")),
    (KEY, 1234567890123456789, "1234567890123456789"),
    *((KEY, sent, Refused) for sent in (1.5, 2.0**53, True, "1.23457E+12")),
    (TEXT, 7, "7"),
    *((TEXT, sent, Refused) for sent in (1.5, True)),
]
FORMATS_REFUSED = {
    "%d/%m/%Y": ["31/06/2026", "29/02/2025", "2026-06-29", "06/29/2026", "29/06/26", "29/06/2026 10:00"],
    "%d/%m/%y": ["29/06/2026", "~2026-06-29"],
    "%d %b %Y": ["29 Junk 2026", "29 Juni 2026"],
    "%m/%d/%Y %I:%M %p": ["6/29/2026 13:00 PM", "6/29/2026 10:00", "6/29/2026 0:10 AM"],
    "unix": ["1782775800250", "2026-06-29"],
}


class Inlet:
    """Reads one column of texts through a way in."""

    def __init__(self, folder: Path, postgres_url: str) -> None:
        self._folder, self._url = folder, postgres_url
        self._names = (f"t{number}" for number in itertools.count())

    def read(self, way: str, kind: RawType, texts: Sequence[str | None], **source: Any) -> list[Any]:
        return self.table(way, kind, texts, **source)[0]

    def table(
        self, way: str, kind: RawType, texts: Sequence[str | None], **source: Any
    ) -> tuple[list[Any], dict[str, int], list[str]]:
        """What the texts become, the counts and the notices."""
        place = TableSource.model_validate({**self._place(way, list(texts)), "columns": {"it": "theirs"}, **source})
        contract = RawTable("cases", None, (RawColumn("customer_id", KEY, True), RawColumn("it", kind)))
        with Engines(self._folder, ZONE) as engines:
            raw = engines.open(place, "cases")
            read = canonical(raw, contract, place.columns, AsOf.at(date(2026, 7, 1), ZONE), rules=TextRules.of(place))
            counts, notices = _tallied(read)
            rows = fetch(read.table.select("customer_id", "it"), "cases").to_pylist()
        return [row["it"] for row in sorted(rows, key=lambda row: int(row["customer_id"]))], counts, notices

    def _place(self, way: str, texts: Column) -> dict[str, str]:
        name, rows = next(self._names), [(str(number), text) for number, text in enumerate(texts)]
        frame = pd.DataFrame({"customer_id": [n for n, _ in rows], "theirs": pd.array(texts, dtype="str")})
        if way == "csv":
            with (self._folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
                csv.writer(file).writerows([("customer_id", "theirs"), *rows])
            return {"file": f"{name}.csv"}
        if way == "parquet":
            frame.to_parquet(self._folder / f"{name}.parquet", index=False)
            return {"file": f"{name}.parquet"}
        if way == "duckdb":
            with duckdb.connect(str(self._folder / f"{name}.duckdb")) as database:
                database.register("frame", frame)
                database.execute(f"CREATE TABLE {name} AS SELECT * FROM frame").fetchall()  # noqa: S608
            return {"duckdb": f"{name}.duckdb", "table": name}
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute("CREATE SCHEMA IF NOT EXISTS cases")
            connection.execute(f"CREATE TABLE cases.{name} (customer_id text, theirs text)")
            connection.cursor().executemany(f"INSERT INTO cases.{name} VALUES (%s, %s)", rows)  # noqa: S608
        return {"postgres": "CASES_URL", "table": f"cases.{name}"}


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # of py4j's gateway
def test_texts_become_the_same_in_spark(spark: Any, tmp_path: Path) -> None:
    """All cases in one computation, and wall clocks that are in UTC; a Spark is slow to ask."""
    tables = SparkTables(spark, tmp_path)
    parts: list[ir.Table] = []
    winter = {"2026-01-01 12:00": at(2026, 1, 1, 13), "2026-03-29 01:30": at(2026, 3, 29, 3, 30)}
    refused = {
        "no moments": (MOMENT, dict.fromkeys(NO_MOMENTS), {}),
        "no numbers": (NUMBER, dict.fromkeys(NO_NUMBERS), {}),
        "no flags": (FLAG, {"perhaps": None}, {}),
        **{form: (MOMENT, dict.fromkeys(texts), {"date_format": form}) for form, texts in FORMATS_REFUSED.items()},
    }
    cases = {**ALL_RIGHT, "in UTC": (MOMENT, winter, {"utc": True}), **refused}
    for case, (kind, texts, source) in cases.items():
        frame = pd.DataFrame({"customer_id": range(len(texts)), "theirs": pd.array(list(texts), dtype="str")})
        frame.to_parquet(tmp_path / f"{len(parts)}.parquet", index=False)
        place = TableSource.model_validate({"file": f"{len(parts)}.parquet", "columns": {"it": "theirs"}, **source})
        contract = RawTable("cases", None, (RawColumn("customer_id", KEY, True), RawColumn("it", kind)))
        as_of, raw = AsOf.at(date(2026, 7, 1), ZONE), tables.open(place, "cases")
        read = canonical(raw, contract, place.columns, as_of, rules=TextRules.of(place)).table
        in_spark = {MOMENT: "timestamp_ntz", NUMBER: "double", FLAG: "double"}.get(kind, "string")
        assert tables.frame(read).schema["it"].dataType.typeName() == in_spark
        forms = {"timestamp": kind is MOMENT, "float64": kind in (NUMBER, FLAG), "string": kind in (KEY, TEXT)}
        cells = {form: read.it.cast(form) if is_it else ibis.null(form) for form, is_it in forms.items()}
        parts.append(read.select(case=ibis.literal(case), place=read.customer_id.cast("int64"), **cells))
    rows = fetch(ibis.union(*parts), "cases").to_pylist()
    tables.close()
    read_as = {(row["case"], row["place"]): row["timestamp"] or row["string"] or row["float64"] for row in rows}
    wrong = [
        f"{case}: {text!r} is {read_as[case, place]!r}, not {expected!r}"
        for case, (_, texts, _) in cases.items()
        for place, (text, expected) in enumerate(texts.items())
        if read_as[case, place] != expected
    ]
    assert not wrong, "\n".join(wrong)


def _tallied(read: CanonicalTable) -> tuple[dict[str, int], list[str]]:
    counts: dict[str, int] = {}
    notices: list[str] = []
    for tally in read.tallies:
        totals = fetch(tally.sums, "cases").to_pylist()[0]
        counts = tally.count_rows(totals, counts)
        notices += [notice.text for notice in tally.notices(totals)]
    return counts, notices


@pytest.fixture
def inlet(tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inlet]:
    monkeypatch.setenv("CASES_URL", postgres_url)
    yield Inlet(tmp_path, postgres_url)
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS cases CASCADE")


@pytest.mark.parametrize("case", ALL_RIGHT)
@pytest.mark.parametrize("way", WAYS)
def test_texts_become_what_they_mean(inlet: Inlet, way: str, case: str) -> None:
    kind, texts, source = ALL_RIGHT[case]
    read = inlet.read(way, kind, list(texts), **source)
    assert dict(zip(texts, read, strict=True)) == texts


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("kind", "texts"), [(MOMENT, NO_MOMENTS), (NUMBER, NO_NUMBERS)])
def test_every_text_outside_the_grammar_is_refused(inlet: Inlet, way: str, kind: RawType, texts: list[str]) -> None:
    with pytest.raises(SourceError, match=rf"'theirs' \(it\) holds {len(texts)} values that are no {kind}") as caught:
        inlet.read(way, kind, [*texts, None])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("directives", FORMATS_REFUSED)
def test_what_is_no_moment_of_the_format_is_refused(inlet: Inlet, way: str, directives: str) -> None:
    texts = FORMATS_REFUSED[directives]
    with pytest.raises(SourceError, match=f"holds {len(texts)} values that are no timestamp") as caught:
        inlet.read(way, MOMENT, texts, date_format=directives)
    assert f"`date_format`, which is {directives!r}" in str(caught.value)


@pytest.mark.parametrize("way", WAYS)
def test_other_refusals(inlet: Inlet, way: str) -> None:
    cases: list[tuple[RawType, list[str], dict[str, Any], str]] = [
        (MOMENT, ["2026-06-29 10:00", "2026-06-29 10:00Z"], {}, "some values have a time zone and some do not"),
        (MOMENT, ["2026-06-29 10:00Z", "2026-06-29"], {}, "some values have a time zone and some do not"),
        (KEY, ["1.23457E+12"], {}, "digits were lost"),
        (FLAG, ["perhaps"], {}, "neither yes nor no"),
        (NUMBER, ["12.5", "12,5"], {}, 'set `decimal: ","`'),
        (NUMBER, ["12,5", "12.5"], {}, 'set `decimal: ","`'),
        (NUMBER, ["12.5"], {"decimal": ","}, 'set `decimal: "."`'),
        (NUMBER, ["12,5", "many"], {}, "holds 2 values"),
        (NUMBER, ["€ 12.50"], {}, "without €: `features.currency` says the currency"),
        (NUMBER, ["1,234", "1.234"], {}, '1234 with `decimal: "."`, 1.234 with `decimal: ","`'),
    ]
    for kind, texts, source, fragment in cases:
        with pytest.raises(SourceError) as caught:
            inlet.read(way, kind, texts, **source)
        assert fragment in str(caught.value)


@pytest.mark.parametrize("way", WAYS)
def test_words_that_mean_missing_are_counted_and_levels_are_told(inlet: Inlet, way: str) -> None:
    assert inlet.table(way, KEY, ["NULL", "nan", "", "7", None])[1]["null_words_in_it"] == 2
    _, counts, notices = inlet.table(way, TEXT, ["NULL", "NA", "None", "gold"])
    assert counts["null_words_in_it"] == 1
    (notice,) = notices
    assert notice.startswith("column 'theirs': None, NA or N/A in 2 rows is kept as a category")
    assert inlet.table(way, KEY, ["7"])[1].keys() == {"rows", "without_customer"}


def test_ambiguous_thousands_are_told(inlet: Inlet) -> None:
    read, _, notices = inlet.table("csv", NUMBER, ["1.234", "5"])
    assert read == [1.234, 5]
    assert "'1.234' was read with a decimal point" in notices[0]
    assert inlet.table("csv", NUMBER, ["1.234", "0.5"])[2] == []
    assert "decimal comma" in inlet.table("csv", NUMBER, ["1,5"])[2][0]


def in_request(kind: RawType, values: Sequence[Any], null_values: Any = ()) -> list[Any]:
    """What the values of one column become in a request of one customer a value, by the SQL that answers requests."""
    rows = [{"events": [{"it": sent}]} for sent in values]
    raw = read_rows(rows, [str(place) for place in range(len(values))], {"events": [RawColumn("it", kind)]})
    moment = "timestamp('UTC')" if raw.zoned else "timestamp"
    types = {"customer_id": "int64", "it": {MOMENT: moment, TEXT: "string", KEY: "string"}.get(kind, "float64")}
    place = TableSource.model_validate({"file": "a request", "null_values": null_values})
    contract = RawTable("events", None, (RawColumn("customer_id", KEY, True), RawColumn("it", kind)))
    table = ibis.table(types, name="events")
    read = canonical(table, contract, {}, LaterAsOf(), rules=TextRules.of(place)).table
    sql = str(ibis.to_sql(read.select("customer_id", "it"), dialect="duckdb"))
    tables = {"events": types, LaterAsOf.NAME: LaterAsOf.SCHEMA}
    of_duckdb = {name: {column: DUCKDB_TYPES[own] for column, own in of.items()} for name, of in tables.items()}
    engine = RecordEngine(RecordProgram(raw.zoned, (), of_duckdb, (sql,), ()), ZONE)
    with engine.holding(raw.tables, AsOf.at(date(2026, 7, 1), ZONE)):
        return engine.values(len(values))[0]["it"]


@pytest.mark.parametrize("case", [case for case in ALL_RIGHT if case not in REFUSED_IN_JSON])
def test_a_request_reads_the_same_text(case: str) -> None:
    kind, texts, source = ALL_RIGHT[case]
    words = source.get("null_values", [])
    by_our_name = {"it": words["theirs"]} if isinstance(words, dict) else words  # as a model's recipe has them
    sent = [text for text in texts if text not in OUT_OF_JSON]
    assert dict(zip(sent, in_request(kind, sent, by_our_name), strict=True)) == {text: texts[text] for text in sent}
    for text in sent:
        assert in_request(kind, [text], by_our_name) == [texts[text]]


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        *((ALL_RIGHT[case][0], list(ALL_RIGHT[case][1])) for case in sorted(REFUSED_IN_JSON)),
        *((MOMENT, NO_MOMENTS), (MOMENT, OUT_OF_JSON), (NUMBER, NO_NUMBERS)),
    ],
)
def test_a_request_refuses_text_in_place_of_a_json_value(kind: RawType, texts: Sequence[str]) -> None:
    for text in texts:
        if text.endswith("+16:00"):  # an offset that PostgreSQL does not know
            continue
        with pytest.raises(Refusal) as caught:
            in_request(kind, [text])
        assert (caught.value.status, caught.value.code) == (422, "invalid_records")


@pytest.mark.parametrize(("kind", "sent", "expected"), JSON_VALUES)
def test_values_of_json_become_what_they_mean(kind: RawType, sent: Any, expected: Any) -> None:
    if expected is Refused:
        with pytest.raises(Refusal):
            in_request(kind, [sent])
    else:
        assert in_request(kind, [sent]) == [expected]
