"""`where` of a source chooses the same rows of CSV, Parquet, DuckDB and PostgreSQL, and says what it leaves out."""

from __future__ import annotations

import operator
import tempfile
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import ibis.expr.types as ir
import pandas as pd
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from features.conditions.parse import parse_condition
from features.conditions.tree import (
    Absence,
    ColumnName,
    Comparison,
    Condition,
    Conjunction,
    Disjunction,
    FlagLiteral,
    Likeness,
    Literal,
    Membership,
    MomentLiteral,
    Negation,
    NumberLiteral,
    TextLiteral,
)
from features.customer_vector import build_vectors
from features.settings import FeatureSettings, Sources
from features.source_settings import TableSource
from features.sources import Engines, fetch
from features.tables.canonical import Tally
from features.tables.choice_marks import chosen_of
from features.tables.chosen_rows import mark_rows
from segment_model.errors import SourceError

ZONE = "Europe/Berlin"
Row = Mapping[str, Any]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


JUNE_28, JUNE_29, JUNE_30, JULY_1 = date(2026, 6, 28), date(2026, 6, 29), date(2026, 6, 30), date(2026, 7, 1)
# id, whole number, number, text, wall clock, instant, day, flag
ROWS: tuple[tuple[Any, ...], ...] = (
    (1, 5, 10.5, "paid", datetime(2026, 6, 29, 10), utc(2026, 6, 28, 22), JUNE_29, True),
    (2, -3, 0.0, " paid ", datetime(2026, 6, 30), utc(2026, 6, 29, 22), JUNE_30, False),
    (3, 0, -2.25, "C536379", datetime(2026, 7, 1, 0, 0, 0, 1), utc(2026, 1, 1, 12), JULY_1, True),
    (4, None, None, None, None, None, None, None),
    (5, 2**53 + 1, 1e12, "It's 100% Ünal", datetime(1999, 1, 1), utc(1999, 1, 1), date(1999, 1, 1), False),
    (6, 7, 1234.5, "C_x\ny", datetime(2026, 6, 29, 10, 30), utc(2026, 6, 29, 8, 30), JUNE_28, None),
)
NAMES = ("id", "whole", "number", "Order Status", "clock", "instant", "day", "flag")
SQL_TYPES = ("bigint", "bigint", "double precision", "text", "timestamp", "timestamptz", "date", "boolean")

CASES = {
    "whole > 0": {1, 5, 6},
    "whole >= 0 and whole < 7": {1, 3},
    "not whole > 0": {2, 3},
    "whole = '9007199254740993'": {5},
    "whole <> 5": {2, 3, 5, 6},
    "whole > 4.5": {1, 5, 6},
    "whole in (5, -3, 99)": {1, 2},
    "whole not in (5, -3, 99)": {3, 5, 6},
    "whole between -3 and 5": {1, 2, 3},
    "whole not between -3 and 5": {5, 6},
    "whole is null": {4},
    "not whole is null": {1, 2, 3, 5, 6},
    "number > 0": {1, 5, 6},
    "number = -2.25": {3},
    "number = 0": {2},
    "number in (10.5, 1234.50)": {1, 6},
    "number is null or number = 1e12": {4, 5},
    "\"Order Status\" = 'paid'": {1, 2},
    "\"Order Status\" <> 'paid'": {3, 5, 6},
    "\"Order Status\" in ('paid', 'C536379')": {1, 2, 3},
    "\"Order Status\" not like 'C%'": {1, 2, 5},
    "\"Order Status\" like 'C_x%y'": {6},
    "\"Order Status\" like '%100%\u00dcnal'": {5},
    "\"Order Status\" = 'It''s 100% \u00dcnal'": {5},
    "\"Order Status\" = 'PAID'": set(),
    "\"Order Status\" is not null": {1, 2, 3, 5, 6},
    "clock >= DATE '2026-06-30'": {2, 3},
    "clock < TIMESTAMP '2026-06-29 10:30:00'": {1, 5},
    "clock = DATE '2026-06-30'": {2},
    "clock between DATE '2026-06-29' and DATE '2026-07-01'": {1, 2, 6},
    "clock >= TIMESTAMP '2026-06-29 22:00:00Z'": {2, 3},  # an instant, against the wall clock of Berlin
    "clock is null": {4},
    "instant >= DATE '2026-06-29'": {1, 2, 6},  # midnight in Berlin
    "instant = TIMESTAMP '2026-06-30 00:00'": {2},
    "instant > TIMESTAMP '2026-06-29T08:29:59.999999+00:00'": {2, 6},
    "day = DATE '2026-06-30'": {2},
    "day > DATE '2026-06-28' and day <> DATE '2026-07-01'": {1, 2},
    "flag": {1, 3},
    "not flag": {2, 5},
    "flag = true or whole = 7": {1, 3, 6},
    "flag <> true": {2, 5},
    "flag is null": {4, 6},
    "whole > 0 or number > 0": {1, 5, 6},
    "(whole > 6 and flag) or flag is null and not \"Order Status\" = 'paid'": {6},
    "id = 1 or whole > 0 and flag": {1},
}  # fmt: skip


