"""Customers as people have them, in the types that a model declares; what would lose something is refused by name."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_model.contract import Column, Kind, Role, VectorContract
from segment_model.encoding.declared import as_declared
from segment_model.errors import ContractError, InputError

CONTRACT = VectorContract(
    (
        Column("spend", Kind.NUMBER, unit="USD"),
        Column("seats", Kind.COUNT, nullable=True),
        Column("active", Kind.FLAG),
        Column("plan", Kind.CATEGORY, nullable=True),
        Column("country", Kind.CATEGORY, Role.DESCRIPTOR),
        Column("employees", Kind.COUNT, Role.DESCRIPTOR),
    )
)
PLAIN = pd.DataFrame(
    {
        "spend": [10.0, 25.0],
        "seats": [3.0, np.nan],
        "active": [1.0, 0.0],
        "plan": pd.array(["größer", None], dtype="str"),
    },
    index=["Ünal", "b"],
)


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("spend", pd.array([10, 25], dtype="int64")),
        ("spend", pd.array([10, 25], dtype="uint8")),
        ("spend", pd.array([10, 25], dtype="float32")),
        ("spend", pd.array([10, 25.0], dtype=object)),
        ("spend", pd.array([10, 25], dtype="int64[pyarrow]")),
        ("spend", pd.array([10, 25], dtype="Float32")),
        ("spend", pd.Categorical([10, 25])),
        ("spend", pd.array(["10", " 2.5e1"], dtype="str")),
        ("spend", pd.Categorical(["10", "25.0"])),
        ("spend", pd.array([Decimal("10.0"), 25], dtype=object)),
        ("seats", pd.array([3, None], dtype="Int64")),
        ("seats", pd.array([3, None], dtype="Float64")),
        ("seats", pd.array([3, None], dtype=object)),
        ("active", pd.array([True, False], dtype="bool")),
        ("active", pd.array([True, False], dtype="boolean")),
        ("plan", pd.array(["größer", None], dtype="string")),
        ("plan", pd.array(["größer", None], dtype=object)),
        ("plan", pd.array(["größer", np.nan], dtype=object)),
        ("plan", pd.Categorical(["größer", None], categories=["other", "größer"])),
    ],
    ids=lambda value: str(value.dtype) if hasattr(value, "dtype") else value,
)
def test_every_dtype_comes_out_the_same(column: str, values: Any) -> None:
    plain = as_declared(PLAIN, CONTRACT)
    cast = as_declared(PLAIN.assign(**{column: pd.Series(values, index=PLAIN.index)}), CONTRACT)
    pd.testing.assert_frame_equal(cast, plain)
    assert list(plain.dtypes.astype(str)) == ["float64", "float64", "float64", "object"]
    assert plain.loc["b", "plan"] is None


def test_columns_come_in_the_contracts_order_and_absent_descriptors_stay_absent() -> None:
    turned = PLAIN[["plan", "active", "spend", "seats"]].assign(employees=[5, 6])
    assert list(as_declared(turned, CONTRACT).columns) == ["spend", "seats", "active", "plan", "employees"]


def test_no_rows_are_no_rows() -> None:
    assert as_declared(PLAIN.iloc[:0], CONTRACT).shape == (0, 4)


@given(
    st.lists(st.tuples(st.none() | st.floats(allow_nan=False), st.none() | st.floats(-(2.0**52), 2.0**52)), min_size=1),
    st.permutations(range(3)),
)
def test_values_survive_to_the_bit(values: list[tuple[float | None, float | None]], order: list[int]) -> None:
    """Infinities too: refusing them is the model's own reader's duty."""
    columns = ["spend", "seats", "active", "plan"]
    sent = {
        "spend": [wide for wide, _ in values],
        "seats": [own for _, own in values],
        "active": [w for w, _ in values],
    }
    frame = pd.DataFrame(sent, dtype=object).assign(plan="team")
    cast = as_declared(frame[[columns[i] for i in order] + ["plan"]], CONTRACT)
    for name in columns[:3]:
        assert [None if np.isnan(number) else number for number in cast[name]] == sent[name]


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("spend", ["10", "many"], r"row 1, spend: got 'many', expected a finite number \(USD\)$"),
        ("spend", ["10", "0x19"], r"row 1, spend: got '0x19'"),
        ("spend", ["1,000", "25"], r"row 0, spend: got '1,000'"),
        ("spend", [10, 25 + 1j], r"row 0, spend: got \(10\+0j\).* row 1, spend: got \(25\+1j\)"),
        ("spend", [10, 2**53 + 1], r"row 1, spend: got 9007199254740993, expected a whole number of at most 2\^53"),
        ("spend", pd.array([2**63 - 1, None], dtype="Int64"), r"row 0, spend: got 9223372036854775807"),
        ("spend", ["9007199254740993", "1"], r"row 0, spend: got '9007199254740993'"),
        ("spend", pd.array([2**53 + 1, "1"], dtype=object), r"row 0, spend: got 9007199254740993"),
        ("seats", pd.Categorical([True, False]), r"row 0, seats: got true"),
        ("seats", [3.0, 2.0**53], r"row 1, seats: got 9007199254740992.0, expected a count below 2\^53, from where on"),
        ("seats", pd.array([1e300, "1"], dtype=object), r"row 0, seats: got 1e\+300, expected a count below 2\^53"),
        ("spend", [10.0, {"amount": 3}], r"row 1, spend: got .*\"amount\": 3"),
        ("spend", pd.to_datetime(["2026-01-01", "2026-01-02"]), r"row 0, spend: got 2026-01-01T00:00:00, expected"),
        ("spend", [True, False], r"row 0, spend: got true, expected a finite number \(USD\)"),
        ("spend", pd.array([True, None], dtype=object), r"row 0, spend: got true, expected a finite number \(USD\)"),
        ("plan", [1.5, 2.0], r"row 0, plan: got 1.5, expected text or null"),
        ("plan", [True, False], r"row 0, plan: got true, expected text or null"),
    ],
)
def test_nothing_is_guessed(column: str, values: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        as_declared(PLAIN.assign(**{column: values}), CONTRACT)


def test_whole_numbers_that_doubles_hold_keep_their_digits() -> None:
    large = PLAIN.assign(spend=[2**53, 2**60], seats=[2**54, 3], plan=[7, 8])
    cast = as_declared(large, CONTRACT)
    assert [int(spend) for spend in cast["spend"]] == [2**53, 2**60]
    assert [int(seats) for seats in cast["seats"]] == [2**54, 3]
    assert [*cast["plan"]] == ["7", "8"]
    measured = PLAIN.assign(spend=[2.0**53, 1e300])
    assert [*as_declared(measured, CONTRACT)["spend"]] == [2.0**53, 1e300]


def test_every_form_of_customers_is_the_same_frame() -> None:
    plain = as_declared(PLAIN.reset_index(drop=True), CONTRACT)
    rows = [{**row, "seats": None if pd.isna(row["seats"]) else row["seats"]} for row in plain.to_dict("records")]
    columns = {name: [row[name] for row in rows] for name in plain.columns}
    for customers in (rows, columns, pl.DataFrame(columns, strict=False)):
        pd.testing.assert_frame_equal(as_declared(customers, CONTRACT), plain)
    pd.testing.assert_frame_equal(as_declared(rows[0], CONTRACT), plain.iloc[:1])


def test_columns_of_a_dict_are_equally_long() -> None:
    with pytest.raises(ContractError, match=r"a list of one value a customer .* got lists of 2 \(spend\), 1 \(plan\)"):
        as_declared({"spend": [1.0, 2.0], "plan": ["pro"]}, CONTRACT)


def test_lists_in_cells_are_named() -> None:
    columns = PLAIN.to_dict("list")
    with pytest.raises(InputError, match=r'row 0, plan: got \["pro"\], expected text'):
        as_declared({**columns, "plan": [["pro"], ["pro", "team"]]}, CONTRACT)


def test_absent_unknown_and_doubled_columns_are_named() -> None:
    with pytest.raises(ContractError, match=r"- seats \(missing: .*\+ seat \(unknown. Did you mean 'seats'"):
        as_declared(PLAIN.rename(columns={"seats": "seat"}), CONTRACT)
    with pytest.raises(ContractError, match="more than once: spend"):
        as_declared(pd.concat([PLAIN, PLAIN[["spend"]]], axis="columns"), CONTRACT)
