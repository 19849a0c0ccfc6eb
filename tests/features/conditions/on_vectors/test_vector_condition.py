"""Conditions over vectors answer as DuckDB answers the same text, on frames and for one customer."""

from __future__ import annotations

import math
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.conditions.on_vectors.patterns import compiled_pattern
from features.conditions.on_vectors.vector_condition import VectorCondition
from segment_model.contract import Column, Kind, VectorContract
from segment_model.errors import SettingsError

CONTRACT = VectorContract(
    (
        Column("mrr", Kind.NUMBER, nullable=True),
        Column("orders", Kind.COUNT),
        Column("share", Kind.SHARE, nullable=True),
        Column("churned", Kind.FLAG, nullable=True),
        Column("is_trial", Kind.FLAG, nullable=True),
        Column("plan", Kind.CATEGORY, nullable=True),
        Column("main device", Kind.CATEGORY, nullable=True),
    )
)
NUMBERS, FLAGS, TEXTS = ("mrr", "orders", "share"), ("churned", "is_trial"), ("plan", '"main device"')
LEVELS = ("entry", "Team", "a%b", "größe", "x\ny", "100_", "it's")


def numbers() -> st.SearchStrategy[str]:
    return st.sampled_from(["0", "1", "-1", "0.1", "0.30", "2.5", "1e3", "-0.0"])


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def comparisons() -> st.SearchStrategy[str]:
    signs = st.sampled_from(["=", "<>", "<", "<=", ">", ">=", "!="])
    equal = st.sampled_from(["=", "<>"])
    texts = st.sampled_from(LEVELS).map(quoted)
    patterns = st.sampled_from(["%", "e%", "%e%r%", "_eam", "%_", "a%b", "%\n%", "%%", "___%", "%ö%", "100_"]).map(
        quoted
    )
    number, flag, text = (st.sampled_from(names) for names in (NUMBERS, FLAGS, TEXTS))
    column = st.sampled_from((*NUMBERS, *FLAGS, *TEXTS))
    return st.one_of(
        st.builds("{} {} {}".format, number, signs, numbers()),
        st.builds("{} {} {}".format, numbers(), signs, number),
        st.builds("{} {} {}".format, number, signs, number),
        st.builds("{} {} {}".format, text, equal, texts),
        st.builds("{} {} {}".format, text, equal, text),
        st.builds("{} {} {}".format, flag, equal, flag),
        st.builds("{} {} {}".format, flag, equal, st.sampled_from(["true", "false"])),
        flag,
        st.builds("{} between {} and {}".format, number, numbers(), numbers()),
        st.builds("{} not in ({}, {})".format, number, numbers(), numbers()),
        st.builds("{} in ({}, {})".format, text, texts, texts),
        st.builds("{} like {}".format, text, patterns),
        st.builds("{} not like {}".format, text, patterns),
        st.builds("{} is {}".format, column, st.sampled_from(["null", "not null"])),
    )


def conditions() -> st.SearchStrategy[str]:
    def joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        return st.one_of(
            st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner),
            st.builds("not ({})".format, inner),
        )

    return st.recursive(comparisons(), joined, max_leaves=6)


def customers() -> st.SearchStrategy[list[dict[str, Any]]]:
    number = st.sampled_from([None, 0.0, -0.0, 1.0, -1.0, 0.1, 0.3, 2.5, 1000.0, 1e300])
    flag = st.sampled_from([None, 0.0, 1.0])
    text = st.sampled_from([None, *LEVELS])
    whole = st.sampled_from([0.0, 1.0, 2.0, 1000.0])
    rows = {"mrr": number, "orders": whole, "share": number, "churned": flag, "is_trial": flag}
    return st.lists(st.fixed_dictionaries({**rows, "plan": text, "main device": text}), max_size=12)


def frame_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=list(CONTRACT.names), index=[f"c{number}" for number in range(len(rows))])
    texts = {column.name: "str" for column in CONTRACT.columns if column.is_category}
    return frame.astype({name: texts.get(name, "float64") for name in frame.columns})


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def table_of(rows: list[dict[str, Any]], flags: pa.DataType) -> pa.Table:
    """The rows as an Arrow table, with their position."""
    types = {c.name: pa.string() if c.is_category else pa.float64() for c in CONTRACT.columns}
    columns = {name: pa.array([row[name] for row in rows], kind) for name, kind in types.items()}
    columns |= {name: columns[name].cast(flags) for name in FLAGS}
    return pa.table({"position": pa.array(range(len(rows)), pa.int64()), **columns})


def by_duckdb(connection: duckdb.DuckDBPyConnection, text: str, rows: list[dict[str, Any]]) -> list[bool]:
    """What DuckDB says of the same text, where flags are booleans."""
    connection.register("customers", table_of(rows, pa.bool_()))
    query = f"select coalesce(({text}), false) from customers order by position"  # noqa: S608
    answers = connection.execute(query).fetchall()
    return [met for (met,) in answers]


