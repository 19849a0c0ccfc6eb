"""Numbers that stand for a missing value: those of known data sets are told, and honest numbers are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.customer_vector import build_vectors
from features.own_vectors.lone_numbers import LoneNumber, lone_number
from features.settings import FeatureSettings, Sources

rng = np.random.default_rng(0)
AGES = np.floor(rng.uniform(18, 90, 500))
AMOUNTS = rng.lognormal(5, 1, 500)


def with_number(numbers: np.ndarray, number: float, customers: int) -> np.ndarray:
    return np.concatenate([numbers, np.full(customers, number)])


@pytest.mark.parametrize("number", [999.0, 9999.0, -999.0, -1.0])
def test_a_number_far_from_all_ages_or_below_zero_alone(number: float) -> None:
    assert lone_number(with_number(AGES, number, 20)) == LoneNumber(number, 20 / 520, AGES.min(), AGES.max())


def test_days_employed_of_pensioners_in_a_public_table() -> None:
    days = -np.floor(rng.uniform(17, 15_713, 500))
    lone = lone_number(with_number(days, 365_243.0, 100))
    assert lone is not None
    assert (lone.number, lone.share) == (365_243.0, 100 / 600)


def test_most_customers_may_have_it() -> None:
    """As the days since the last contact in a bank's campaign: 999 for those who were never called."""
    assert lone_number(with_number(np.arange(27.0), 999.0, 900)) is not None


@pytest.mark.parametrize(
    "numbers",
    [
        with_number(AMOUNTS, 0.0, 100),  # who bought nothing
        with_number(AMOUNTS + 1e4, 0.0, 100),
        with_number(AGES, 999.0, 2),  # two people of their own
        np.minimum(AMOUNTS, 400.0),  # capped: many at the end of the range, not beyond it
        np.concatenate([AMOUNTS - 150, np.full(30, -200.0)]),  # one of many below zero
        np.array([-1.0, 0.0, 1.0] * 50),  # a mood
        np.full(50, 999.0),
        np.full(50, np.nan),
        np.array([]),
    ],
    ids=["zero", "zero far away", "few", "capped", "debts", "levels", "one value", "missing", "empty"],
)
def test_honest_numbers(numbers: np.ndarray) -> None:
    assert lone_number(numbers) is None


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_it_is_told_and_the_advice_makes_it_missing(tmp_path: Path, ending: str) -> None:
    table = pd.DataFrame(
        {"customer_id": [f"c{n}" for n in range(60)], "age": [20 + n % 41 for n in range(60)], "use": 1.5}
    )
    table["use"] *= np.arange(60)
    table.loc[::6, "age"] = 999
    table.to_csv(tmp_path / "own.csv", index=False)
    table.to_parquet(tmp_path / "own.parquet", index=False)
    source = {"file": f"own.{ending}"}
    vectors = build_vectors(Sources.model_validate({"vectors": source}), FeatureSettings(), None, tmp_path)
    lines = [notice.line for notice in vectors.notices if "999" in notice.line]
    assert lines == [
        "warning: vectors: 'age' is 999 for 17 % of the customers, and from 20 to 60 for all others: where it stands "
        "for a missing value, write `null_values: {'age': ['999']}`"
    ]
    hidden = {**source, "sensitive": ["age"]}
    vectors = build_vectors(Sources.model_validate({"vectors": hidden}), FeatureSettings(), None, tmp_path)
    assert not [notice for notice in vectors.notices if "999" in notice.text], (
        "a report shows warnings, and no such column"
    )
    mended = {**source, "null_values": {"age": ["999"]}}
    vectors = build_vectors(Sources.model_validate({"vectors": mended}), FeatureSettings(), None, tmp_path)
    assert vectors.frame["age"].isna().sum() == 10
    assert not [notice for notice in vectors.notices if "999" in notice.text]


def test_an_attribute_is_told_under_its_own_name(tmp_path: Path) -> None:
    customers = pd.DataFrame({"id": range(60), "Staff": [-1 if n % 6 == 0 else n for n in range(60)]})
    customers.to_csv(tmp_path / "customers.csv", index=False)
    days = [f"2026-03-{1 + n % 28:02d}" for n in range(60)]
    pd.DataFrame({"customer_id": range(60), "ordered_at": days, "amount": 5.0}).to_csv(tmp_path / "o.csv", index=False)
    sources = {
        "orders": {"file": "o.csv"},
        "customers": {
            "file": "customers.csv",
            "columns": {"customer_id": "id"},
            "attributes": {"staff": {"kind": "number", "column": "Staff"}},
        },
    }
    as_of = pd.Timestamp("2026-04-01").date()
    vectors = build_vectors(Sources.model_validate(sources), FeatureSettings(), as_of, tmp_path)
    assert any(
        n.table == "customers" and n.text.startswith("'Staff' is -1 for 17 % of the customers") for n in vectors.notices
    )
