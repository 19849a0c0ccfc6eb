"""Odds of the simulated company equal DuckDB SQL that was written by hand from the definitions of the goals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import duckdb
import pandas as pd
import pytest

from analytics.goals.goal import Goal, Outcome
from analytics.goals.odds import GoalOdds, goal_odds
from analytics.groups import groupings_of
from analytics.history import DatedRows, History
from analytics.month_ends import MonthEnds
from analytics.options import RecordOptions
from experiments.simulated_company.money_history import simulate_money

AS_OF = pd.Timestamp("2026-07-01")
ENDS = MonthEnds.before(AS_OF.to_pydatetime(), 5)
GOALS = (
    Goal("churned", "subscriptions", Outcome.CHURNED, 60),
    Goal("upgraded", "subscriptions", Outcome.UPGRADED, 60),
    Goal("bought", "subscriptions", Outcome.TRIAL_BOUGHT, 60),
    Goal("ordered", "orders", within_days=60),
)
START, END = "e.day", "e.day + INTERVAL 60 DAY"
MONEY = f"""
    SELECT e.position, t.customer_id,
           coalesce(sum(t.cents) FILTER (t.started_at < {START} AND (t.ended_at IS NULL OR t.ended_at >= {START})), 0)
           AS a,
           coalesce(sum(t.cents) FILTER (t.started_at < {END} AND (t.ended_at IS NULL OR t.ended_at >= {END})), 0) AS b
    FROM ends e CROSS JOIN terms t WHERE NOT t.is_trial GROUP BY ALL
"""  # noqa: S608
QUERIES = {
    "churned": f"SELECT position, customer_id, b <= 0 AS reached FROM ({MONEY}) WHERE a > 0",  # noqa: S608
    "upgraded": f"SELECT position, customer_id, b > a AS reached FROM ({MONEY}) WHERE a > 0",  # noqa: S608
    "bought": f"""
        SELECT DISTINCT e.position, t.customer_id, EXISTS (
            SELECT 1 FROM terms p WHERE p.customer_id = t.customer_id AND NOT p.is_trial AND p.cents > 0
            AND p.started_at >= {START} AND p.started_at < {END}) AS reached
        FROM ends e JOIN terms t ON t.is_trial AND t.started_at < {START}
             AND (t.ended_at IS NULL OR t.ended_at >= {START})
    """,  # noqa: S608
    "ordered": f"""
        SELECT e.position, m.customer_id, EXISTS (
            SELECT 1 FROM orders o WHERE o.customer_id = m.customer_id
            AND o.ordered_at >= {START} AND o.ordered_at < {END}) AS reached
        FROM ends e JOIN members m ON m.position = e.position
    """,  # noqa: S608
}


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    history = simulate_money(300, 8, AS_OF.date())
    terms = history.terms.rename(columns={"account_id": "customer_id"})
    terms = terms.assign(
        cents=(terms.mrr_usd * 10_000).round().astype("int64"), ended_at=terms.ended_at.mask(terms.ended_at >= AS_OF)
    )[["customer_id", "started_at", "ended_at", "cents", "is_trial"]]
    orders = history.orders.rename(columns={"account_id": "customer_id"})[["customer_id", "ordered_at"]]
    ids = sorted({*terms.customer_id, *orders.customer_id})
    members = pd.DataFrame(
        [
            {"customer_id": customer, "position": position, "segment": f"s{(number + position // 2) % 3}"}
            for number, customer in enumerate(ids)
            for position in range(6)
        ]
    )
    ends = pd.DataFrame({"position": range(6), "day": pd.to_datetime(list(ENDS.dates))})
    return {"terms": terms, "orders": orders, "members": members, "ends": ends}


@pytest.fixture(scope="module")
def odds(tables: dict[str, pd.DataFrame], new_engine: Callable[[], Any]) -> GoalOdds:
    engine = new_engine()
    members = engine.place(tables["members"])
    terms, orders = (DatedRows(engine.place(tables[name]), members) for name in ("terms", "orders"))
    history = History(ENDS, ("s0", "s1", "s2"), terms=terms, orders=orders, keep=engine.keep)
    return goal_odds(history, groupings_of(history), RecordOptions(floor=1, goals=GOALS))


@pytest.mark.parametrize("goal", QUERIES)
def test_counts_by_segment_and_month_end(goal: str, odds: GoalOdds, tables: dict[str, pd.DataFrame]) -> None:
    with duckdb.connect() as connection:
        for name, table in tables.items():
            connection.register(name, table)
        expected = connection.execute(
            f"""
            SELECT m.segment, d.position, count(*) AS n, count(*) FILTER (reached) AS reached
            FROM ({QUERIES[goal]}) d JOIN members m ON m.customer_id = d.customer_id AND m.position = d.position
            JOIN ends e ON e.position = d.position
            WHERE e.day + INTERVAL 60 DAY <= TIMESTAMP '2026-07-01' GROUP BY ALL
            """  # noqa: S608
        ).df()
    own = odds.odds[(odds.odds.goal == goal) & (odds.odds.grouping == "segment") & (odds.odds.n > 0)]
    months = {ENDS.month_before(position): position for position in range(6)}
    ours = {(row.group, months[row.period]): (row.n, row.reached) for row in own.itertuples()}
    theirs = {(row.segment, row.position): (row.n, row.reached) for row in expected.itertuples()}
    assert ours == theirs
    assert len(ours) >= 5
    assert sum(reached for _, reached in ours.values()) > 0
