from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.versions.signature import as_declared, signature_of
from segment_model.contract import Column, Kind, Role, VectorContract
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


def test_numbers_are_doubles_and_categories_strings() -> None:
    signature = signature_of(CONTRACT)
    inputs = json.loads(signature.to_dict()["inputs"])
    assert [(column["name"], column["type"], column["required"]) for column in inputs] == [
        ("spend", "double", True),
        ("seats", "double", False),
        ("active", "double", True),
        ("plan", "string", False),
        ("country", "string", False),
        ("employees", "double", False),
    ]
    outputs = [column["name"] for column in json.loads(signature.to_dict()["outputs"])]
    assert outputs[:7] == [
        "segment_id", "segment_name", "strength", "runner_up_id", "unassigned", "novel", "model_version",
    ]  # fmt: skip
    assert outputs[7:] == [
        "base", "score", "contribution__spend", "contribution__seats", "contribution__active", "contribution__plan",
    ]  # fmt: skip
    assert json.loads(signature.to_dict()["params"])[0]["default"] is False


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("spend", pd.array([10, 25], dtype="int64")),
        ("spend", pd.array([10, 25], dtype="uint8")),
        ("spend", pd.array([10, 25], dtype="float32")),
        ("spend", pd.array([10, 25.0], dtype=object)),
        ("spend", pd.array([10, 25], dtype="int64[pyarrow]")),
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


@given(st.lists(st.none() | st.floats(allow_nan=False), min_size=1), st.permutations(range(3)))
def test_values_survive_to_the_bit(values: list[float | None], order: list[int]) -> None:
    """Infinities too: refusing them is the model's own reader's duty."""
    columns = ["spend", "seats", "active", "plan"]
    frame = pd.DataFrame(dict.fromkeys(columns[:3], values), dtype=object).assign(plan="team")
    cast = as_declared(frame[[columns[i] for i in order] + ["plan"]], CONTRACT)
    for name in columns[:3]:
        assert [None if np.isnan(x) else x for x in cast[name]] == values


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("spend", ["10", "25"], r"row 0, spend: got '10', expected a finite number \(USD\)"),
        ("spend", [10.0, {"amount": 3}], r"row 1, spend: got .*\"amount\": 3"),
        ("spend", pd.to_datetime(["2026-01-01", "2026-01-02"]), r"row 0, spend: got 2026-01-01T00:00:00, expected"),
        ("spend", [True, False], r"row 0, spend: got true, expected a finite number \(USD\)"),
        ("spend", pd.array([True, None], dtype=object), r"row 0, spend: got true, expected a finite number \(USD\)"),
        ("plan", [1, 2], r"row 0, plan: got 1, expected text or null"),
        ("plan", pd.Categorical([1, 2]), r"row 0, plan: got 1"),
    ],
)
def test_nothing_is_guessed(column: str, values: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        as_declared(PLAIN.assign(**{column: values}), CONTRACT)


def test_absent_unknown_and_doubled_columns_are_named() -> None:
    with pytest.raises(ContractError, match=r"- seats \(missing: .*\+ seat \(unknown. Did you mean 'seats'"):
        as_declared(PLAIN.rename(columns={"seats": "seat"}), CONTRACT)
    with pytest.raises(ContractError, match="more than once: spend"):
        as_declared(pd.concat([PLAIN, PLAIN[["spend"]]], axis="columns"), CONTRACT)
