"""The odds of goals as they are printed and written: under the segments' names, for people or for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.history import EVERYONE
from analytics.record import RULE, AnalystRecord, GoalState
from reporting.goal_words import as_well_sentence, list_command, rule_sentence
from reporting.record_tables import MISSING, NAMES, SEGMENT
from segment_model.errors import SettingsError, nearest_word, percent

HEADINGS = (
    "goal",
    "group",
    "start",
    "rate",
    "95 % interval",
    "n",
    "times the rest",
    "interval",
    "difference",
    "remark",
)


def chosen_odds(record: AnalystRecord, names: Mapping[str, str], goal: str = "", by: str = "") -> pd.DataFrame:
    """The rows of `odds` with a column `name`, the group's name.

    names : of segments, by id. goal : only this one. by : only this grouping, beside everyone.

    Raises
    ------
    SettingsError
        If the settings have no goals, or no such goal or grouping.
    """
    known = [state.goal.name for state in record.goals]
    if not known:
        raise SettingsError("the settings have no goals; write one, for example `goals: {churned: {outcome: churned}}`")
    if goal and goal not in known:
        raise SettingsError(f"no goal {goal!r}.{nearest_word(goal, known)} The settings have {', '.join(known)}")
    rows = record.odds
    groupings = sorted(set(rows["grouping"]) - {EVERYONE})
    if by and by != SEGMENT and by not in groupings:
        raise SettingsError(
            f"the odds have no grouping {by!r}.{nearest_word(by, groupings)} They have {', '.join(groupings) or 'none'}"
        )
    if goal:
        rows = rows[rows["goal"] == goal]
    if by:
        rows = rows[rows["grouping"].isin([EVERYONE, by])]
    shown = {**NAMES, **names}
    named = rows.copy()
    named.insert(
        3,
        "name",
        [
            shown.get(group, group) if grouping in (SEGMENT, EVERYONE) else group
            for grouping, group in zip(rows["grouping"], rows["group"], strict=True)
        ],
    )
    return named.reset_index(drop=True)


def odds_in_words(rows: pd.DataFrame, every_period: bool = False) -> pd.DataFrame:
    """The rows of `chosen_odds` for people; by default those of the latest window."""
    rows = rows if every_period else rows[rows["latest"].astype(bool)]
    return pd.DataFrame([_in_words(row) for row in rows.to_dict(orient="records")], columns=list(HEADINGS))


def advice_in_words(record: AnalystRecord, names: Mapping[str, str], goal: str = "") -> list[str]:
    """What to do, a line each: the segment, the sentence, the command that lists the customers."""
    goals = {state.goal.name: state.goal for state in record.goals}
    lines = []
    for row in record.advice.to_dict(orient="records"):
        if goal and row["goal"] != goal:
            continue
        name = names.get(row["segment"], row["segment"])
        if row["kind"] == RULE:
            command = list_command(row, record)
            lines.append(f"{name}: {rule_sentence(row, goals[row['goal']], record)}. {command}")
        else:
            lines.append(f"{name}: {as_well_sentence(row, odds_of(record, row), goals[row['goal']])}.")
    return lines


def odds_of(record: AnalystRecord, advice: Mapping[Any, Any]) -> dict[str, Any]:
    """The latest odds of the segment and goal of an advice."""
    rows = record.odds
    own = rows[
        (rows["goal"] == advice["goal"])
        & (rows["grouping"] == SEGMENT)
        & (rows["group"] == advice["segment"])
        & rows["latest"].astype(bool)
    ]
    return {str(name): cell for name, cell in own.iloc[0].to_dict().items()}


def odds_json(record: AnalystRecord, names: Mapping[str, str], rows: pd.DataFrame, goal: str = "") -> str:
    """Odds and advice as a JSON document, with the definitions of the goals and the record's notes; missing is null."""
    advice = record.advice
    if goal:
        advice = advice[advice["goal"] == goal]
    named = advice.assign(name=[names.get(segment, segment) for segment in advice["segment"]])
    content = {
        "currency": record.currency,
        "goals": [_goal(state) for state in record.goals if goal in ("", state.goal.name)],
        "notes": list(record.notes),
        "odds": json.loads(rows.to_json(orient="records")),
        "advice": json.loads(named.to_json(orient="records")),
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def _goal(state: GoalState) -> dict[str, Any]:
    goal = state.goal
    return {
        "name": goal.name,
        "words": goal.words,
        "within_days": goal.within_days,
        "better": goal.better,
        "target": goal.target,
        "by": None if goal.by is None else goal.by.isoformat(),
        "start": None if state.start is None else state.start.isoformat(),
        "known_from": None if state.known_from is None else state.known_from.isoformat(),
        "footnote": state.footnote,
    }


def _in_words(row: Mapping[Any, Any]) -> dict[str, str]:
    texts = (row["mark"], row["light"], row["note"])
    return {
        "goal": row["goal"],
        "group": row["name"],
        "start": row["period"],
        "rate": _share(row["rate"]),
        "95 % interval": _span(_share(row["low"]), _share(row["high"])),
        "n": f"{int(row['n']):,}",
        "times the rest": _times(row["ratio"]),
        "interval": _span(_times(row["ratio_low"]), _times(row["ratio_high"])),
        "difference": _points(row),
        "remark": ", ".join(text for text in texts if text),
    }


def _points(row: Mapping[Any, Any]) -> str:
    if math.isnan(row["difference"]):
        return MISSING
    low, high = (f"{100 * row[name]:+.1f}" for name in ("difference_low", "difference_high"))
    return f"{100 * row['difference']:+.1f} ({low} to {high}) points"


def _share(number: float) -> str:
    return MISSING if math.isnan(number) else percent(number)


def _times(number: float) -> str:
    return MISSING if math.isnan(number) else f"{number:.2f}"


def _span(low: str, high: str) -> str:
    return "" if low == MISSING else f"{low} to {high}"
