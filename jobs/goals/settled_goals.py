"""The goals of the settings, checked against the tables that are there."""

from __future__ import annotations

from collections.abc import Mapping

from analytics.goals.goal import NEEDED_COLUMNS, Goal, Outcome
from segment_model.errors import SettingsError
from training.goal_settings import GoalSettings
from training.settings import Settings


def settled_goals(settings: Settings, columns: Mapping[str, tuple[str, ...]]) -> tuple[Goal, ...]:
    """The goals, in the order of the settings.

    columns : our columns of each raw table (`features.groups.opened_tables.OpenedTables`).

    Raises
    ------
    SettingsError
        If a goal needs a table, or a column of it, that is not there.
    """
    for name, chosen in settings.goals.items():
        _check(name, chosen, columns)
    return tuple(_goal(name, chosen) for name, chosen in settings.goals.items())


def goal_conditions(settings: Settings, table: str) -> dict[str, str]:
    """The conditions of goals over a raw table, by the column of its rows that says which meet it."""
    return {
        _column(name): goal.condition
        for name, goal in settings.goals.items()
        if goal.of_table == table and goal.condition is not None
    }


def _goal(name: str, chosen: GoalSettings) -> Goal:
    return Goal(
        name,
        chosen.of_table,
        Outcome(chosen.outcome or Outcome.EVENT),
        chosen.within_days,
        _column(name) if chosen.condition is not None else "",
        chosen.condition or "",
        chosen.hoped_for,
        chosen.target,
        chosen.by,
        chosen.title or "",
        chosen.effect,
    )


def _column(name: str) -> str:
    return f"goals.{name}.condition"  # the place in the settings, which errors name


def _check(name: str, chosen: GoalSettings, columns: Mapping[str, tuple[str, ...]]) -> None:
    table = chosen.of_table
    if table not in columns:
        raise SettingsError(
            f"goals.{name} is computed from {table}, and `sources` has no {table}; add it, or leave the goal out"
        )
    outcome = Outcome(chosen.outcome or Outcome.EVENT)
    if missing := [column for column in NEEDED_COLUMNS.get(outcome, ()) if column not in columns[table]]:
        raise SettingsError(
            f"goals.{name}: the outcome {outcome} needs {' and '.join(missing)} of {table}, and the table has no such "
            "column; map it in `columns`, or leave the goal out"
        )