IN_UTC = {  # where moments without a time zone are in UTC
    "clock = TIMESTAMP '2026-06-29 10:00:00Z'": {1},
    "clock < DATE '2026-06-30' and clock > DATE '2026-06-01'": {1, 6},  # midnight in Berlin is 22:00 in UTC
    "clock >= TIMESTAMP '2026-06-30 02:00:00'": {2, 3},
    "instant >= DATE '2026-06-29'": {1, 2, 6},
}


def frame() -> pd.DataFrame:
    types = ("int64", "Int64", "float64", "str", "datetime64[us]", "datetime64[us, UTC]", "object", "boolean")
    return pd.DataFrame(
        {
            name: pd.Series(list(column), dtype=kind)
            for name, column, kind in zip(NAMES, zip(*ROWS, strict=True), types, strict=True)
        }
    )


@pytest.fixture(scope="module")
def places(
    tmp_path_factory: pytest.TempPathFactory, postgres_url: str
) -> Iterator[tuple[Path, dict[str, dict[str, str]]]]:
    """The rows as CSV, Parquet, DuckDB and in PostgreSQL."""
    folder = tmp_path_factory.mktemp("where")
    rows = frame()
    rows.to_parquet(folder / "rows.parquet", index=False)
    rows.to_csv(folder / "rows.csv", index=False)
    with duckdb.connect(str(folder / "rows.duckdb")) as database:
        database.execute(f"CREATE TABLE rows AS FROM '{folder / 'rows.parquet'}'").fetchall()
    columns = ", ".join(f'"{name}" {kind}' for name, kind in zip(NAMES, SQL_TYPES, strict=True))
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(f"CREATE TABLE chosen_rows ({columns})")
        for row in ROWS:
            connection.execute("INSERT INTO chosen_rows VALUES (%s, %s, %s, %s, %s, %s, %s, %s)", row)
    yield (
        folder,
        {
            "csv": {"file": "rows.csv"},
            "parquet": {"file": "rows.parquet"},
            "duckdb": {"duckdb": "rows.duckdb", "table": "rows"},
            "postgres": {"postgres": "WHERE_URL", "table": "chosen_rows"},
        },
    )
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP TABLE chosen_rows")


def chosen_rows(engines: Engines, source: TableSource, name: str, time_zone: str = "UTC") -> tuple[ir.Table, Tally]:
    """The chosen rows, and the tally of all."""
    marked, tally_of = mark_rows(engines.open(source, name), source, name, time_zone)
    (tally,) = tally_of(marked)
    return chosen_of(marked), tally


def ids_of(engines: Engines, place: Mapping[str, str], where: str) -> tuple[set[int], dict[str, int]]:
    """The ids of the chosen rows, and the counts."""
    source = TableSource.model_validate({**place, "where": where})
    table, tally = chosen_rows(engines, source, "rows", ZONE)
    counts = tally.count_rows(fetch(tally.sums, "counts").to_pylist()[0], {"rows": 99, "used": 5})
    return {int(row["id"]) for row in fetch(table.select("id"), "rows").to_pylist()}, counts