@settings(max_examples=60, deadline=None)
@given(text=conditions(), rows=customers())
def test_frames_and_single_customers_are_answered_as_by_duckdb(
    engine: duckdb.DuckDBPyConnection, text: str, rows: list[dict[str, Any]]
) -> None:
    condition, expected = VectorCondition.read(text, CONTRACT), by_duckdb(engine, text, rows)
    frame = frame_of(rows)
    met = condition.meets(frame)
    assert met.dtype == bool
    assert met.index.equals(frame.index)
    assert met.tolist() == expected
    assert [condition.is_met_by(row) for row in rows] == expected


def test_a_missing_value_meets_nothing_not_even_the_opposite() -> None:
    frame = pd.DataFrame({"mrr": [np.nan, 5.0, 50.0]}, index=["missing", "low", "high"])
    for text, expected in {
        "mrr >= 10": [False, False, True],
        "not mrr >= 10": [False, True, False],
        "mrr >= 10 or not mrr >= 10": [False, True, True],
        "mrr is null": [True, False, False],
        "mrr >= 10 or mrr is null": [True, False, True],
        "not (mrr >= 10 and mrr is null)": [False, True, True],
    }.items():
        condition = VectorCondition.read(text, CONTRACT)
        assert condition.meets(frame).tolist() == expected, text
        assert [condition.is_met_by({"mrr": mrr}) for mrr in (None, 5.0, 50.0)] == expected, text
        assert condition.is_met_by({"mrr": math.nan}) is expected[0], text


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
@pytest.mark.parametrize("dtype", ["object", "str", "string", "category"])
def test_text_of_every_dtype(missing: Any, dtype: str) -> None:
    frame = pd.DataFrame({"plan": pd.Series(["entry", missing, "Team"], dtype=dtype)})
    assert VectorCondition.read("plan <> 'entry'", CONTRACT).meets(frame).tolist() == [False, False, True]
    assert VectorCondition.read("plan like '%e%'", CONTRACT).meets(frame).tolist() == [True, False, True]
    assert VectorCondition.read("plan = plan", CONTRACT).meets(frame).tolist() == [True, False, True]


@pytest.mark.parametrize("dtype", ["float64", "object", "Float64", "Int64"])
def test_numbers_of_every_dtype(dtype: str) -> None:
    frame = pd.DataFrame({"orders": pd.Series([3, None, 0], dtype=dtype), "churned": [1.0, 0.0, np.nan]})
    assert VectorCondition.read("orders > 1", CONTRACT).meets(frame).tolist() == [True, False, False]
    assert VectorCondition.read("orders in (0, 3)", CONTRACT).meets(frame).tolist() == [True, False, True]
    assert VectorCondition.read("not churned", CONTRACT).meets(frame).tolist() == [False, True, False]


def test_no_customer_meets_nothing_and_duplicate_ids_keep_their_rows() -> None:
    condition = VectorCondition.read("orders > 1 and plan = 'entry'", CONTRACT)
    assert condition.meets(frame_of([])).tolist() == []
    twice = pd.DataFrame({"orders": [2.0, 1.0], "plan": ["entry", "entry"]}, index=["C1", "C1"])
    assert condition.meets(twice).tolist() == [True, False]
    assert condition.columns == ("orders", "plan")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("mmr > 1", "conditions.late: no column 'mmr' in the vector. Did you mean 'mrr'? Columns are mrr, orders"),
        ("plan = 5", "column 'plan' holds text; compare it with 'text' in single quotes, not 5"),
        ("mrr = 'much'", "column 'mrr' holds a number; compare it with a number without quotes, not 'much'"),
        ("churned = 1", "column 'churned' holds true or false; compare it with true or false, not 1"),
        ("orders in ('a', 'b')", "column 'orders' holds a number; compare it with a number without quotes, not 'a'"),
        ("mrr like '5%'", "column 'mrr' holds a number; compare it with a number without quotes, not '5%'"),
        ("orders", "column 'orders' holds a number; compare it with a number without quotes, not true"),
        ("orders > DATE '2026-01-31'", "not the moment 2026-01-31"),
        ("plan >= 'entry'", ">= needs numbers, and 'plan' holds text"),
        ("churned < is_trial", "< needs numbers, and 'churned' and 'is_trial' hold true or false"),
        ("plan = mrr", "'plan' holds text and 'mrr' a number: they cannot be compared"),
        ("mrr + 1 > 2", "conditions.late: arithmetic is not part of a condition"),
        ("not (orders > 1 or pln is null)", "no column 'pln' in the vector. Did you mean 'plan'?"),
    ],
)
def test_a_condition_that_cannot_be_asked_says_why(text: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        VectorCondition.read(text, CONTRACT, "conditions.late")
    assert sentence in str(refusal.value)


def test_a_pattern_of_many_parts_is_matched_in_little_time() -> None:
    pattern = compiled_pattern("%a" * 30 + "%b")
    assert pattern.fullmatch("a" * 3000) is None
    assert pattern.fullmatch("a" * 3000 + "b")


@pytest.mark.parametrize(("word", "met"), [("or", [True, True]), ("and", [False, False])])
def test_a_long_condition_is_not_nested_deeply(word: str, met: list[bool]) -> None:
    condition = VectorCondition.read(f" {word} ".join(f"orders={number}" for number in range(600)), CONTRACT)
    assert condition.meets(pd.DataFrame({"orders": [0.0, 599.0]})).tolist() == met
    assert [condition.is_met_by({"orders": orders}) for orders in (0.0, 599.0)] == met
