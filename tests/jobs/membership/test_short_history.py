"""Month ends have a short history where sums that shape the segments reach less far back than in the training."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from analytics.month_ends import MonthEnds
from features.settings import FeatureSettings
from jobs.membership.short_history import months_of_short_history
from segment_model.contract import Column, Kind, Role, VectorContract

TRAINED = datetime(2026, 1, 1)
ENDS = MonthEnds.before(TRAINED, 12)


def short_history(oldest: dict[str, datetime], *basis: str, **settings: Any) -> dict[int, str]:
    listed = [Column(name, Kind.COUNT) for name in basis]
    if "events" not in basis:
        listed.append(Column("events", Kind.COUNT, Role.DESCRIPTOR))
    contract = VectorContract(tuple(listed))
    return months_of_short_history(ENDS, oldest, TRAINED, FeatureSettings.model_validate(settings), contract)


def test_orders_summed_since_the_data_began_a_year_ago() -> None:
    """365 days in training; 329 of them are enough, so that 1 December, of 334 days, is the first to compare with."""
    months = short_history({"orders": datetime(2025, 1, 1)}, "frequency")
    assert set(months) == set(range(11))
    assert months[1] == (
        "at the end of 2025-01 orders reach back 31 days, and the segments were made of 365 days; "
        "features.rfm.window_days makes sums over a window, which can be compared"
    )


def test_a_window_makes_months_comparable_as_soon_as_it_is_full() -> None:
    months = short_history({"orders": datetime(2025, 1, 1)}, "frequency", rfm={"window_days": 90})
    assert [ENDS.dates[position] for position in months] == [date(2025, month, 1) for month in (1, 2, 3)]
    assert "window" not in months[0]


@pytest.mark.parametrize(
    ("table", "basis", "expected"),
    [
        ("orders", ("recency_days", "tenure_days"), set()),
        ("events", ("active_days_30",), {0}),
        ("events", ("active_days_30", "events_per_active_day"), {0, 1, 2}),
        ("events", ("events",), set(range(11))),
        ("subscriptions", ("mrr", "subscription_tenure_days"), set()),
        ("subscriptions", ("mrr_change_90_days",), {0, 1, 2}),
    ],
)
def test_only_what_shapes_the_segments_needs_history(table: str, basis: tuple[str, ...], expected: set[int]) -> None:
    assert set(short_history({table: datetime(2025, 1, 1)}, *basis)) == expected


def test_features_and_counts_of_ones_own_are_sums() -> None:
    own = {
        "refunds": {
            "table": "orders",
            "expression": "count(amount)",
            "kind": "count",
            "role": "basis",
        }
    }
    assert len(short_history({"orders": datetime(2025, 1, 1)}, "refunds", own=own)) == 11
    assert len(short_history({"events": datetime(2025, 1, 1)}, "buy_count", usage={"counts": ["buy"]})) == 11
    assert (
        len(short_history({"events": datetime(2025, 1, 1)}, "buy_count", usage={"counts": ["buy"], "window_days": 30}))
        == 1
    )


def test_long_histories_are_as_good_as_the_training_s() -> None:
    assert set(short_history({"orders": datetime(2010, 1, 1)}, "frequency")) == set()
    assert short_history({}, "frequency") == {}
    assert set(short_history({"orders": datetime(2025, 12, 31)}, "frequency")) == set(range(12)), "no rows yet"