@pytest.mark.parametrize("place", ["csv", "parquet", "duckdb", "postgres"])
def test_every_condition_chooses_the_same_rows_everywhere(
    place: str, places: tuple[Path, dict[str, dict[str, str]]], postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHERE_URL", postgres_url)
    folder, sources = places
    with Engines(folder, ZONE) as engines:
        for where, expected in CASES.items():
            if not expected:
                with pytest.raises(SourceError, match="no row of 6 meets"):
                    ids_of(engines, sources[place], where)
                continue
            ids, counts = ids_of(engines, sources[place], where)
            assert ids == expected, where
            assert counts == {"rows": 6, "left_out_by_where": 6 - len(expected), "used": 5}, where
        for where, expected in IN_UTC.items():
            assert ids_of(engines, {**sources[place], "utc": "true"}, where)[0] == expected, where


def holds(condition: Condition, row: Row) -> bool | None:
    """SQL's three-valued logic over plain values, written out."""
    match condition:
        case Conjunction(parts):
            return three_valued([holds(part, row) for part in parts], deciding=False)
        case Disjunction(parts):
            return three_valued([holds(part, row) for part in parts], deciding=True)
        case Negation(part):
            inner = holds(part, row)
            return None if inner is None else not inner
        case Absence(column):
            return row[column.name] is None
        case Comparison(left, compared, right):
            assert isinstance(left, ColumnName)
            ours = row[left.name]
            theirs = row[right.name] if isinstance(right, ColumnName) else plain(right)
            return None if ours is None or theirs is None else COMPARE[compared](ours, theirs)
        case Membership(column, options):
            return None if row[column.name] is None else row[column.name] in [plain(option) for option in options]
        case Likeness(column, pattern):
            return None if row[column.name] is None else is_like(row[column.name], pattern)


COMPARE: Mapping[str, Any] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def three_valued(parts: list[bool | None], deciding: bool) -> bool | None:
    if deciding in parts:
        return deciding
    return None if None in parts else not deciding


def plain(literal: Literal) -> Any:
    match literal:
        case TextLiteral(text):
            return text
        case NumberLiteral(number):
            return float(number)
        case FlagLiteral(is_true):
            return is_true
        case MomentLiteral(moment):
            return moment if isinstance(moment, datetime) else datetime.combine(moment, datetime.min.time())


def is_like(text: str, pattern: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "%":
        return is_like(text, pattern[1:]) or (bool(text) and is_like(text[1:], pattern))
    return bool(text) and pattern[0] in (text[0], "_") and is_like(text[1:], pattern[1:])


NUMBERS, WORDS = [-2.5, -1.0, 0.0, 1.0, 2.0, 1e6], ["paid", "Paid", "p", "C1", "Ünal", "a_b", "100%"]
MOMENTS = [datetime(2026, 6, 29) + timedelta(hours=12 * n) for n in range(4)]


def written_literals(column: str) -> st.SearchStrategy[str]:
    match column[0]:
        case "n":
            return st.sampled_from(NUMBERS).map(lambda number: f"{Decimal(number):f}")
        case "t":
            return st.sampled_from(WORDS).map(lambda word: f"'{word}'")
        case "m":
            return st.sampled_from([f"TIMESTAMP '{moment}'" for moment in MOMENTS] + ["DATE '2026-06-30'"])
        case _:
            return st.sampled_from(["true", "false"])


def simple_conditions() -> st.SearchStrategy[str]:
    """Conditions on one column, typed (`n`) or text of the same (`n_text`)."""
    columns = st.sampled_from(["n", "n_text", "t", "m", "m_text", "f", "f_text"])

    def of(column: str) -> st.SearchStrategy[str]:
        literals = written_literals(column)
        signs = ["=", "<>", "!=", *(["<", "<=", ">", ">="] if column[0] in "nm" else [])]
        kinds = [
            st.builds(lambda sign, literal: f"{column} {sign} {literal}", st.sampled_from(signs), literals),
            st.builds(lambda sign, literal: f"{literal} {sign} {column}", st.sampled_from(signs), literals),
            st.lists(literals, min_size=1, max_size=3).map(lambda several: f"{column} in ({', '.join(several)})"),
            st.just(f"{column} is null"),
            st.just(f"{column} is not null"),
        ]
        if column[0] in "nm":
            kinds.append(st.builds(lambda low, high: f"{column} not between {low} and {high}", literals, literals))
        if column == "t":
            patterns = st.text(st.sampled_from("%_pC1Ü"), min_size=1, max_size=4)
            kinds.append(patterns.map(lambda pattern: f"{column} like '{pattern}'"))
        if column[0] == "f":
            kinds.append(st.just(column) if column == "f" else st.just("not f_text"))
        return st.one_of(kinds)

    return columns.flatmap(of)


CONDITIONS = st.recursive(
    simple_conditions(),
    lambda inner: st.one_of(
        st.builds(lambda a, b: f"({a} and {b})", inner, inner),
        st.builds(lambda a, b: f"({a} or {b})", inner, inner),
        inner.map(lambda a: f"not ({a})"),
    ),
    max_leaves=6,
)
RANDOM_ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "n": st.none() | st.sampled_from(NUMBERS),
            "t": st.none() | st.sampled_from(WORDS),
            "m": st.none() | st.sampled_from(MOMENTS),
            "f": st.none() | st.booleans(),
        }
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(rows=RANDOM_ROWS, where=CONDITIONS)
def test_random_conditions_over_random_rows_agree_with_plain_python(rows: list[Row], where: str) -> None:
    texts = [
        {
            "n_text": None if row["n"] is None else f" {row['n']:g}",
            "m_text": None if row["m"] is None else f"{row['m']} ",
            "f_text": {None: "", True: "Yes", False: "0"}[row["f"]],
        }
        for row in rows
    ]
    frame = pd.DataFrame([{**row, **text} for row, text in zip(rows, texts, strict=True)]).assign(
        place=range(len(rows))
    )
    frame = frame.astype({"n": "float64", "m": "datetime64[us]", "f": "boolean"})
    frame = frame.astype(dict.fromkeys(("t", "n_text", "m_text", "f_text"), "str"))
    condition = parse_condition(where)
    twins = [{**row, "n_text": row["n"], "m_text": row["m"], "f_text": row["f"]} for row in rows]
    expected = [place for place, row in enumerate(twins) if holds(condition, row)]
    with tempfile.TemporaryDirectory() as folder, Engines(Path(folder), "UTC") as engines:
        frame.to_parquet(Path(folder) / "rows.parquet", index=False)
        source = TableSource(file="rows.parquet", where=where)
        table, tally = chosen_rows(engines, source, "rows")
        totals = fetch(tally.sums, "counts").to_pylist()[0]
        assert (int(totals["read"]), int(totals["chosen"] or 0)) == (len(rows), len(expected))
        assert sorted(row["place"] for row in fetch(table.select("place"), "rows").to_pylist()) == expected


TEXTS = pd.DataFrame(
    {
        "Quantity": ["1", " 2.5", "x", "y", ""],
        "when": ["2026-06-29", "soon", "2026-06-30 10:00", None, "2026-07-01"],
        "Test Order": ["yes", "No", "perhaps", "TRUE", "0"],
        "status": ["paid", "open", "paid", "void", "open"],
    }
)
TYPED = pd.DataFrame(
    {
        "amount": [1.5, float("nan"), float("inf")],
        "flag": pd.Series([1.0, 0.0, 2.0]),
        "whole": [1, 2, 3],
        "at": pd.to_datetime(["2026-06-29", "2026-06-30", "2026-07-01"]),
        "on": [date(2026, 6, 29)] * 3,
        "sent": [True, False, True],
        "parts": [[1], [2], [3]],
    }
)


def chosen(folder: Path, rows: pd.DataFrame, where: str) -> tuple[int, dict[str, int]]:
    """The number of chosen rows, and the counts."""
    name = "rows.csv" if rows is TEXTS else "rows.parquet"
    rows.to_csv(folder / name, index=False) if name == "rows.csv" else rows.to_parquet(folder / name)
    with Engines(folder, "UTC") as engines:
        source = TableSource(file=name, where=where)
        table, tally = chosen_rows(engines, source, "orders")
        counts = tally.count_rows(fetch(tally.sums, "counts").to_pylist()[0], {})
        return fetch(table, "rows").num_rows, counts


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("quantity > 0", "orders: where: no column 'quantity'. Did you mean 'Quantity'? Columns are Quantity, when, "),
        ('status = "paid"', "no column 'paid'. Columns are Quantity, when, Test Order, status (double quotes hold a"),
        (
            "Quantity > 0",
            "column 'Quantity' holds 2 values that are no number, such as 'x'; write it as 1234.50, set `decimal`, or",
        ),
        ("\"when\" > DATE '2026-06-29'", "column 'when' holds 1 value that is no timestamp, such as 'soon'"),
        ('"Test Order"', "column 'Test Order' holds 1 value that is neither yes nor no, such as 'perhaps'"),
        ("Quantity > '0'", "> needs a number or a moment, and '0' is neither: write a number without quotes, or DATE"),
        ("status between 'a' and 'b'", ">= needs a number or a moment"),
        ('status < "when"', "< needs numbers or moments, and 'status' and 'when' are text"),
        ("status = 'Paid'", "no row of 5 meets \"status = 'Paid'\"; see how the values are written"),
        ("Quantity = 9007199254740993", "9007199254740993 is not exact as a number; write it as text"),
    ],
)
def test_what_is_wrong_with_a_condition_over_text(where: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        chosen(tmp_path, TEXTS, where)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("amount = '1.5'", "column 'amount' holds a number; compare it with a number without quotes, not '1.5'"),
        ("amount like '1%'", "column 'amount' holds a number; compare it with a number without quotes, not '1%'"),
        ("amount > DATE '2026-06-29'", "compare it with a number without quotes, not the moment 2026-06-29"),
        ("at > '2026-06-29'", "column 'at' holds a moment; compare it with DATE '2026-01-31' or TIMESTAMP"),
        ('"on" = 20260629', "column 'on' holds a moment; compare it with DATE"),
        ("sent = 1", "column 'sent' holds a flag; compare it with true or false, not 1"),
        ("sent = 'true'", "column 'sent' holds a flag; compare it with true or false, not 'true'"),
        ("sent > false", "> needs a number or a moment, and false is neither"),
        ("whole > '1'", "> needs a number or a moment, and '1' is neither"),
        ("amount = at", "'amount' and 'at' hold different kinds (moment and number)"),
        ("flag", "column 'flag' holds 1 value that is neither yes nor no, such as '2.0'"),
        ("parts is null", "column 'parts' is array<int64>, which cannot be compared"),
    ],
)
def test_what_is_wrong_with_a_condition_over_types(where: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SourceError) as caught:
        chosen(tmp_path, TYPED, where)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ("amount is null", 2),  # NaN and infinity are missing, as in the vectors
        ("amount > 0 or not amount > 0", 1),
        ("whole = '2'", 1),
        ("whole like '%3' or whole in ('1', 'x')", 2),
        ('at = "on"', 1),
        ("whole > amount", 0),
        ("sent = sent", 3),
    ],
)
def test_types_that_meet(where: str, count: int, tmp_path: Path) -> None:
    if count:
        assert chosen(tmp_path, TYPED, where) == (count, {"rows": 3, "left_out_by_where": 3 - count})
    else:
        with pytest.raises(SourceError, match="no row of 3 meets"):
            chosen(tmp_path, TYPED, where)


