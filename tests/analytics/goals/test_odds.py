"""Odds of goals by group: ten customers on paper, larger counts against SciPy, and what is not known yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest, false_discovery_control, norm
from scipy.stats.contingency import relative_risk

from analytics.goals.goal import Goal, Outcome
from analytics.goals.odds import GoalOdds, goal_odds, light_of
from analytics.groups import groupings_of
from analytics.history import DatedRows, History
from analytics.month_ends import MonthEnds
from analytics.options import RecordOptions
from analytics.record import ODDS, Light

CHURNED = Goal("churned", "subscriptions", Outcome.CHURNED, 29, better="low")
TERMS = [
    ("c01", "2023-06-01", None, 10),
    ("c02", "2023-06-01", "2024-01-15", 20),  # leaves in January, from A
    ("c03", "2023-06-01", None, 30),  # of A in January, of B from then on
    ("c04", "2023-06-01", "2024-02-10", 40),  # leaves in February, from B
    ("c05", "2024-01-20", None, 50),
    ("c06", "2023-03-01", "2023-09-01", 60),  # has no money at either month end
    ("c07", "2023-06-01", None, 5),
    ("c08", "2024-01-19", None, 80),
    ("c09", "2023-06-01", "2024-01-31", 90),  # leaves after the window that starts in January
    ("c10", "2024-01-02", "2024-01-20", 100),  # between two month ends
]


def segment_of(customer: str, position: int) -> str:
    return "A" if customer in ("c01", "c02", "c07") or (customer == "c03" and position == 0) else "B"


def plan_of(customer: str, position: int) -> str:
    return "entry" if customer in ("c01", "c02", "c04") else "pro"


def odds_of(history: History, *goals: Goal, **options: Any) -> GoalOdds:
    return goal_odds(history, groupings_of(history), RecordOptions(**{"floor": 1, "goals": goals, **options}))


@pytest.fixture
def ten(terms_frame: Any, members_of: Any, month_ends: Any, terms_history: Callable[..., History]) -> History:
    ends: MonthEnds = month_ends(date(2024, 1, 1), 2)
    members = members_of(sorted({row[0] for row in TERMS}), ends, segment=segment_of, plan=plan_of)
    return terms_history(terms_frame(TERMS), ends, members, ("plan",))


def row(odds: GoalOdds, grouping: str, group: str, period: str) -> pd.Series:
    table = odds.odds
    (chosen,) = table[(table.grouping == grouping) & (table.group == group) & (table.period == period)].index
    return table.loc[chosen]


def test_ten_customers_on_paper(ten: History) -> None:
    """January's start: A c01 c02 c03 c07, B c04 c09; February's: A c01 c07, B c03 c04 c05 c08. None is pooled."""
    odds = odds_of(ten, CHURNED)
    counts = {
        ("everyone", "everyone", "2023-12"): (6, 1),
        ("segment", "A", "2023-12"): (4, 1),
        ("segment", "B", "2023-12"): (2, 0),
        ("plan", "entry", "2023-12"): (3, 1),
        ("everyone", "everyone", "2024-01"): (6, 1),
        ("segment", "A", "2024-01"): (2, 0),
        ("segment", "B", "2024-01"): (4, 1),
        ("plan", "entry", "2024-01"): (2, 1),
        ("plan", "pro", "2024-01"): (4, 0),
    }
    for key, (n, reached) in counts.items():
        own = row(odds, *key)
        assert (own.n, own.reached, own.rate) == (n, reached, reached / n), key
        assert own.latest == (key[2] == "2024-01")
    assert set(odds.odds.period) == {"2023-12", "2024-01"}
    assert tuple(odds.odds.columns) == ODDS
    (state,) = odds.states
    assert (state.period, state.start, state.footnote) == ("2024-01", date(2024, 2, 1), "")
    assert row(odds, "segment", "A", "2024-01").ratio == 0
    assert np.isnan(row(odds, "segment", "B", "2024-01").ratio)
    assert row(odds, "segment", "B", "2024-01").note == "none of the others reaches it"
    assert row(odds, "segment", "B", "2024-01").difference == 0.25


def test_rates_are_figures_of_the_record_too(ten: History) -> None:
    odds = odds_of(ten, CHURNED)
    figures = odds.figures
    assert set(figures.figure) == {"goal_churned"}
    assert figures[figures.group == "A"].value.tolist() == [0.25, 0.0]
    (definition,) = odds.definitions
    assert definition.better == "low"
    assert definition.words.startswith("Of the customers with MRR at the start, those who have none 29 days later.")


def test_groups_under_the_floor_show_no_rate(ten: History) -> None:
    odds = odds_of(ten, CHURNED, floor=3)
    own = row(odds, "segment", "A", "2024-01")
    assert np.isnan([own.rate, own.low, own.ratio, own.difference, own.difference_high]).all()
    assert (own.n, own.note) == (2, "fewer than 3 customers")
    assert row(odds, "segment", "B", "2024-01").rate == 0.25


def test_a_window_that_is_not_over_is_not_known_yet(ten: History) -> None:
    odds = odds_of(ten, Goal("churned", "subscriptions", Outcome.CHURNED, 90))
    assert odds.odds.empty
    assert odds.figures.empty
    assert odds.states[0].known_from == date(2024, 3, 31)
    assert odds.notes == (
        "churned: not known yet; no month end of the record lies 90 days before the end of the data, and the first is "
        "known on 2024-03-31 (`analytics.months` says how far the record reaches back)",
    )
    assert row(odds_of(ten, replace(CHURNED, within_days=60)), "everyone", "everyone", "2023-12").reached == 3


def test_a_goal_that_nobody_reaches_may_write_a_value_otherwise_than_the_table(
    terms_frame: Any, members_of: Any, month_ends: Any, terms_history: Callable[..., History]
) -> None:
    """Zero per cent would be a target of churn reached."""
    ends: MonthEnds = month_ends(date(2024, 1, 1), 2)
    members = members_of(sorted({row[0] for row in TERMS}), ends, segment=segment_of)
    terms = terms_frame(TERMS)
    goal = Goal("pro", "subscriptions", within_days=20, meets="is pro", condition="plan = 'Pro'")
    never, ever = (
        odds_of(terms_history(terms.assign(**{"is pro": meets}), ends, members), goal).notes for meets in (False, True)
    )
    assert ever == ()
    assert never == (
        "pro: nobody reaches it from any month end of the record; see whether subscriptions write the values of its "
        "condition so: plan = 'Pro'",
    )


def test_a_model_fitted_after_the_start_has_a_footnote(ten: History) -> None:
    trained = odds_of(ten, CHURNED, trained=datetime(2024, 3, 1))
    assert trained.states[0].footnote not in trained.notes  # said with the goals
    words = "the model was fitted on data until 2024-03-01, after the start of the window on 2024-02-01"
    assert trained.states[0].footnote.startswith(words)
    assert odds_of(ten, CHURNED, trained=datetime(2024, 2, 1)).states[0].footnote == ""


@pytest.fixture
def shop(engine: Any, month_ends: Any) -> History:
    """Orders in January 2024: of 300 customers of s1 60 order, of 600 of s2 60, of 100 of s3 none, of 5 of s4 all."""
    ends: MonthEnds = month_ends(date(2024, 1, 1), 1)
    sizes = {"s1": (300, 60), "s2": (600, 60), "s3": (100, 0), "s4": (5, 5)}
    members, orders = [], []
    for segment, (size, ordering) in sizes.items():
        for number in range(size):
            members += [(f"{segment}-{number}", position, segment) for position in (0, 1)]
            orders += [(f"{segment}-{number}", datetime(2024, 1, 2))] if number < ordering else []
    members_frame = pd.DataFrame(members, columns=["customer_id", "position", "segment"])
    orders_frame = pd.DataFrame(orders, columns=["customer_id", "ordered_at"])
    dated = DatedRows(engine.place(orders_frame), engine.place(members_frame))
    return History(ends, ("s1", "s2", "s3", "s4"), orders=dated, keep=engine.keep)


def test_intervals_and_marks_against_scipy(shop: History) -> None:
    odds = odds_of(shop, Goal("again", "orders", within_days=31), floor=10)
    first = row(odds, "segment", "s1", "2023-12")
    wilson = binomtest(60, 300).proportion_ci(method="wilson")
    assert (first.low, first.high) == pytest.approx((wilson.low, wilson.high))
    rest = (65, 705)
    assert first.ratio == pytest.approx((60 / 300) / (65 / 705))
    katz = relative_risk(60, 300, *rest).confidence_interval()
    assert (first.ratio_low, first.ratio_high) == pytest.approx((katz.low, katz.high), rel=0.02)
    other = binomtest(*rest).proportion_ci(method="wilson")
    difference = 60 / 300 - 65 / 705
    below = np.hypot(60 / 300 - wilson.low, other.high - 65 / 705)
    assert (first.difference, first.difference_low) == pytest.approx((difference, difference - below))
    assert [row(odds, "segment", f"s{k}", "2023-12")["mark"] for k in (1, 2, 3, 4)] == ["above", "below", "below", ""]
    assert row(odds, "segment", "s4", "2023-12").note == "fewer than 10 customers"
    pooled = [2 * norm.sf(_z(60, 300, 65, 705)), 2 * norm.sf(_z(60, 600, 65, 405)), 2 * norm.sf(_z(0, 100, 125, 905))]
    assert (false_discovery_control(pooled) < 0.05).tolist() == [True, True, True]


def _z(x1: int, n1: int, x2: int, n2: int) -> float:
    pooled = (x1 + x2) / (n1 + n2)
    return abs(x1 / n1 - x2 / n2) / np.sqrt(pooled * (1 - pooled) * (1 / n1 + 1 / n2))


@pytest.mark.parametrize(
    ("better", "rate", "observed_until", "light"),
    [
        ("high", 0.25, date(2026, 1, 1), Light.REACHED),
        ("high", 0.2, date(2026, 12, 31), Light.REACHED),
        ("high", 0.1, date(2026, 12, 31), Light.ON_THE_WAY),
        ("high", 0.1, date(2027, 1, 1), Light.MISSED),
        ("low", 0.25, date(2026, 1, 1), Light.ON_THE_WAY),
        ("low", 0.1, date(2027, 1, 1), Light.REACHED),
        ("high", np.nan, date(2027, 1, 1), Light.NONE),
    ],
)
def test_the_light_of_a_target(better: str, rate: float, observed_until: date, light: Light) -> None:
    goal = Goal("g", "orders", better=better, target=0.2, by=date(2026, 12, 31))
    moment = datetime(observed_until.year, observed_until.month, observed_until.day)
    assert light_of(goal, rate, moment) is light
    assert light_of(replace(goal, target=None), rate, moment) is Light.NONE
    if light is Light.MISSED:
        assert light_of(replace(goal, by=None), rate, moment) is Light.ON_THE_WAY


def test_lights_stand_at_the_latest_window_alone(ten: History) -> None:
    odds = odds_of(ten, replace(CHURNED, target=0.2))
    assert row(odds, "everyone", "everyone", "2024-01").light == "reached"
    assert row(odds, "segment", "B", "2024-01").light == "on the way"
    assert set(odds.odds[~odds.odds.latest.astype(bool)].light) == {""}


def test_a_company_without_the_table_or_without_months(ten: History) -> None:
    odds = odds_of(ten, Goal("again", "orders"))
    assert odds.odds.empty
    assert odds.states[0].period == ""
    empty = History(MonthEnds((), datetime.min), ("s1",))
    assert goal_odds(empty, groupings_of(empty), RecordOptions(goals=(CHURNED,))).notes == (
        "churned: not known yet, since no table has rows of a month that is over",
    )
