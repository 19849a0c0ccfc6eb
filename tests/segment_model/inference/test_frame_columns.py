"""The contract of a frame: kinds, roles and missing values read off any library's frame, and what is left out told."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from segment_model.contract import Kind, Role, VectorContract
from segment_model.errors import ContractError
from segment_model.inference.frame_columns import ColumnsLeftOutWarning

ROWS = 60


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """A column of each kind."""
    generator = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "spend": np.where(np.arange(ROWS) % 7 == 0, np.nan, generator.normal(50, 9, ROWS)),
            "orders": generator.poisson(4, ROWS),
            "discount share": generator.random(ROWS),
            "vip": generator.random(ROWS) < 0.3,
            "plan": pd.array([None, "pro", "free"] * 20, dtype="str"),
        }
    )


def forms(frame: pd.DataFrame) -> dict[str, Any]:
    table = pa.Table.from_pandas(frame)
    return {
        "pandas": frame,
        "categories": frame.astype({"plan": "category", "orders": "Int64", "spend": "Float32"}),
        "polars": pl.from_pandas(frame),
        "lazy": pl.from_pandas(frame).lazy(),
        "Arrow": table,
        "views": table.set_column(4, "plan", table["plan"].cast(pa.string_view())),
    }


@pytest.mark.parametrize("form", ["pandas", "categories", "polars", "lazy", "Arrow", "views"])
def test_kinds_roles_and_missing_values_are_read_off_any_frame(form: str, frame: pd.DataFrame) -> None:
    contract = VectorContract.from_frame(forms(frame)[form], ["spend", "orders", "plan"], units={"spend": "EUR"})
    assert [(c.name, c.kind, c.role, c.nullable, c.unit) for c in contract.columns] == [
        ("spend", Kind.NUMBER, Role.BASIS, True, "EUR"),
        ("orders", Kind.COUNT, Role.BASIS, False, ""),
        ("discount share", Kind.SHARE, Role.DESCRIPTOR, False, ""),
        ("vip", Kind.FLAG, Role.DESCRIPTOR, False, ""),
        ("plan", Kind.CATEGORY, Role.BASIS, True, ""),
    ]
    assert "kind inferred from the values" in repr(contract)


def test_a_named_kind_is_taken_and_nothing_said_of_it(frame: pd.DataFrame) -> None:
    contract = VectorContract.from_frame(frame, kinds={"orders": "category", "spend": Kind.COUNT})
    assert [contract[name].kind for name in ("orders", "spend")] == [Kind.CATEGORY, Kind.COUNT]
    assert contract["orders"].description == ""
    assert contract.basis == contract.columns


def test_ids_are_no_column_and_what_is_no_feature_is_named(frame: pd.DataFrame) -> None:
    more = frame.assign(
        customer_id=[f"C{row}" for row in range(ROWS)],
        since=pd.Timestamp("2026-01-01"),
        note=[f"text number {row}" for row in range(ROWS)],
        price=[Decimal("1.50"), Decimal("2.25")] * 30,
    )
    with pytest.warns(ColumnsLeftOutWarning, match=r"'since' \(a date: .*'note' \(an id.* name its kind") as caught:
        contract = VectorContract.from_frame(more)
    assert contract.names == (*frame.columns, "price")
    assert contract["price"].kind is Kind.NUMBER
    assert caught[0].filename == __file__


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"basis": "spend"}, r"write basis=\['spend'\]"),
        ({"basis": []}, "basis names no column"),
        ({"basis": 3}, "basis is a list of columns, such as .* got int"),
        ({"basis": {"spend": 1}}, "basis is a list of columns, such as .* got dict"),
        ({"basis": ["spent"]}, "no column 'spent'. Did you mean 'spend'"),
        ({"basis": [None]}, "no column null"),
        ({"basis": ["spend", "orders", "spend"]}, "basis names 'spend' twice; name each column once"),
        ({"kinds": ["spend"]}, "kinds is a dict by column; got list"),
        ({"units": "EUR"}, "units is a dict by column; got str"),
        ({"basis": ["since"]}, "'since' cannot be a feature .*a date.*leave it out, or name its kind"),
        ({"kinds": {"spend": "money"}}, "kinds: 'spend' is 'money'; expected number, count, share, flag, category"),
        ({"kinds": {"spent": "number"}}, "kinds: no column 'spent'"),
        (
            {"kinds": {"since": "number"}},
            r"kinds: 'since' \(timestamp\[\w+\]\) cannot be a number; it is a date: write the",
        ),
        ({"kinds": {"tags": "category"}}, "'tags' .*cannot be a category; it is neither numbers nor text"),
        ({"units": {"order": "pieces"}}, "units: no column 'order'. Did you mean 'orders'"),
        ({"customer_id": "who"}, "no column 'who' for the ids"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(options: dict[str, Any], words: str, frame: pd.DataFrame) -> None:
    with pytest.raises(ContractError, match=words):
        VectorContract.from_frame(frame.assign(since=pd.Timestamp("2026-01-01"), tags=[["a", "b"]] * ROWS), **options)


@pytest.mark.parametrize("basis", [None, ["spend"]])
def test_a_frame_without_rows_is_refused(basis: list[str] | None, frame: pd.DataFrame) -> None:
    with pytest.raises(ContractError, match=r"the frame has no rows.*pass the customers, or write the contract"):
        VectorContract.from_frame(frame.head(0), basis)


@pytest.mark.parametrize(
    ("rows", "reasons"),
    [
        ([{"spend": 1.5, "plan": "pro"}], r"'spend' \(the same for everyone\), 'plan' \(the same for everyone\)"),
        ([{"spend": 1.5, "plan": "pro"}] * 30, r"'spend' \(the same for everyone\), 'plan' \(the same"),
        ([{"spend": None, "plan": None}] * 30, r"'spend' \(without a value\), 'plan' \(without a value\)"),
    ],
    ids=["one row", "identical rows", "all null"],
)
def test_a_frame_of_which_no_column_is_a_feature_is_refused(rows: list[dict[str, Any]], reasons: str) -> None:
    with pytest.raises(ContractError, match=f"^no column of the frame can be a feature: {reasons}.*name its kind: kin"):
        VectorContract.from_frame(pd.DataFrame(rows))
    first = next(iter(rows[0]))
    named = VectorContract.from_frame(pd.DataFrame(rows)[[first]], kinds={first: "number"})  # the remedy
    assert named.names == (first,)


def test_ids_alone_are_no_contract() -> None:
    with pytest.raises(ContractError, match="the frame has no column besides the ids; add a column for each feature"):
        VectorContract.from_frame(pd.DataFrame({"customer_id": [1, 2, 3]}))