def test_rows_left_out_need_not_be_readable_elsewhere(tmp_path: Path) -> None:
    """A total row at the end goes by `where`; what it holds in the other columns is no error."""
    (tmp_path / "orders.csv").write_text("id,at,sum\na,2026-06-29,1\nb,2026-06-30,2\nTotal,-,3 EUR\n")
    columns = {"customer_id": "id", "ordered_at": "at", "amount": "sum"}
    orders = {"file": "orders.csv", "columns": columns, "where": "id <> 'Total'"}
    vectors = build_vectors(Sources.model_validate({"orders": orders}), FeatureSettings(), date(2026, 7, 1), tmp_path)
    assert vectors.frame.monetary_value.to_dict() == {"a": 1, "b": 2}
    assert vectors.report["orders"]["rows"] == 3
    assert vectors.report["orders"]["left_out_by_where"] == 1
    assert vectors.report["orders"]["used"] == 2


def test_duplicates_are_counted_among_the_chosen_rows(tmp_path: Path) -> None:
    rows = "a,2026-06-29,1\n" * 2 + "b,2026-06-29,2\n" * 2
    (tmp_path / "orders.csv").write_text(f"customer_id,ordered_at,amount\n{rows}")
    orders = Sources.model_validate({"orders": {"file": "orders.csv", "where": "amount = 1"}})
    chosen_settings = FeatureSettings.model_validate({"rfm": {"duplicates": "dropped"}})
    report = build_vectors(orders, chosen_settings, date(2026, 7, 1), tmp_path).report["orders"]
    assert {name: report[name] for name in ("rows", "left_out_by_where", "duplicates", "used")} == {
        "rows": 4,
        "left_out_by_where": 2,
        "duplicates": 1,
        "used": 1,
    }


