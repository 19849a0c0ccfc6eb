"""The notes of a record of experiments: which exposures count in no effect, and which experiments have none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from analytics.experiments.record import ExperimentSummary
from analytics.goals.goal import Goal
from jobs.effects.data_start import DataStart
from segment_model.errors import counted, nearest_word


def rows_left_out(counts: Mapping[str, int]) -> list[str]:
    """How many rows of the table are no exposure, by reason."""
    reasons = {name: number for name, number in counts.items() if name != "rows" and number}
    if not reasons:
        return []
    words = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in reasons.items())
    return [f"of {counted(counts['rows'], 'row')} of experiments are left out: {words}"]


def exposures_left_out(nameless: int, exposures: pd.DataFrame) -> list[str]:
    """How many exposures do not count. nameless : rows without experiment or arm. exposures : of `first_exposures`."""
    notes = []
    if nameless:
        words = (
            "row has no experiment or no arm, and is left out",
            "rows have no experiment or no arm, and are left out",
        )
        notes.append(counted(nameless, *words))
    again = int((~exposures["is_mixed"] & (exposures["exposures"] > 1)).sum())
    if again:
        notes.append(f"{counted(again, 'exposed customer')} came several times: the first exposure counts")
    mixed = int(exposures["is_mixed"].sum())
    if mixed:
        where = "exposed to several arms of one experiment, and"
        notes.append(counted(mixed, f"customer was {where} counts in none", f"customers were {where} count in none"))
    return notes


def incomplete_windows(customers: Mapping[Any, float], since: DataStart, goal: str, why: str) -> list[str]:
    """How many are not counted for a goal, by experiment, beside those who were exposed before the data begin."""
    others = {experiment: int(number) - since.before.get(experiment, 0) for experiment, number in customers.items()}
    return [
        f"{experiment}, {goal}: {counted(number, 'exposed customer')} not counted, since {why}"
        for experiment, number in others.items()
        if number
    ]


def reached_by_nobody(counts: pd.DataFrame, goal: Goal) -> list[str]:
    """That no exposed customer reaches a goal, so that all rates and effects are 0. counts : of `rate_counts`."""
    if counts["reached"].any() or not counts["n"].any():
        return []
    return [goal.never_reached("after an exposure, in any arm")]


def mismatch_warning(summary: ExperimentSummary) -> str:
    """That the arms of an experiment have other sizes than were planned."""
    arms = ", ".join(
        f"{arm} {counted(number, 'customer')} where {summary.ratio.expected[arm]:,.0f} were expected"
        for arm, number in summary.ratio.customers.items()
    )
    return (
        f"SAMPLE RATIO MISMATCH in {summary.name}: {arms} (p = {summary.ratio.p:.2g}); customers were lost on the "
        "way to an arm, so its effects are not to be trusted: look for the cause first"
    )


def without_effects(summaries: tuple[ExperimentSummary, ...], control: str) -> list[str]:
    """Which experiments have no arm `control`, or no other arm, and so no effects."""
    notes = []
    for summary in summaries:
        arms = [arm for arm, number in summary.ratio.customers.items() if number]
        if control not in arms:
            near = nearest_word(control, arms)
            notes.append(
                f"{summary.name} has no arm {control!r}, but {', '.join(arms)}, and so no effects.{near} Set "
                "sources.experiments.control"
            )
        elif len(arms) == 1:
            notes.append(f"{summary.name} has no arm but {control!r}, and so no effects")
    return notes
