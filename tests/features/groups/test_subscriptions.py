"""Subscriptions of customers small enough to follow by hand."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.learned import LearnedFeatures
from segment_model.errors import SourceError

AS_OF = date(2024, 7, 1)


def terms(customer: str, start: str, end: str | None, mrr: float, **more: Any) -> dict[str, Any]:
    ended = datetime.fromisoformat(end) if end else None
    return {
        "customer_id": customer, "started_at": datetime.fromisoformat(start), "ended_at": ended, "mrr": mrr, **more,
    }  # fmt: skip


def frame_of(build: Any, *rows: dict[str, Any]) -> pd.DataFrame:
    table = pd.DataFrame(rows).astype({"ended_at": "datetime64[us]"})
    return build({"subscriptions": table}, AS_OF).frame  # type: ignore[no-any-return]


def test_upgrades_downgrades_and_change(build: Any) -> None:
    frame = frame_of(
        build,
        terms("a", "2024-01-01", "2024-02-01", 100, plan="basic"),
        terms("a", "2024-02-01", "2024-05-01", 300, plan="pro"),
        terms("a", "2024-05-01", None, 200, plan="team"),
        terms("b", "2024-06-01", None, 50, plan="basic"),
        terms("c", "2023-07-01", "2024-06-30", 80, plan="basic"),
    )
    a, b, c = (frame.loc[name] for name in "abc")
    assert (a.mrr, a.plan, a.upgrades, a.downgrades, a.churned) == (200, "team", 1, 1, 0)
    assert a.mrr_change_90_days == -100  # on 2024-04-02 it was 300
    assert a.subscription_tenure_days == (AS_OF - date(2024, 1, 1)).days
    assert (b.mrr, b.mrr_change_90_days, b.churned) == (50, 50, 0)
    assert (c.mrr, c.mrr_change_90_days, c.churned) == (0, -80, 1)
    assert pd.isna(c.plan)


def test_an_end_at_or_after_the_moment_is_not_known_yet(build: Any) -> None:
    frame = frame_of(build, terms("a", "2024-01-01", "2024-07-01", 10), terms("b", "2024-01-01", "2025-01-01", 10))
    assert frame.churned.tolist() == [0, 0]
    assert frame.mrr.tolist() == [10, 10]


def test_rows_of_one_subscription_follow_each_other(build: Any) -> None:
    frame = frame_of(
        build,
        terms("a", "2024-01-01", None, 100, subscription_id="s"),
        terms("a", "2024-02-01", None, 300, subscription_id="t"),
    )
    assert frame.loc["a", ["mrr", "upgrades"]].tolist() == [400, 0]


def test_seats_and_quota(build: Any) -> None:
    more = {"seats": 10.0, "seats_used": 4.0, "quota": 200.0, "quota_used": 250.0}
    frame = frame_of(
        build,
        terms("a", "2024-01-01", None, 100, **more),
        terms("a", "2024-02-01", None, 100, **more),
        terms("b", "2024-02-01", "2024-03-01", 100, **more),
    )
    assert frame.loc["a", ["seats", "seat_use", "quota_use"]].tolist() == pytest.approx([20, 0.4, 1.25])
    assert frame.loc["b", "seats"] == 0
    assert frame.loc["b", ["seat_use", "quota_use"]].isna().all()


def partly_known() -> pd.DataFrame:
    """Terms that say both of used and allowed, one of the two, or neither; those of d have ended but one."""
    listed = [
        ("a", None, 4.0, 10.0), ("a", None, 6.0, np.nan),
        ("b", None, 4.0, 10.0), ("b", None, np.nan, 10.0),
        ("c", None, 4.0, 10.0), ("c", None, np.nan, np.nan),
        ("d", None, 4.0, 10.0), ("d", "2024-03-01", 6.0, np.nan),
        ("e", None, 6.0, 0.0), ("e", None, 4.0, 10.0),
    ]  # fmt: skip
    rows = [terms(name, "2024-01-01", end, 5, seats_used=used, seats=seats) for name, end, used, seats in listed]
    return pd.DataFrame(rows).astype({"ended_at": "datetime64[us]"})


def test_a_use_is_missing_where_a_running_term_says_half_of_it(build: Any) -> None:
    """a would be 10 of 10 seats and b 4 of 20; c has a term without seats, d one that has ended, e one of 0 seats."""
    vectors = build({"subscriptions": partly_known()}, AS_OF)
    use = vectors.frame.seat_use
    assert use.index[use.isna()].tolist() == ["a", "b"]
    assert use.dropna().to_dict() == {"c": 0.4, "d": 0.4, "e": 1.0}
    assert vectors.frame.seats.to_dict() == {"a": 10, "b": 20, "c": 10, "d": 10, "e": 10}
    assert vectors.report["subscriptions"]["with_only_one_of_seats_used_and_seats"] == 2
    (notice,) = [notice.text for notice in vectors.notices if "seat_use" in notice.text]
    assert "2 such terms" in notice


def test_a_model_from_before_decision_34_gets_the_use_that_it_was_trained_on(build: Any) -> None:
    older = LearnedFeatures.from_json({"score_edges": {}, "categories": {}})
    vectors = build({"subscriptions": partly_known()}, AS_OF, learned=older)
    assert vectors.frame.seat_use.to_dict() == {"a": 1.0, "b": 0.2, "c": 0.4, "d": 0.4, "e": 1.0}
    assert "with_only_one_of_seats_used_and_seats" not in vectors.report["subscriptions"]
    assert not [notice for notice in vectors.notices if "seat_use" in notice.text]
    assert LearnedFeatures.from_json(older.to_json()) == older


def test_a_trial_runs_but_has_no_mrr_and_what_follows_it_is_no_upgrade(build: Any) -> None:
    frame = frame_of(
        build,
        terms("a", "2024-01-01", "2024-02-01", 100, trial=True, plan="pro"),
        terms("a", "2024-02-01", "2024-03-01", 100, trial=False, plan="pro"),
        terms("a", "2024-03-01", None, 150, trial=None, plan="team"),
        terms("b", "2024-06-20", None, 0, trial=True, plan="basic"),
        terms("c", "2024-05-01", "2024-05-15", 80, trial=True, plan="basic"),
        terms("d", "2024-01-01", None, 20, trial=False, plan="basic"),
        terms("d", "2024-06-01", None, 900, trial=True, plan="pro"),
    )
    assert frame.mrr.to_dict() == {"a": 150, "b": 0, "c": 0, "d": 20}
    assert frame.upgrades.to_dict() == {"a": 1, "b": 0, "c": 0, "d": 0}
    assert frame.downgrades.sum() == 0
    assert frame.churned.to_dict() == {"a": 0, "b": 0, "c": 1, "d": 0}, "a trial that runs is a subscription"
    assert frame.plan["b"] == "basic"
    assert frame.plan["d"] == "basic", "the trial's plan has no MRR"


def test_an_end_may_be_the_last_day_of_use(build: Any) -> None:
    table = pd.DataFrame(
        [terms("a", "2024-01-01", "2024-06-30", 10), terms("b", "2024-01-01", "2024-06-29", 10)]
    ).astype({"ended_at": "datetime64[us]"})
    exclusive = build({"subscriptions": table}, AS_OF).frame
    inclusive = build({"subscriptions": table}, AS_OF, subscriptions={"ends": "inclusive"}).frame
    assert exclusive.churned.to_dict() == {"a": 1, "b": 1}
    assert inclusive.churned.to_dict() == {"a": 0, "b": 1}, "on the last day of use they still run"
    assert inclusive.mrr.to_dict() == {"a": 10, "b": 0}


def test_the_length_of_a_trial_is_no_trial(build: Any) -> None:
    """A paid term whose plan begins with 14 days of trial would have MRR in one place, and none in another."""
    rows = [terms("a", "2024-01-01", None, 100, trial=14.0), terms("b", "2024-01-01", None, 50, trial=0.0)]
    with pytest.raises(SourceError) as caught:
        frame_of(build, *rows)
    assert str(caught.value) == (
        "subscriptions: trial holds 1 number other than 0 and 1, such as 14: write whether the terms are a trial, yes "
        "or no; where the column says how long trials are, leave it out by `not_read: [trial]`"
    )
    table = pd.DataFrame(rows).astype({"ended_at": "datetime64[us]"})
    vectors = build({"subscriptions": table}, AS_OF, subscriptions={"not_read": ["trial"]})
    assert vectors.frame.mrr.to_dict() == {"a": 100, "b": 50}
