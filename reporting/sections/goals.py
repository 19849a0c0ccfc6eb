"""The section "Goals": who reaches each goal, by segment, and what to do; the sentences also stand on the cards."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from analytics.goals.goal import Goal
from analytics.goals.odds import SHORT_HISTORY
from analytics.record import RULE, AnalystRecord, GoalState, Light, Mark
from reporting.charts.sparkline import Sparkline, sparkline
from reporting.goal_tables import odds_of
from reporting.goal_words import as_well_sentence, list_command, rule_sentence
from reporting.sections.figure_book import EVERYONE, MARK_WORDS, SEGMENT, SIGNS, FigureCell, span_words
from reporting.sections.keys import Key, Keys
from segment_model.errors import counted, percent

TONES = {Light.REACHED: "good", Light.MISSED: "bad"}


@dataclass(frozen=True, slots=True)
class LightShown:
    """The light of a target: its word, and the class that colours it."""

    word: str
    tone: str


@dataclass(frozen=True, slots=True)
class GoalRow:
    """A segment, or everyone: rate, ratio to and difference from all others, light, and the rates of all month ends."""

    key: Key
    cells: tuple[FigureCell, ...]
    light: LightShown | None
    series: Sparkline | None


@dataclass(frozen=True, slots=True)
class GoalPanel:
    """A goal. start : when its latest window starts; empty where none is over, then `unknown` says from when it is.
    has_short_history : the tables reach less far back at the start than in training, so that no segment has a mark.
    """

    title: str
    words: str
    target: str
    start: str
    unknown: str
    rows: tuple[GoalRow, ...]
    months: str
    has_short_history: bool


@dataclass(frozen=True, slots=True)
class Advice:
    """A sentence on what to do, and the command that lists the customers; empty where there is none to list."""

    sentence: str
    command: str = ""


def goal_panels(record: AnalystRecord, keys: Keys) -> tuple[GoalPanel, ...]:
    """A panel a goal, in the order of the settings."""
    return tuple(_panel(state, record, keys) for state in record.goals)


def advice_by_segment(record: AnalystRecord) -> dict[str, tuple[Advice, ...]]:
    """What to do, by segment."""
    goals = {state.goal.name: state.goal for state in record.goals}
    by: dict[str, list[Advice]] = {}
    for row in record.advice.to_dict(orient="records"):
        goal = goals[row["goal"]]
        if row["kind"] == RULE:
            shown = Advice(rule_sentence(row, goal, record), list_command(row, record))
        else:
            shown = Advice(as_well_sentence(row, odds_of(record, row), goal))
        by.setdefault(str(row["segment"]), []).append(shown)
    return {segment: tuple(several) for segment, several in by.items()}


def _panel(state: GoalState, record: AnalystRecord, keys: Keys) -> GoalPanel:
    goal = state.goal
    rows = [row for row in record.odds.to_dict(orient="records") if row["goal"] == goal.name]
    unknown = ""
    if not state.period:
        unknown = "Not known yet" if state.known_from is None else f"Not known yet; the first on {state.known_from}"
    months = sorted({row["period"] for row in rows})
    return GoalPanel(
        title=goal.title,
        words=goal.words,
        target=_target(goal),
        start="" if state.start is None else str(state.start),
        unknown=unknown,
        rows=tuple(_rows(goal, rows, keys)),
        months=f"{months[0]} to {months[-1]}" if len(months) > 1 else "",
        has_short_history=any(row["latest"] and row["note"] == SHORT_HISTORY for row in rows),
    )


def _target(goal: Goal) -> str:
    if goal.target is None:
        return ""
    side = "at least" if goal.better == "high" else "at most"
    return f"{side} {percent(goal.target)}{f' by {goal.by}' if goal.by else ''}"


def _rows(goal: Goal, rows: list[dict[Any, Any]], keys: Keys) -> list[GoalRow]:
    latest = {row["group"]: row for row in rows if row["latest"] and row["grouping"] in (SEGMENT, EVERYONE)}
    groups = [*keys.ordered(group for group in latest if group != EVERYONE and latest[group]["n"]), EVERYONE]
    return [_row(goal, group, latest[group], rows, keys) for group in groups if group in latest]


def _row(goal: Goal, group: str, own: Mapping[Any, Any], rows: list[dict[Any, Any]], keys: Keys) -> GoalRow:
    grouping = EVERYONE if group == EVERYONE else SEGMENT
    series = [row for row in rows if row["group"] == group and row["grouping"] == grouping]
    rates = [_known(row["rate"]) for row in sorted(series, key=lambda row: row["period"])]
    words = f"{goal.name}, {counted(len(rates), 'month end')}: " + ", ".join(
        "-" if rate is None else percent(rate) for rate in rates
    )
    light = Light(own["light"] or "")
    cells = (_rate_cell(goal, own), *(() if group == EVERYONE else (_ratio_cell(own), _difference_cell(own))))
    return GoalRow(
        keys[group],
        cells,
        LightShown(str(light), TONES.get(light, "")) if light is not Light.NONE else None,
        sparkline(rates, [False] * len(rates), words),
    )


def _rate_cell(goal: Goal, row: Mapping[Any, Any]) -> FigureCell:
    n = f"n {row['n']:,.0f}"
    rate, low, high = (_known(row[name]) for name in ("rate", "low", "high"))
    if rate is None or low is None or high is None:
        return FigureCell("rate", "–", n=n, note=row["note"] or "not known", title=goal.words)
    mark = Mark(row["mark"] or "")
    tone = "" if mark not in SIGNS else "good" if (mark is Mark.ABOVE) == (goal.better == "high") else "bad"
    interval = span_words(percent(low), percent(high))
    return FigureCell(
        "rate", percent(rate), interval, n, MARK_WORDS.get(mark, ""), SIGNS.get(mark, ""), tone, "", goal.words, rate
    )


def _ratio_cell(row: Mapping[Any, Any]) -> FigureCell:
    ratio, low, high = (_known(row[name]) for name in ("ratio", "ratio_low", "ratio_high"))
    if ratio is None or low is None or high is None:
        return FigureCell("times the rest", "–", note=row["note"] or "not known")
    return FigureCell("times the rest", f"{ratio:.2f}", f"{low:.2f}–{high:.2f}", number=ratio)


def _difference_cell(row: Mapping[Any, Any]) -> FigureCell:
    difference, low, high = (_known(row[name]) for name in ("difference", "difference_low", "difference_high"))
    if difference is None or low is None or high is None:
        return FigureCell("difference", "–", note=row["note"] or "not known")
    return FigureCell("difference", _points(difference), f"{_points(low)} to {_points(high)}", number=difference)


def _points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "−")


def _known(number: Any) -> float | None:
    return None if number is None or not math.isfinite(number) else float(number)
