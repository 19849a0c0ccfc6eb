"""Kinds of columns from their values: what a person would say, and left out what says nothing of a customer."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.own_vectors.column_look import facts_of
from features.own_vectors.writing import Writing
from segment_model.contract import Kind
from segment_model.inference.kind_inference import (
    CONSTANT,
    DATE,
    FREE_TEXT,
    ID,
    MARKED,
    NO_VALUE,
    OTHER_TYPE,
    UNITS,
    ColumnFacts,
    LeftOut,
    infer_kind,
)


def facts(values: list[Any], kind: pa.DataType | None = None, **writing: Any) -> ColumnFacts:
    return facts_of(pa.chunked_array([pa.array(values, kind)]), Writing(**writing))


def inferred(values: list[Any], name: str = "column", kind: pa.DataType | None = None, **writing: Any) -> Any:
    return infer_kind(name, facts(values, kind, **writing))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([True, False, None], Kind.FLAG),
        ([0, 1, 1], Kind.FLAG),
        ([0.0, 1.0, None], Kind.FLAG),
        (["yes", "No", "", None], Kind.FLAG),
        (["Y", "N", "N/A"], Kind.FLAG),
        (["1.0", "0.0"], Kind.FLAG),
        (["t", "f"], Kind.FLAG),
        ([0, 1, 2], Kind.COUNT),
        ([3.0, 7.0, None, float("nan"), float("inf")], Kind.COUNT),
        (["3", " 12 ", "1e2", "\u00a07"], Kind.COUNT),
        ([Decimal("4"), Decimal("5")], Kind.COUNT),
        ([-1, 4], Kind.NUMBER),
        ([1.5, 2.0], Kind.NUMBER),
        ([Decimal("4.25"), Decimal("5")], Kind.NUMBER),
        (["1.5", "", "(2.0)"], Kind.NUMBER),
        (["1 234.5", "7"], Kind.NUMBER),
        (["1.234,56", "7,5"], Kind.NUMBER),
        (["1,234", "17,000"], Kind.COUNT),
        (["0,05", "0,5", "0,33", "0,99"], Kind.SHARE),
        ([0.0, 0.25, 0.5, 0.75, 1.0], Kind.SHARE),
        (["0.05", "0.5", "0.33", "0.99"], Kind.SHARE),
        ([0.31, 0.35, 0.4, 0.52], Kind.NUMBER),  # as well heights or prices as shares
        ([0.2, 1.2, 0.9, 0.1], Kind.NUMBER),
        ([0.0, 0.5, 1.0], Kind.NUMBER),
        (["retail", "software", "retail"], Kind.CATEGORY),
        (["M", "F", "F"], Kind.CATEGORY),  # `f` alone would be a flag
        (["yes", "no", "no internet"], Kind.CATEGORY),
        (["01234", "99999"], Kind.CATEGORY),  # codes keep their zeros
        (["None", "gold", "tin"], Kind.CATEGORY),
        ([], NO_VALUE),
        ([None, float("nan")], NO_VALUE),
        (["", " ", "NULL", "n/a"], NO_VALUE),
        ([11, 11, None], MARKED),
        (["x"] * 4, CONSTANT),
        (["2026-06-29", "2026-06-30 10:00"], DATE),
        (["29/06/2026", "1/2/26"], DATE),
        (["29 Jun 2026", "1 July 2026"], DATE),
        ([datetime(2026, 1, 1), datetime(2026, 1, 2)], DATE),
        ([date(2026, 1, 1), None], DATE),
        ([time(10), time(11)], DATE),
        ([timedelta(1), timedelta(2)], DATE),
        ([20260629, 20251231], DATE),
        ([[1], [2]], OTHER_TYPE),
        ([b"a", b"b"], OTHER_TYPE),
        ([f"name {n}" for n in range(100)], ID),
        ([f"remark {n // 2 if n < 60 else n}" for n in range(100)], FREE_TEXT),
        ([f"{n}%" for n in range(100)], UNITS),
        ([f"$ {n}.50" for n in range(100)], UNITS),
        ([f"EUR {n},50" for n in range(100)], UNITS),
        ([f"K-{n}" for n in range(100)], ID),
        ([f"town {n % 40}" for n in range(100)], Kind.CATEGORY),
        (list(range(7, 107)), ID),
        ([str(n) for n in range(30)], ID),
        ([1234567890123456789, 1234567890123456790], ID),
    ],
)
def test_the_kind_of_a_column(values: list[Any], expected: Kind | LeftOut) -> None:
    assert inferred(values) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ID#", ID), ("Member id", ID), ("customerId", ID), ("sequence_number", ID), ("Seq#", ID), ("Unnamed: 0", ID),
        ("", ID), ("paid", Kind.COUNT), ("No. of Brands", Kind.COUNT), ("Idle days", Kind.COUNT),
    ],
)  # fmt: skip
def test_whole_numbers_that_all_differ_are_an_id_by_their_name(name: str, expected: Kind | LeftOut) -> None:
    assert inferred([25, 29, 46, 90], name) == expected
    assert inferred([25, 25, 46, 90], name) == Kind.COUNT


@pytest.mark.parametrize("name", ["PURCHASES_FREQUENCY", "churn rate", "PrcFullPayment", "share_of_wallet"])
def test_narrow_fractions_are_shares_by_their_name(name: str) -> None:
    assert inferred([0.31, 0.35, 0.4, 0.52], name) == Kind.SHARE
    assert inferred([0.31, 0.35, 1.4, 0.52], name) == Kind.NUMBER


def test_the_writing_of_a_table_is_used() -> None:
    assert inferred(["1.234,5", "0,5", "unknown"], decimal=",", null_words=frozenset({"unknown"})) == Kind.NUMBER
    assert facts(["1.234", "2.000"], decimal=",").example == "1.234"
    assert inferred(["1.234", "2.000"], decimal=",") == Kind.COUNT
    words = {"true_words": frozenset({"ja"}), "false_words": frozenset({"nein"})}
    assert inferred(["Ja", "nein"], **words) == Kind.FLAG
    assert inferred(["Ja", "no"], **words) == Kind.CATEGORY


def test_a_column_that_is_nearly_of_numbers_names_what_is_none() -> None:
    near = facts([*(str(number) for number in range(40)), "unknown", "?"])
    assert (near.numbers, near.no_numbers) == (None, ("unknown", "?"))
    assert facts(["a", "b", "3"]).no_numbers == ()
    assert facts(["1", "2"]).no_numbers == ()


def test_one_value_alone_is_no_feature() -> None:
    assert inferred([5]) == CONSTANT
    assert inferred(["x"]) == CONSTANT


@pytest.mark.parametrize("kind", [pa.int8(), pa.uint64(), pa.float32(), pa.decimal128(12, 2)])
def test_every_width_of_number(kind: pa.DataType) -> None:
    assert inferred([3, 5, 9], kind=kind) == Kind.COUNT


def test_enumerations_of_parquet_and_large_text() -> None:
    words = pa.array(["a", "b", None, "a"])
    assert infer_kind("x", facts_of(pa.chunked_array([words.dictionary_encode()]), Writing())) == Kind.CATEGORY
    assert inferred(["a", "b"], kind=pa.large_string()) == Kind.CATEGORY
    assert inferred([None, None], kind=pa.null()) == NO_VALUE


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=1, max_size=30))
def test_text_has_the_kind_of_the_numbers_that_it_writes(numbers: list[float]) -> None:
    plain = [float(np.float32(number)) for number in numbers]
    typed, text = facts(plain), facts([repr(number) for number in plain])
    assert (typed.known, typed.distinct) == (text.known, text.distinct)
    assert infer_kind("x", typed) == infer_kind("x", text)


@pytest.mark.parametrize("few", [["N/A"] * 3, []])
def test_numbers_with_a_unit_are_no_levels_however_often_each_comes(few: list[str]) -> None:
    """A CRM's thousands, and percents that many share: of categories of them, each would be a level of its own."""
    assert inferred([*(f"{n % 90}.{n % 7}k" for n in range(3_000)), *few]) == UNITS
    assert inferred([*(f"{n % 30}%" for n in range(3_000)), *few]) == UNITS
    assert inferred([*(f"{10 * (n % 5)}%" for n in range(3_000)), *few]) == Kind.CATEGORY
