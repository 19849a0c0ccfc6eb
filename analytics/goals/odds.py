"""The odds of goals by group: rates, their ratio to and difference from all others, marks, whether a target is met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from analytics.goals.goal import Goal
from analytics.goals.placed_outcomes import complete_positions, known_from, placed_outcomes, rows_of_goal
from analytics.groups import SEGMENT, Groupings
from analytics.history import EVERYONE, REST, History
from analytics.intervals.differences import difference_limits, marks_of
from analytics.intervals.estimates import Share
from analytics.intervals.ratios import ratio_limits, ratio_of_shares
from analytics.money.month_sums import on_every_month, sums_by_group
from analytics.month_ends import MonthEnds
from analytics.options import Z_95, RecordOptions
from analytics.record import ODDS, Definition, GoalState, Light, Mark, Unit
from analytics.tidy import joined, rows_of
from analytics.whole_sums import whole_sum
from segment_model.errors import counted

NOT_KNOWN_YET = "not known yet"
NOBODY = "nobody can reach it"
NONE_OF_THE_REST = "none of the others reaches it"
SHORT_HISTORY = "less history than in training"
RATES = ("rate", "low", "high", *(f"{name}{end}" for name in ("ratio", "difference") for end in ("", "_low", "_high")))


@dataclass(frozen=True)
class GoalOdds:
    """The odds of all goals.

    odds : the table `ODDS`. figures : the rates as rows of `FIGURES`. outcomes : by goal with a complete window, the
    table of `placed_outcomes`.
    """

    states: tuple[GoalState, ...]
    odds: pd.DataFrame
    figures: pd.DataFrame
    definitions: tuple[Definition, ...]
    notes: tuple[str, ...]
    outcomes: Mapping[str, ir.Table]


def goal_odds(history: History, groupings: Groupings, options: RecordOptions) -> GoalOdds:
    """The odds of the goals of `options` at the latest month end whose window is over, and at each one before.

    Raises
    ------
    SourceError
        If the engine fails.
    """
    states, tables, kept = [], [], {}
    for goal in options.goals:
        dated = rows_of_goal(goal, history)
        positions = complete_positions(goal, history.month_ends) if history.month_ends.dates and dated else ()
        states.append(_state(goal, positions, history.month_ends, options))
        if dated is not None and positions:
            kept[goal.name] = placed_outcomes(goal, dated, positions, groupings, history)
            tables.append(_odds(goal, kept[goal.name], positions, groupings, history, options))
    odds = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=list(ODDS))
    definitions = tuple(definition_of(goal) for goal in options.goals)
    notes = tuple(note for state in states for note in (_unknown(state), _never_reached(state.goal, odds)) if note)
    return GoalOdds(tuple(states), odds, _figures(odds, definitions), definitions, notes, kept)


def definition_of(goal: Goal) -> Definition:
    """The definition of a goal's rate, as a figure of the record."""
    words = f"{goal.words} By where customers are at the start, the end of the month of the row."
    return Definition(figure_name(goal.name), goal.title, Unit.SHARE, words, goal.better)


def figure_name(goal: str) -> str:
    """The name of a goal's rate among the figures."""
    return f"goal_{goal}"


def light_of(goal: Goal, rate: float, observed_until: datetime) -> Light:
    """How a rate stands to the target of its goal: reached; else missed if the day is over, and on the way if not."""
    if goal.target is None or np.isnan(rate):
        return Light.NONE
    if rate >= goal.target if goal.better == "high" else rate <= goal.target:
        return Light.REACHED
    is_over = goal.by is not None and observed_until.date() > goal.by
    return Light.MISSED if is_over else Light.ON_THE_WAY


def _state(goal: Goal, positions: Sequence[int], ends: MonthEnds, options: RecordOptions) -> GoalState:
    if not positions:
        day: date | None = known_from(goal, ends) if ends.dates else None
        return GoalState(goal, known_from=day)
    latest = ends.dates[positions[-1]]
    trained = options.trained
    footnote = ""
    if trained is not None and trained.date() > latest:
        footnote = (
            f"the model was fitted on data until {trained.date()}, after the start of the window on "
            f"{latest}, so that its segments may reflect the outcome"
        )
    return GoalState(goal, ends.month_before(positions[-1]), latest, footnote=footnote)


def _unknown(state: GoalState) -> str:
    if state.period:
        return ""
    if state.known_from is None:
        return f"{state.goal.title}: {NOT_KNOWN_YET}, since no table has rows of a month that is over"
    days = counted(state.goal.within_days, "day")
    return (
        f"{state.goal.title}: {NOT_KNOWN_YET}; no month end of the record lies {days} before the end of the data, and "
        f"the first is known on {state.known_from} (`analytics.months` says how far the record reaches back)"
    )