def test_an_empty_table_has_nothing_to_leave_out(tmp_path: Path) -> None:
    empty = TYPED.iloc[:0].drop(columns="parts")
    assert chosen(tmp_path, empty, "whole = 1") == (0, {"rows": 0, "left_out_by_where": 0})


def test_the_settings_refuse_what_is_no_condition() -> None:
    with pytest.raises(ValidationError, match="a function is not part of a condition: 'LOWER\\(a\\)'"):
        TableSource(file="orders.csv", where="lower(a) = 'x'")


def test_text_is_read_as_the_source_says_that_it_is_written(tmp_path: Path) -> None:
    """A decimal comma that the first rows show, a date format, words for missing and for yes."""
    rows = "1;1.234,50;29.06.2026;ja\n2;0,99;30.06.2026;nein\n3;k.A.;01.07.2026;ja\n"
    (tmp_path / "orders.csv").write_text(f"id;Preis;Datum;Neu\n{rows}".replace(";", "|"))
    frame = pd.read_csv(tmp_path / "orders.csv", sep="|", dtype="str")
    frame.to_parquet(tmp_path / "orders.parquet")
    written = {"date_format": "%d.%m.%Y", "null_values": ["k.A."], "true_values": ["ja"], "false_values": ["nein"]}
    expected = {
        "Preis > 1000": {"1"},
        "Preis = 0.99": {"2"},
        "not Preis > 1000": {"2"},
        "Preis is null": {"3"},
        "Datum >= DATE '2026-06-30'": {"2", "3"},
        "Neu and Datum < DATE '2026-07-01'": {"1"},
    }
    with Engines(tmp_path, "UTC") as engines:
        for where, ids in expected.items():
            source = TableSource.model_validate({"file": "orders.parquet", "where": where, **written})
            table, tally = chosen_rows(engines, source, "orders")
            tally.count_rows(fetch(tally.sums, "counts").to_pylist()[0], {})
            assert {row["id"] for row in fetch(table.select("id"), "rows").to_pylist()} == ids, where


