"""Conditions over the rows of raw tables: which rows meet them, and how wrong ones are answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pandas as pd
import pytest

from features.as_of import AsOf
from features.customer_vector import build_vectors
from features.history.table_history import TableHistory, open_history
from features.settings import FeatureSettings, Sources
from features.sources import fetch
from segment_model.errors import SegmentsError

UNTIL = AsOf.at(date(2024, 7, 1), "UTC")


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TableHistory]:
    folder = tmp_path_factory.mktemp("flags")
    terms = {
        "customer_id": ["a", "b", "c", "d"],
        "started_at": pd.to_datetime(["2024-01-01", "2024-02-01", "2024-03-01", "2024-04-01"]),
        "ended_at": pd.to_datetime(["2024-05-01", "2024-08-01", None, None]),
        "mrr": [10.0, 20.0, None, 40.0],
        "trial": [True, False, None, False],
        "plan": ["entry", "pro", None, "Pro"],
        "seats": [1, 5, 5, 9],
    }
    pd.DataFrame(terms).to_parquet(folder / "terms.parquet")
    events = {"customer_id": ["a", "b"], "occurred_at": pd.to_datetime(["2024-01-01", "2024-02-01"])}
    pd.DataFrame({**events, "name": ["login", "export"], "quantity": [1, 30]}).to_parquet(folder / "events.parquet")
    sources = Sources.model_validate({"subscriptions": {"file": "terms.parquet"}, "events": {"file": "events.parquet"}})
    learned = build_vectors(sources, FeatureSettings(), date(2024, 7, 1), folder).learned
    with open_history(sources, FeatureSettings(), UNTIL, folder, learned) as opened:
        yield opened


def meeting(history: TableHistory, condition: str, table: str = "subscriptions") -> str:
    rows = fetch(history.rows(table, UNTIL, {"goals.g.condition": condition}), "rows").to_pylist()
    return "".join(sorted(row["customer_id"] for row in rows if row["goals.g.condition"]))


@pytest.mark.parametrize(
    ("condition", "customers"),
    [
        ("plan = 'pro'", "b"),
        ("plan in ('pro', 'Pro')", "bd"),
        ("plan <> 'pro'", "ad"),  # a missing plan meets nothing
        ("plan is null", "c"),
        ("mrr >= 20 and seats > 1", "bd"),
        ("trial", "a"),
        ("trial = false", "bcd"),  # a missing one is no trial
        ("started_at >= DATE '2024-03-01'", "cd"),
        ("ended_at is null", "bcd"),  # the end in August is not known in July
        ("seats = 5 or mrr = 40", "bcd"),
    ],
)
def test_rows_that_meet_a_condition(history: TableHistory, condition: str, customers: str) -> None:
    assert meeting(history, condition) == customers


def test_columns_that_no_figure_needs_can_stand_in_a_condition(history: TableHistory) -> None:
    assert meeting(history, "quantity > 5 and name = 'export'", "events") == "b"


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ("plam = 'pro'", "goals.g.condition: no column 'plam'. Did you mean 'plan'?"),
        ("plan = 5", "goals.g.condition: 'plan' holds text, not a number; compare it with 'text' in single quotes"),
        ("seats = 'five'", "column 'seats' holds a number; compare it with a number without quotes, not 'five'"),
        ("trial > 0", "compare it with true or false"),
    ],
)
def test_wrong_conditions_say_what_is_wrong(history: TableHistory, condition: str, message: str) -> None:
    with pytest.raises(SegmentsError, match=r"goals\.g\.condition") as error:
        meeting(history, condition)
    assert message in str(error.value)
