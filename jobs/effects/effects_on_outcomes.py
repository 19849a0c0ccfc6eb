"""The effects of arms on each goal of the settings and on the money of orders, with who is not counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from analytics.experiments.comparison import GroupColumns
from analytics.experiments.effects import ArmEffects, arm_effects
from analytics.experiments.exposures import INCOMPLETE, money_rows, rate_counts
from analytics.experiments.means import Means
from analytics.experiments.rates import Rates
from analytics.goals.goal import Goal
from analytics.goals.outcomes import outcomes
from analytics.history import EVERYONE
from features.as_of import AsOf
from features.history.placed_members import PlacedMembers
from features.history.table_history import TableHistory
from jobs.effects.data_start import DataStart
from jobs.effects.exposure_notes import incomplete_windows, reached_by_nobody
from jobs.goals.settled_goals import goal_conditions, settled_goals
from segment_model.errors import counted
from training.settings import Settings

USUAL_DAYS = 30  # of the window of money, where no goal has one
ORDERS = "orders"
NO_START = DataStart("", None, {})  # of a table without a dated row


@dataclass(frozen=True)
class ExposedGroups:
    """The exposed customers in their engine, with the groups in which effects are compared.

    control : the arm that all others are compared with. columns : the groupings, and their columns in `placed`.
    observed : the moment until which outcomes are known. data_starts : by raw table.
    """

    settings: Settings
    control: str
    history: TableHistory
    placed: PlacedMembers
    columns: GroupColumns
    observed: AsOf
    data_starts: Mapping[str, DataStart]

    def effects(self, goal: str, stated: float | None) -> tuple[list[ArmEffects], list[str]]:
        """The effects on each goal, and on money unless a goal is named; and who is not counted, in sentences.

        goal : only this one; empty for all. stated : the difference of rates whose power is computed; by default that
        of each goal.

        Raises
        ------
        SettingsError
            If a goal needs a table or column that the sources do not have.
        SourceError
            If an engine fails.
        """
        goals = [each for each in settled_goals(self.settings, self.history.opened.columns) if goal in ("", each.name)]
        of_money = ORDERS in self.history.dated and not goal
        tables = dict.fromkeys([*(each.table for each in goals), *([ORDERS] if of_money else [])])
        notes = [note for table in tables if table in self.data_starts for note in self.data_starts[table].notes]
        effects: list[ArmEffects] = []
        for each in goals:
            on_goal, left_out = self._on_goal(each, each.effect if stated is None else stated)
            effects.append(on_goal)
            notes += left_out
        if of_money:
            on_money, left_out = self._on_money(list(dict.fromkeys(each.within_days for each in goals)) or [USUAL_DAYS])
            effects += on_money
            notes += left_out
        if not effects:
            notes.append("no goal is set and no order has money, so there is no effect to look at: set `goals`")
        return effects, notes

    def _on_goal(self, goal: Goal, stated: float | None) -> tuple[ArmEffects, list[str]]:
        since = self.data_starts.get(goal.table, NO_START)
        conditions = goal_conditions(self.settings, goal.table)
        rows, members = self.placed.beside(self.history.rows(goal.table, self.observed, conditions))
        exposed = members.mutate(exposed_at=members.exposed_at.cast("timestamp"))
        starts = since.seen(exposed).select("customer_id", starts_at="exposed_at")
        counts = rate_counts(exposed, outcomes(goal, rows, starts, self.observed.local), self.columns)
        power_of = float("nan") if stated is None else stated
        why = f"{self._not_over(goal.within_days)}, or they cannot reach it"
        everyone = counts[counts.index.get_level_values("grouping") == EVERYONE]
        incomplete = everyone[INCOMPLETE].groupby("experiment").sum().to_dict()
        floor = self.settings.analytics.floor
        return (
            arm_effects(Rates(counts), self.control, floor, goal.name, power_of),
            [*incomplete_windows(incomplete, since, goal.name, why), *reached_by_nobody(everyone, goal)],
        )

    def _on_money(self, windows: list[int]) -> tuple[list[ArmEffects], list[str]]:
        """The effects on revenue within each number of days; none where orders have no money."""
        since = self.data_starts.get(ORDERS, NO_START)
        rows, members = self.placed.beside(self.history.rows(ORDERS, self.observed))
        exposed = members.mutate(exposed_at=members.exposed_at.cast("timestamp"))
        effects: list[ArmEffects] = []
        notes: list[str] = []
        for days in windows if "cents" in rows.columns else []:
            money = money_rows(exposed, rows, days, self.observed.local, self.columns, since.is_seen(exposed))
            title = f"revenue in {counted(days, 'day')}"
            effects.append(
                arm_effects(Means.of_rows(money, self.columns), self.control, self.settings.analytics.floor, title)
            )
            incomplete = (~money["counts"]).groupby(money["experiment"]).sum().to_dict()
            notes += incomplete_windows(incomplete, since, title, self._not_over(days))
        return effects, notes

    def _not_over(self, days: int) -> str:
        return f"the {counted(days, 'day')} after it are not over by {self.observed.local.date()}"
