"""Who reaches a goal: ten customers worked out on paper, and the edges of the window."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas as pd
import pytest

from analytics.fetched import fetched
from analytics.goals.goal import Goal, Outcome
from analytics.goals.outcomes import outcomes

OBSERVED = datetime(2024, 3, 1)
TERMS = [
    ("c01", "2023-06-01", None, 10, False),  # stays
    ("c02", "2023-06-01", "2024-01-15", 20, False),  # leaves in January
    ("c03", "2023-06-01", "2024-01-10", 30, False),  # grows by 15 in January
    ("c03", "2024-01-10", None, 45, False),
    ("c04", "2023-06-01", "2024-02-10", 40, False),  # shrinks by 15 in February
    ("c04", "2024-02-10", None, 25, False),
    ("c05", "2024-01-20", None, 50, False),  # new in January
    ("c06", "2023-03-01", "2023-09-01", 60, False),  # comes back in February
    ("c06", "2024-02-05", None, 60, False),
    ("c07", "2023-06-01", None, 5, False),  # cancels the second of two subscriptions
    ("c07", "2023-06-01", "2024-01-31 23:59", 7, False),
    ("c08", "2024-01-05", "2024-01-19", 99, True),  # a trial that becomes paying
    ("c08", "2024-01-19", None, 80, False),
    ("c09", "2023-12-20", "2024-01-15", 99, True),  # a trial that does not
    ("c10", "2024-01-02", "2024-01-20", 100, False),  # between two month ends
]
CUSTOMERS = sorted({row[0] for row in TERMS})


@pytest.fixture
def terms(engine: Any, terms_frame: Any) -> Any:
    return engine.place(terms_frame(TERMS, "is_trial"))


def starts_at(engine: Any, customers: list[Any], moments: list[str] | str) -> Any:
    moments = [moments] * len(customers) if isinstance(moments, str) else moments
    at = pd.to_datetime(pd.Series(moments, dtype="str"), format="ISO8601").astype("datetime64[us]")
    return engine.place(pd.DataFrame({"customer_id": customers, "starts_at": at}))


def who(goal: Goal, rows: Any, starts: Any, observed_until: datetime = OBSERVED) -> tuple[list[str], list[str]]:
    """The customers who are eligible, and those who reach the goal."""
    frame = fetched(outcomes(goal, rows, starts, observed_until), "outcomes").sort_values("customer_id")
    return frame.customer_id[frame.eligible].tolist(), frame.customer_id[frame.reached].tolist()


def test_churned_had_money_at_the_start_and_none_at_the_end(engine: Any, terms: Any) -> None:
    goal = Goal("churned", "subscriptions", Outcome.CHURNED, 31)
    january = starts_at(engine, CUSTOMERS, "2024-01-01")
    assert who(goal, terms, january) == (["c01", "c02", "c03", "c04", "c07"], ["c02"])


def test_upgraded_has_more_money_at_the_end(engine: Any, terms: Any) -> None:
    goal = Goal("upgraded", "subscriptions", Outcome.UPGRADED, 31)
    january = starts_at(engine, CUSTOMERS, "2024-01-01")
    assert who(goal, terms, january) == (["c01", "c02", "c03", "c04", "c07"], ["c03"])


def test_a_trial_that_runs_is_bought_by_a_paid_term_in_the_window(engine: Any, terms: Any) -> None:
    goal = Goal("bought", "subscriptions", Outcome.TRIAL_BOUGHT, 9)
    tenth = starts_at(engine, CUSTOMERS, "2024-01-10")
    assert who(goal, terms, tenth) == (["c08", "c09"], [])  # the window ends with the 18th
    eleventh = starts_at(engine, CUSTOMERS, "2024-01-11")
    assert who(goal, terms, eleventh) == (["c08", "c09"], ["c08"])


def test_each_customer_has_a_start_of_its_own(engine: Any, terms: Any) -> None:
    goal = Goal("churned", "subscriptions", Outcome.CHURNED, 10)
    starts = starts_at(engine, ["c02", "c02", "c04", "c05"], ["2024-01-02", "2024-01-10", "2024-02-01", "2024-01-21"])
    frame = fetched(outcomes(goal, terms, starts, OBSERVED), "outcomes").sort_values(["customer_id", "starts_at"])
    assert frame.reached.tolist() == [False, True, False, False]
    assert frame.eligible.tolist() == [True, True, True, True]


def test_a_window_that_is_not_over_makes_nobody_eligible(engine: Any, terms: Any) -> None:
    goal = Goal("churned", "subscriptions", Outcome.CHURNED, 31)
    starts = starts_at(engine, CUSTOMERS, "2024-01-01")
    assert who(goal, terms, starts, datetime(2024, 1, 31, 23)) == ([], [])
    assert who(goal, terms, starts, datetime(2024, 2, 1))[1] == ["c02"]


def orders(engine: Any, rows: list[tuple[Any, str, bool]]) -> Any:
    frame = pd.DataFrame(rows, columns=["customer_id", "ordered_at", "goals.big.condition"])
    return engine.place(frame.assign(ordered_at=pd.to_datetime(frame.ordered_at, format="ISO8601")))


def test_the_window_of_rows_takes_its_start_and_leaves_its_end(engine: Any) -> None:
    rows = orders(
        engine,
        [
            ("a", "2024-01-01 00:00", True),  # at the start
            ("b", "2024-01-10 23:59:59", True),  # just before the end
            ("c", "2024-01-11 00:00", True),  # at the end
            ("d", "2023-12-31 23:59:59", True),  # before
            ("e", "2024-01-05", False),  # does not meet the condition
            ("f", "2024-01-05", True),
            ("f", "2024-01-06", True),  # twice counts once
            ("stranger", "2024-01-05", True),
        ],
    )
    starts = starts_at(engine, ["a", "b", "c", "d", "e", "f", "g", "f"], "2024-01-01")
    goal = Goal("big", "orders", within_days=10, meets="goals.big.condition")
    assert who(goal, rows, starts) == (["a", "b", "c", "d", "e", "f", "g"], ["a", "b", "f"])
    assert who(Goal("any", "orders", within_days=10), rows, starts)[1] == ["a", "b", "e", "f"]


def test_a_refund_that_is_netted_is_no_order(engine: Any) -> None:
    frame = pd.DataFrame({"customer_id": ["a", "b"], "ordered_at": pd.to_datetime(["2024-01-02"] * 2)})
    rows = engine.place(frame.assign(is_purchase=[True, False]))
    starts = starts_at(engine, ["a", "b"], "2024-01-01")
    assert who(Goal("again", "orders"), rows, starts, datetime(2024, 6, 1)) == (["a", "b"], ["a"])


def test_nobody_and_no_rows(engine: Any, terms_frame: Any) -> None:
    empty = engine.place(terms_frame([], "is_trial").astype({"is_trial": "bool", "customer_id": "str"}))
    somebody, nobody = starts_at(engine, ["a"], "2024-01-01"), starts_at(engine, [], [])
    for outcome in Outcome:
        goal = Goal("goal", "subscriptions", outcome, 10)
        expected = ["a"] if outcome is Outcome.EVENT else []
        assert who(goal, empty, somebody) == (expected, [])
    assert who(Goal("goal", "subscriptions"), empty, nobody.cast({"customer_id": "string"})) == ([], [])


def test_words_say_who_is_eligible_and_how_it_is_reached() -> None:
    churned = Goal("churned", "subscriptions", Outcome.CHURNED, 90)
    assert churned.words == "Of the customers with MRR at the start, those who have none 90 days later."
    second = Goal("second", "orders", within_days=1, condition="amount > 20")
    assert second.words == "Of all customers at the start, those with an order where amount > 20 within 1 day."
