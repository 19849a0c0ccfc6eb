"""Who reached the goals of the settings, at the latest month end whose window is over, and what segments say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from pathlib import Path

import ibis
import pandas as pd

from analytics.fetched import fetched
from analytics.goals.goal import Goal
from analytics.goals.outcomes import outcomes
from analytics.goals.placed_outcomes import complete_positions
from features.as_of import AsOf
from features.history.placed_members import PlacedMembers
from features.history.table_history import TableHistory, open_history
from features.learned import LearnedFeatures
from jobs.goals.settled_goals import goal_conditions, settled_goals
from jobs.membership.month_members import assigned
from jobs.record import UNDATED, month_ends
from training.discovery.discovery import Discovery
from training.settings import Settings
from training.tuning.goal_power import goal_power

CUSTOMER = "customer_id"


@dataclass(frozen=True)
class GoalOutcome:
    """A goal of the settings: the vectors as of the start of its window, and who of the eligible reached it."""

    goal: Goal
    starts_at: datetime
    vectors: pd.DataFrame
    reached: pd.Series[bool]


def goal_outcomes(settings: Settings, base: Path, learned: LearnedFeatures) -> tuple[list[GoalOutcome], list[Goal]]:
    """The outcomes of the goals that are known, and the goals that are not, as none of their windows is over.

    Raises
    ------
    SegmentsError
        If a table cannot be read, or a goal needs a table that is not there.
    """
    if not settings.goals or settings.as_of is None:
        return [], []
    zone = settings.features.time_zone
    until = settings.analytics.observed_until
    observed = AsOf.at(settings.as_of if until is None else until, zone)
    opened_until = max(AsOf.at(settings.as_of, zone), observed, key=lambda moment: moment.instant)
    with open_history(settings.sources, settings.features, opened_until, base, learned) as history:
        goals = settled_goals(settings, history.opened.columns)
        ends = month_ends(history, observed, settings.analytics.months)
        known: list[GoalOutcome] = []
        unknown: list[Goal] = []
        frames: dict[datetime, pd.DataFrame] = {}
        for goal in goals:
            positions = () if ends is UNDATED else complete_positions(goal, ends)
            if not positions:
                unknown.append(goal)
                continue
            start = datetime.combine(ends.dates[positions[-1]], time.min)
            if start not in frames:
                frames[start] = history.vectors(AsOf.at(start, zone)).frame
            reached = _reached(settings, history, goal, start, frames[start].index, observed)
            known.append(GoalOutcome(goal, start, frames[start], reached))
        return known, unknown


def explained(made: Discovery, known: Sequence[GoalOutcome]) -> Mapping[str, float]:
    """What the segments of a discovery explain of each goal: `auc_GOAL` and `r2_GOAL`, out of sample."""
    figures: dict[str, float] = {}
    for each in known:
        figures[f"auc_{each.goal.name}"], figures[f"r2_{each.goal.name}"] = goal_power(
            assigned(made.model, each.vectors), each.reached
        )
    return figures


def _reached(
    settings: Settings, history: TableHistory, goal: Goal, start: datetime, customers: pd.Index, observed: AsOf
) -> pd.Series[bool]:
    members = pd.DataFrame({CUSTOMER: customers.astype("str")})
    rows = history.rows(goal.table, observed, goal_conditions(settings, goal.table))
    rows, placed = PlacedMembers(members, history.temporary).beside(rows)
    starts = placed.select(CUSTOMER, starts_at=ibis.literal(start, "timestamp"))
    decided = fetched(outcomes(goal, rows, starts, observed.local), f"the goal {goal.name}")
    eligible = decided[decided["eligible"].astype(bool)]
    ids = pd.Index(eligible[CUSTOMER].astype("str"), name=CUSTOMER)
    return pd.Series(eligible["reached"].astype(bool).to_numpy(), ids).sort_index()
