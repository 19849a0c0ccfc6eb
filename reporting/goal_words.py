"""Odds and advice in words: "4.1 times as often (2.9 to 5.8)", and what to do with whom."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from analytics.goals.goal import Goal, Outcome
from analytics.record import AnalystRecord, GoalState
from reporting.rendering import money_words
from segment_model.errors import counted, percent

VERBS: Mapping[Outcome, str] = {
    Outcome.CHURNED: "leave",
    Outcome.UPGRADED: "upgrade",
    Outcome.TRIAL_BOUGHT: "buy after the trial",
}


def verb_of(goal: Goal) -> str:
    """What customers do who reach a goal."""
    return VERBS.get(goal.outcome, f"reach “{goal.title}”")


def footnotes(states: Iterable[GoalState]) -> tuple[str, ...]:
    """What makes odds doubtful, each once, with the goals of which it is true."""
    titles: dict[str, list[str]] = {}
    for state in states:
        if state.footnote:
            titles.setdefault(state.footnote, []).append(state.goal.title)
    return tuple(f"{', '.join(goals)}: {footnote}" for footnote, goals in titles.items())


def times_words(ratio: float, low: float, high: float, others: str = "") -> str:
    """A ratio with its interval; others : who it compares with."""
    than = f" as {others}" if others else ""
    if not ratio:
        return f"not once (0 to {_times(high)} times as often{than})"
    return f"{_times(ratio)} times as often{than} ({_times(low)} to {_times(high)})"


def rule_sentence(row: Mapping[Any, Any], goal: Goal, record: AnalystRecord) -> str:
    """What to do with the members of a segment who meet a rule: their number, their odds, the money at stake."""
    money = _money(row["money"], record)
    odds = times_words(row["ratio"], row["low"], row["high"], "the segment's others")
    rates = (
        f"{percent(row['rate'])} of {int(row['n']):,} within {counted(goal.within_days, 'day')}, others "
        f"{percent(row['rest_rate'])}"
    )
    today = f"{counted(int(row['customers']), 'customer')}{f', with {money}' if money else ''}"
    return f"Members {verb_of(goal)} {odds} when {row['rule']}: {rates}. Today this holds for {today}"


def as_well_sentence(row: Mapping[Any, Any], own: Mapping[Any, Any], goal: Goal) -> str:
    """That a rule of one column does as well as a segment."""
    return (
        f"One column tells as much as this segment: where {row['rule']}, customers {verb_of(goal)} "
        f"{times_words(row['ratio'], row['low'], row['high'], 'all others')}; those of this segment "
        f"{times_words(own['ratio'], own['ratio_low'], own['ratio_high'])}"
    )


def list_command(row: Mapping[Any, Any], record: AnalystRecord) -> str:
    """The command that lists the customers of an advice, who are in its segment."""
    text = str(row["condition"]).replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("`", "\\`")
    figures = set(record.figures["figure"])
    by = next((measure for measure in ("mrr", "revenue") if measure in figures), "usage")
    return f'segments rank --by {by} --segment {row["segment"]} --condition "{text}"'


def _times(ratio: float) -> str:
    if not math.isfinite(ratio) or ratio > 1e6:
        return "∞"
    return f"{ratio:.1f}" if ratio >= 1 else f"{ratio:.2f}"


def _money(money: Any, record: AnalystRecord) -> str:
    if money is None or not math.isfinite(float(money)) or not money:
        return ""
    return f"{money_words(float(money))} {record.currency} {record.money_title}".replace("  ", " ")
