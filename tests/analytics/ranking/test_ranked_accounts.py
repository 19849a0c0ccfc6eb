"""Accounts in the engine: what they are worth now and a month before, and their order, beside figures by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analytics.fetched import fetched
from analytics.ranking.measures import MEASURES, month_before
from analytics.ranking.ranked_accounts import ranked_accounts, with_amounts

NOW, BEFORE = datetime(2026, 7, 1), datetime(2026, 6, 1)


def members_frame(*ids: str) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": list(ids), "segment_id": "s1", "strength": 0.5, "representative": np.int64(0)})


def amounts_of(engine: Any, name: str, rows: pd.DataFrame) -> dict[str, tuple[float, float]]:
    table = fetched(MEASURES[name].amounts(engine.place(rows), NOW, BEFORE), "amounts")
    return {row.customer_id: (row.now, row.before) for row in table.itertuples()}


def test_mrr_is_that_of_the_terms_that_run_but_trials(engine: Any) -> None:
    terms = pd.DataFrame(
        [
            ("grown", "2026-01-01", None, 100, False),
            ("grown", "2026-06-10", None, 20, False),
            ("left", "2026-01-01", "2026-06-20", 50, False),
            ("ends now", "2026-01-01", "2026-07-01", 70, False),  # a term still runs at the moment at which it ends
            ("tries", "2026-06-15", None, 99, True),
            ("begins now", "2026-07-01", None, 10, False),  # not known before the moment
        ],
        columns=["customer_id", "started_at", "ended_at", "money", "is_trial"],
    )
    terms = terms.assign(cents=terms.pop("money") * 10_000)
    for name in ("started_at", "ended_at"):
        terms[name] = pd.to_datetime(terms[name]).astype("datetime64[us]")
    assert amounts_of(engine, "mrr", terms) == {
        "grown": (120, 100),
        "left": (0, 50),
        "ends now": (70, 70),
        "begins now": (0, 0),
    }


def test_revenue_and_usage_are_those_of_the_month_that_ends_and_of_the_one_before(engine: Any) -> None:
    moments = [
        "2026-04-30 23:59",
        "2026-05-01",
        "2026-05-31 23:59:59",
        "2026-06-01",
        "2026-06-30 23:59:59",
        "2026-07-01",
    ]
    at = pd.to_datetime(pd.Series(moments), format="ISO8601").astype("datetime64[us]")
    orders = pd.DataFrame({"customer_id": "a", "ordered_at": at, "cents": [10_000 * 2**n for n in range(6)]})
    assert amounts_of(engine, "revenue", orders) == {"a": (8 + 16, 2 + 4)}
    events = pd.DataFrame({"customer_id": "a", "occurred_at": at})
    assert amounts_of(engine, "usage", events) == {"a": (2, 2)}


def test_the_month_before_ends_with_its_last_day() -> None:
    assert month_before(datetime(2026, 3, 31, 12)) == datetime(2026, 2, 28, 12)
    assert month_before(datetime(2026, 1, 15)) == datetime(2025, 12, 15)
    assert month_before(datetime(2024, 3, 30)) == datetime(2024, 2, 29)


def test_the_highest_stand_first_and_equal_ones_by_their_ids(engine: Any) -> None:
    members = members_frame("d", "c", "b", "a", "ü", "none")
    amounts = pd.DataFrame(
        {
            "customer_id": ["a", "b", "c", "d", "ü"],
            "now": [5.0, 5.0, 9.0, -1.0, 5.0],
            "before": [5.0, 1.0, 9.0, 0.0, 9.0],
        }
    )
    accounts = with_amounts(engine.place(members), engine.place(amounts))
    ranked = fetched(ranked_accounts(accounts, by_change=False), "ranked")
    assert list(zip(ranked["rank"], ranked.customer_id, ranked.value, ranked.change, strict=True)) == [
        (1, "c", 9, 0), (2, "a", 5, 0), (3, "b", 5, 4), (4, "ü", 5, -4), (5, "none", 0, 0), (6, "d", -1, -1),
    ]  # fmt: skip
    grown = fetched(ranked_accounts(accounts, by_change=True, most=2), "ranked")
    assert list(grown.customer_id) == ["b", "a"]


@pytest.mark.parametrize("by_change", [False, True])
def test_those_without_a_value_stand_last(engine: Any, by_change: bool) -> None:
    members = members_frame("a", "b", "c").assign(now=[np.nan, 1.0, -5.0], before=[1.0, 0.0, 0.0])
    ranked = fetched(ranked_accounts(engine.place(members), by_change), "ranked")
    assert list(ranked.customer_id) == ["b", "c", "a"]
    assert np.isnan(ranked.value.iloc[-1])
    assert np.isnan(ranked.change.iloc[-1])


def test_nobody_to_rank(engine: Any) -> None:
    accounts = engine.place(members_frame("a").assign(now=1.0, before=0.0).iloc[:0].astype({"segment_id": "str"}))
    assert fetched(ranked_accounts(accounts, by_change=False), "ranked").empty
