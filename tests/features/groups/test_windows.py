"""Windows of days: what lies before them counts for neither numbers nor sums, and still says when it was."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.customer_vector import build_vectors
from features.settings import FeatureSettings, Sources

AS_OF = date(2024, 7, 1)


def vectors(folder: Path, frame: pd.DataFrame, table: str, settings: dict[str, Any]) -> pd.DataFrame:
    frame.to_parquet(folder / f"{table}.parquet", index=False)
    sources = Sources.model_validate({table: {"file": f"{table}.parquet"}})
    return build_vectors(sources, FeatureSettings.model_validate(settings), AS_OF, folder).frame


def test_orders_within_thirty_days(tmp_path: Path) -> None:
    """30 days before 1 July begin with 1 June."""
    rows = [
        ("old", "2024-01-01", "O1", 7.0, 1.0),
        ("old", "2024-05-31 23:59:59", "O2", 9.0, 1.0),
        ("both", "2024-05-01", "O3", 100.0, 0.0),
        ("both", "2024-06-01", "O4", 10.0, 2.0),
        ("both", "2024-06-11", "O5", 20.0, 3.0),
        ("new", "2024-06-30 23:59:59", "O6", 5.0, 0.0),
    ]
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "order_id", "amount", "discount"])
    frame["ordered_at"] = pd.to_datetime(frame.ordered_at, format="ISO8601")
    made = vectors(tmp_path, frame, "orders", {"rfm": {"window_days": 30, "scores": False}})
    assert made.frequency.to_dict() == {"old": 0.0, "both": 2.0, "new": 1.0}
    assert made.monetary_value.to_dict() == {"old": 0.0, "both": 30.0, "new": 5.0}
    assert made.average_order_value.dropna().to_dict() == {"both": 15.0, "new": 5.0}
    assert made.discount_share.to_dict() == {"old": 0.0, "both": 5 / 35, "new": 0.0}
    assert made.recency_days.to_dict() == {"old": 31.0, "both": 20.0, "new": 1.0}, "recency looks at all orders"
    assert made.tenure_days.to_dict() == {"old": 182.0, "both": 61.0, "new": 1.0}
    assert made.days_between_orders.dropna().to_dict() == {"both": 10.0}


def test_events_within_thirty_days(tmp_path: Path) -> None:
    rows = [
        ("a", "2024-01-01", "login"),
        ("a", "2024-06-01", "login"),
        ("a", "2024-06-30", "buy"),
        ("b", "2024-05-31", "buy"),
    ]
    frame = pd.DataFrame(rows, columns=["customer_id", "occurred_at", "name"])
    frame["occurred_at"] = pd.to_datetime(frame.occurred_at)
    made = vectors(tmp_path, frame, "events", {"usage": {"window_days": 30, "counts": ["login", "buy"]}})
    assert made.events.to_dict() == {"a": 2.0, "b": 0.0}
    assert made.login_count.to_dict() == {"a": 1.0, "b": 0.0}
    assert made.buy_count.to_dict() == {"a": 1.0, "b": 0.0}
    assert made.days_since_last_event.to_dict() == {"a": 1.0, "b": 31.0}
    assert made.active_days_90.to_dict() == {"a": 2.0, "b": 1.0}, "a column of its own window keeps it"


def test_a_window_longer_than_the_data_changes_nothing(tmp_path: Path, case_folder: Path) -> None:
    frame = pd.read_parquet(case_folder / "orders.parquet")
    for refunds in ("dropped", "netted", "kept"):
        rfm = {"refunds": refunds}
        wide = vectors(tmp_path, frame, "orders", {"rfm": {**rfm, "window_days": 5000}})
        pd.testing.assert_frame_equal(wide, vectors(tmp_path, frame, "orders", {"rfm": rfm}))


def test_descriptions_name_the_window() -> None:
    from features.catalogue import every_column

    settings = FeatureSettings.model_validate({"rfm": {"window_days": 365}, "usage": {"window_days": 90}})
    described = {column.name: column.description for column in every_column(settings)}
    assert described["monetary_value"].endswith("in the last 365 days")
    assert described["frequency"] == "number of orders, in the last 365 days"
    assert described["events"] == "number of events, in the last 90 days"
    assert "365" not in described["recency_days"]


@pytest.mark.parametrize("days", [0, -1, 1.5, True])
def test_a_window_is_a_whole_number_of_days(days: object) -> None:
    with pytest.raises(ValueError, match="window_days"):
        FeatureSettings.model_validate({"rfm": {"window_days": days}})


def test_nobody_within_the_window(tmp_path: Path) -> None:
    frame = pd.DataFrame({"customer_id": ["a"], "ordered_at": pd.to_datetime(["2024-01-01"]), "amount": [3.0]})
    made = vectors(tmp_path, frame, "orders", {"rfm": {"window_days": 1, "scores": False}}).loc["a"]
    assert (made.frequency, made.monetary_value, made.recency_days) == (0.0, 0.0, 182.0)
    assert math.isnan(made.average_order_value)