@pytest.mark.parametrize(
    ("rows", "where", "frequency"),
    [
        (["A;12,50;1.500", "B;8,00;900", "C;1.000,00;2"], "pieces > 1000", {"A": 1}),  # the money shows the mark
        (["A;2.000;0,5", "B;1.500;0,25", "C;1.000;0"], "pieces > 0", {"A": 1, "B": 1}),  # the condition's column does
        (["A;2.000;1.500", "B;1.500;900"], "pieces > 1000", None),  # nothing does
    ],
)
def test_a_table_has_one_decimal_mark_for_its_columns_and_its_condition(
    rows: list[str], where: str, frequency: dict[str, int] | None, tmp_path: Path
) -> None:
    lines = [f"{line};2026-06-01" for line in rows]
    (tmp_path / "orders.csv").write_text("\n".join(["customer_id;amount;pieces;ordered_at", *lines]) + "\n")
    sources = Sources.model_validate({"orders": {"file": "orders.csv", "where": where}})
    if frequency is None:  # 1.5 pieces, as every program writes them
        with pytest.raises(SourceError, match="no row of 2 meets 'pieces > 1000'"):
            build_vectors(sources, FeatureSettings(), date(2026, 6, 2), tmp_path)
        return
    vectors = build_vectors(sources, FeatureSettings(), date(2026, 6, 2), tmp_path)
    assert vectors.frame.frequency.to_dict() == frequency
    assert vectors.frame.monetary_value["A"] in (12.5, 2000.0)
    told_of = [notice.line for notice in vectors.notices if "decimal" in notice.line]
    assert len(told_of) == 1
    assert "has a decimal comma" in told_of[0]
