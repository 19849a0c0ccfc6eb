"""Goals of the settings: what is refused, and what the ready-made outcomes need."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from analytics.goals.goal import Goal, Outcome
from jobs.goals.settled_goals import goal_conditions, settled_goals
from segment_model.errors import SettingsError
from training.settings import Settings, parse_settings

COLUMNS = {
    "orders": ("customer_id", "ordered_at", "amount"),
    "subscriptions": ("customer_id", "started_at", "mrr", "ended_at", "trial"),
}


def settings(**goals: Any) -> Settings:
    sources = {"orders": {"file": "orders.csv"}}
    return parse_settings({"as_of": date(2026, 7, 1), "sources": sources, "goals": goals})


def test_goals_of_tables_and_ready_made_outcomes() -> None:
    chosen = settings(
        large={"table": "orders", "condition": "amount > 20", "within_days": 30},
        churned={"outcome": "churned", "target": 0.1, "by": "2026-12-31"},
    )
    large, churned = settled_goals(chosen, COLUMNS)
    assert large == Goal("large", "orders", Outcome.EVENT, 30, "goals.large.condition", "amount > 20", "high")
    assert churned == Goal(
        "churned", "subscriptions", Outcome.CHURNED, 90, better="low", target=0.1, by=date(2026, 12, 31)
    )
    assert goal_conditions(chosen, "orders") == {"goals.large.condition": "amount > 20"}
    assert goal_conditions(chosen, "subscriptions") == {}


@pytest.mark.parametrize(
    ("goal", "columns", "message"),
    [
        ({"table": "events"}, COLUMNS, "goals.g is computed from events, and `sources` has no events"),
        ({"outcome": "churned"}, {"orders": ()}, "goals.g is computed from subscriptions, and `sources` has no"),
        (
            {"outcome": "trial_bought"},
            {"subscriptions": ("mrr", "ended_at")},
            "goals.g: the outcome trial_bought needs trial of subscriptions",
        ),
        ({"outcome": "churned"}, {"subscriptions": ("mrr",)}, "needs ended_at of subscriptions"),
    ],
)
def test_a_goal_needs_its_table_and_columns(goal: Any, columns: Any, message: str) -> None:
    with pytest.raises(SettingsError) as error:
        settled_goals(settings(g=goal), columns)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("goal", "message"),
    [
        ({}, "a goal has either a table, with a condition, or an outcome such as churned"),
        ({"table": "orders", "outcome": "churned"}, "a goal has either a table"),
        ({"outcome": "churned", "condition": "plan = 'a'"}, "a condition belongs to a table"),
        ({"outcome": "churned", "by": "2026-12-31"}, "`by` is the day of a target"),
        ({"table": "orders", "condition": "amount >"}, "the condition cannot be read"),
        ({"outcome": "churnd"}, "Did you mean 'churned'?"),
        ({"outcome": "churned", "within": 30}, "Did you mean 'within_days'?"),
        ({"outcome": "churned", "target": 10}, "must be a number of at least 0 and of at most 1 (found 10)"),
    ],
)
def test_goals_that_contradict_themselves(goal: Any, message: str) -> None:
    with pytest.raises(SettingsError) as error:
        settings(g=goal)
    assert message in str(error.value)
