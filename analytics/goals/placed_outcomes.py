"""Who reaches a goal from each month end whose window is over, and in which groups customers are at that moment."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import ibis
import ibis.expr.types as ir

from analytics.goals.goal import Goal, Outcome
from analytics.goals.outcomes import MOMENTS, outcomes
from analytics.groups import Groupings
from analytics.history import DatedRows, History
from analytics.month_ends import MonthEnds


def complete_positions(goal: Goal, ends: MonthEnds) -> tuple[int, ...]:
    """The positions of month ends t with t + within_days <= observed_until."""
    window = timedelta(days=goal.within_days)
    return tuple(position for position, day in enumerate(ends.dates) if _midnight(day) + window <= ends.observed_until)


def known_from(goal: Goal, ends: MonthEnds) -> date:
    """The first day on which a window that starts at a month end of the record is over."""
    return ends.dates[0] + timedelta(days=goal.within_days)


def rows_of_goal(goal: Goal, history: History) -> DatedRows | None:
    """The rows from which a goal is computed; None where the company has no such table."""
    return {"orders": history.orders, "events": history.events, "subscriptions": history.terms}[goal.table]


def placed_outcomes(
    goal: Goal, dated: DatedRows, positions: tuple[int, ...], groupings: Groupings, history: History
) -> ir.Table:
    """A row for each eligible customer and position, kept in the engine: `customer_id`, `position`, a column for each
    grouping, and `reached` (0 or 1).

    Raises
    ------
    SourceError
        If the engine fails.
    """
    members = groupings.of_members(dated.members)
    tables = [_at(goal, dated.rows, members, position, groupings, history.month_ends) for position in positions]
    return history.keep(ibis.union(tables[0], *tables[1:]) if len(tables) > 1 else tables[0])


def _at(
    goal: Goal, rows: ir.Table, members: ir.Table, position: int, groupings: Groupings, ends: MonthEnds
) -> ir.Table:
    start = _midnight(ends.dates[position])
    moment, until = (ibis.literal(at, "timestamp") for at in (start, start + timedelta(days=goal.within_days)))
    if goal.outcome is Outcome.EVENT:  # before the join with the customers, so that it is small
        happened = rows[MOMENTS[goal.table]]
        rows = rows.filter((happened >= moment) & (happened < until))
    at = members.filter(members.position == position)
    decided = outcomes(goal, rows, at.select(at.customer_id, starts_at=moment), ends.observed_until)
    decided = decided.filter(decided.eligible).select(member=decided.customer_id, reached=decided.reached)
    joined = at.inner_join(decided, at.customer_id == decided.member)
    return joined.select("customer_id", "position", *groupings.names, reached=joined.reached.ifelse(1, 0).cast("int64"))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min)
