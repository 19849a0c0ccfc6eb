"""Usage columns of customers small enough to count by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

AS_OF = date(2024, 6, 1)


def event(customer: str, days_ago: int, minute: int = 0, **more: Any) -> dict[str, Any]:
    """An event `days_ago` whole days before the last day that counts."""
    at = datetime(2024, 5, 31, 9) - timedelta(days=days_ago) + timedelta(minutes=minute)
    return {"customer_id": customer, "occurred_at": at, **more}


def test_windows_end_with_the_last_day(build: Any) -> None:
    frame = build({"events": pd.DataFrame([event("a", days) for days in (0, 6, 7, 29, 30, 59, 89, 90)])}, AS_OF).frame
    a = frame.loc["a"]
    assert (a.active_days_7, a.active_days_30, a.active_days_90, a.events) == (2, 4, 7, 8)
    assert a.days_since_last_event == 1  # as in recency: the as-of day minus the day of the last event
    assert a.usage_trend == pytest.approx((4 - 2) / 6)
    assert a.events_per_active_day == 1


def test_breadth_share_and_device(build: Any) -> None:
    rows = [
        event("a", 1, i, feature=f, device=d) for i, (f, d) in enumerate([("x", "phone"), ("x", "phone"), ("y", "pc")])
    ]
    rows += [event("a", 2, feature=None, device="pc"), event("a", 95, feature="z", device="pc")]
    rows += [event("b", 100, feature="x", device="pc")]
    frame = build({"events": pd.DataFrame(rows)}, AS_OF).frame
    assert frame.features_used.to_dict() == {"a": 2, "b": 0}
    assert frame.top_feature_share["a"] == pytest.approx(2 / 3)
    assert pd.isna(frame.top_feature_share["b"])
    assert frame.main_device["a"] == "pc"  # two and two in 90 days; the desktop was used last
    assert pd.isna(frame.main_device["b"])
    assert frame.events_per_active_day.to_dict() == {"a": 2.0, "b": 0.0}


@pytest.mark.parametrize(("gap", "sessions"), [(30, 3), (31, 2), (1439, 2)])
def test_a_longer_silence_than_the_gap_starts_a_session(build: Any, gap: int, sessions: int) -> None:
    rows = [event("a", 3), event("a", 1, 0), event("a", 1, 30), event("a", 1, 61)]
    vectors = build({"events": pd.DataFrame(rows)}, AS_OF, {"usage": {"session_gap_minutes": gap}})
    assert vectors.frame.sessions_30["a"] == sessions


def test_limit_use(build: Any) -> None:
    rows = [event("a", 1, quantity=30.0, allowed=100.0), event("a", 2, quantity=None, allowed=100.0)]
    rows += [event("a", 40, quantity=90.0, allowed=200.0), event("b", 50, quantity=5.0, allowed=10.0)]
    rows += [event("c", 1, quantity=5.0, allowed=None), event("d", 1, quantity=5.0, allowed=0.0)]
    frame = build({"events": pd.DataFrame(rows)}, AS_OF).frame
    assert frame.limit_use[["a", "b"]].tolist() == [0.31, 0.0]
    assert frame.limit_use[["c", "d"]].isna().all()


def test_without_events_counts_are_zero_and_the_rest_is_missing(build: Any) -> None:
    orders = pd.DataFrame({"customer_id": ["z"], "ordered_at": [datetime(2024, 1, 1)], "amount": [3.0]})
    rows = pd.DataFrame([event("a", 1, feature="x")])
    frame = build({"events": rows, "orders": orders}, AS_OF, {"ids": {"allow_disjoint": True}}).frame
    z = frame.loc["z"]
    assert (z.events, z.active_days_30, z.usage_trend, z.features_used, z.sessions_30) == (0, 0, 0, 0, 0)
    assert pd.isna(z.days_since_last_event)
    assert frame.loc["a", "frequency"] == 0
    assert pd.isna(frame.loc["a", "recency_days"])


def test_no_basis_of_usage_can_be_missing_but_the_limit(build: Any) -> None:
    contract = build({"events": pd.DataFrame([event("a", 1, feature="x", allowed=3.0)])}, AS_OF).contract
    assert [column.name for column in contract.basis if column.nullable] == ["limit_use"]