def _never_reached(goal: Goal, odds: pd.DataFrame) -> str:
    """That nobody reaches a goal, where its condition may not write a value as the table does; else an empty text."""
    everyone = odds[(odds.goal == goal.name) & (odds.grouping == EVERYONE)]
    if not goal.condition or not len(everyone) or everyone.reached.any():
        return ""
    return goal.never_reached("from any month end of the record")


def _odds(
    goal: Goal,
    outcomes: ir.Table,
    positions: tuple[int, ...],
    groupings: Groupings,
    history: History,
    options: RecordOptions,
) -> pd.DataFrame:
    aggregates = {"n": outcomes.count(), "reached": whole_sum(outcomes.reached)}
    sums = sums_by_group(outcomes, groupings, aggregates, f"the goal {goal.name}")
    rows = on_every_month(sums, positions, history.segments).reset_index()
    rows = _with_rates(rows.astype({"n": "float64", "reached": "float64"}))
    few, is_latest = rows.n < options.floor, rows.position == positions[-1]
    note = np.select(
        [rows.n == 0, few, (rows.grouping != EVERYONE) & rows.ratio.isna()],
        [NOBODY, f"fewer than {counted(options.floor, 'customer')}", NONE_OF_THE_REST],
        "",
    )
    short_history = rows.position.isin(options.short_history) & (rows.grouping == SEGMENT)
    rows = rows.assign(note=np.where(short_history & (note == ""), SHORT_HISTORY, note), latest=is_latest)
    marks = _marks(rows, is_latest & ~short_history, history.segments, groupings.conditions, options)
    rows = rows.assign(**{name: rows[name].mask(few) for name in RATES}, mark=marks, goal=goal.name)
    lights = [
        str(light_of(goal, rate, history.month_ends.observed_until)) if latest else ""
        for rate, latest in zip(rows.rate, rows.latest, strict=True)
    ]
    return rows.assign(light=lights, period=rows.position.map(history.month_ends.month_before)).loc[:, list(ODDS)]


def _with_rates(rows: pd.DataFrame) -> pd.DataFrame:
    """Rates with intervals, and what they are to those of all other customers of the grouping."""
    totals = rows.groupby(["grouping", "position"])[["n", "reached"]].transform("sum")
    own = Share(_array(rows.reached), _array(rows.n))
    rest = Share(_array(totals.reached - rows.reached), _array(totals.n - rows.n))
    counts = (own.successes, own.trials, rest.successes, rest.trials)
    low, high = own.limits(Z_95)
    ratio_low, ratio_high = ratio_limits(*counts, Z_95)
    difference_low, difference_high = difference_limits(own, rest, Z_95)
    return rows.assign(
        rate=own.value,
        low=low,
        high=high,
        ratio=ratio_of_shares(*counts),
        ratio_low=ratio_low,
        ratio_high=ratio_high,
        difference=own.value - rest.value,
        difference_low=difference_low,
        difference_high=difference_high,
        rest_n=rest.trials,
        rest_reached=rest.successes,
    )


def _marks(
    rows: pd.DataFrame,
    is_shown: pd.Series[bool],
    segments: Sequence[str],
    conditions: Sequence[str],
    options: RecordOptions,
) -> np.ndarray:
    """The marks of the latest month end, corrected over all groups of the goal."""
    looked_at = is_shown & (rows.grouping != EVERYONE) & (rows.n >= options.floor) & (rows.rest_n >= options.floor)
    looked_at &= (rows.grouping != SEGMENT) | rows.group.isin(list(segments))
    looked_at &= (rows.group != REST) | ~rows.grouping.isin(list(conditions))  # the same look as at who meets it
    own, rest = Share(_array(rows.reached), _array(rows.n)), Share(_array(rows.rest_reached), _array(rows.rest_n))
    return np.where(looked_at, marks_of(own, rest, looked_at.to_numpy()), str(Mark.NONE))


def _figures(odds: pd.DataFrame, definitions: Sequence[Definition]) -> pd.DataFrame:
    tables = []
    for definition in definitions:
        own = odds[odds.goal.map(figure_name) == definition.name] if len(odds) else odds
        if len(own):
            keys = own[["grouping", "group", "period"]]
            rows = rows_of(definition, keys, own.rate, own.n, own.low, own.high, note=own.note)
            tables.append(rows.assign(mark=own.mark))
    return joined(tables)


def _array(column: pd.Series[float]) -> np.ndarray:
    return np.asarray(column, dtype=np.float64)
