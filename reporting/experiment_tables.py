"""The effects of experiments as they are printed and written: under the segments' names, for people or for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import pandas as pd

from analytics.experiments.rates import RATE
from analytics.experiments.record import ExperimentRecord
from analytics.groups import SEGMENT
from analytics.history import EVERYONE, MEETS, NOT_ASSIGNABLE, UNASSIGNED
from analytics.intervals.marks import LEVEL
from reporting.rendering import WriteAmount, money_column
from segment_model.errors import SettingsError, counted, nearest_word, percent

NAMES = {UNASSIGNED: "unassigned", NOT_ASSIGNABLE: "not assignable", EVERYONE: "everyone"}
MISSING = "-"
POINTS = " pp"


def chosen_effects(record: ExperimentRecord, by: str) -> ExperimentRecord:
    """The record with the effects of one grouping only, beside everyone; empty for all.

    by : SEGMENT, or a named condition.

    Raises
    ------
    SettingsError
        If the settings have no such condition.
    """
    if not by:
        return record
    known = [SEGMENT, *sorted(set(record.effects["grouping"]) - {EVERYONE, SEGMENT})]
    if by not in known:
        raise SettingsError(
            f"the effects have no grouping {by!r}.{nearest_word(by, known)} They have {', '.join(known)}; a condition "
            "is named under `conditions` in the settings"
        )
    rows, tests = record.effects, record.interactions
    return replace(
        record,
        effects=rows[rows["grouping"].isin([EVERYONE, by])].reset_index(drop=True),
        interactions=tests[tests["grouping"] == by].reset_index(drop=True),
    )


def effects_named(record: ExperimentRecord, names: Mapping[str, str]) -> pd.DataFrame:
    """The rows of `effects` with a column `name`, the group's name; names : of segments, by id."""
    rows = record.effects.copy()
    rows.insert(6, "name", [group_name(*keys, names) for keys in zip(rows["grouping"], rows["group"], strict=True)])
    return rows


def effects_in_words(record: ExperimentRecord, names: Mapping[str, str]) -> pd.DataFrame:
    """The rows of `effects_named` for people; with the power of the stated difference where one is stated."""
    rows = effects_named(record, names)
    columns = ("measure", "outcome", "outcome_control", "difference", "low", "high", "detectable")
    money = rows.loc[rows["measure"] != RATE, list(columns[1:])]
    write = money_column(money.to_numpy(dtype=float).ravel())
    words = [_words(*numbers, write_money=write) for numbers in zip(*(rows[name] for name in columns), strict=True)]
    shown = rows[["experiment", "goal", "arm", "name"]].rename(columns={"name": "group"})
    shown["n"] = [f"{int(n):,} / {int(rest):,}" for n, rest in zip(rows["n"], rows["n_control"], strict=True)]
    headings = ("arm's", f"{record.control}'s", "difference", "95 % interval", "would show")
    for place, heading in enumerate(headings):
        shown[heading] = [row[place] for row in words]
    stated = rows["stated"].dropna().unique()
    if len(stated):
        heading = f"power for {_points(stated[0])}" if len(stated) == 1 else "power"
        cells = zip(rows["power"], rows["stated"], strict=True)
        shown[heading] = [_power(power, own, is_said=len(stated) == 1) for power, own in cells]
    shown["remark"] = [mark or note for mark, note in zip(rows["mark"], rows["note"], strict=True)]
    return shown.astype("str")


def interactions_in_words(record: ExperimentRecord, names: Mapping[str, str]) -> list[str]:
    """A sentence on each arm, goal and grouping: whether its effect differs, and where it is the highest."""
    rows = record.interactions.to_dict(orient="records")
    return [_interaction({str(name): cell for name, cell in row.items()}, names) for row in rows]


def group_name(grouping: str, group: str, names: Mapping[str, str]) -> str:
    """A group as it is shown: a segment's name, or who meets a condition and who does not."""
    if grouping in (EVERYONE, SEGMENT):
        return names.get(group) or NAMES.get(group, group)
    return grouping if group == MEETS else f"not {grouping}"


def effects_json(record: ExperimentRecord, names: Mapping[str, str]) -> str:
    """The record as a JSON document; missing is null."""
    experiments: list[dict[str, Any]] = [
        {**asdict(each), "first_day": each.first_day.isoformat(), "last_day": each.last_day.isoformat()}
        for each in record.summaries
    ]
    content = {
        "control": record.control,
        "currency": record.currency,
        "experiments": experiments,
        "warnings": list(record.warnings),
        "notes": list(record.notes),
        "effects": json.loads(effects_named(record, names).to_json(orient="records")),
        "interactions": json.loads(record.interactions.to_json(orient="records")),
    }
    for summary in experiments:
        p = summary["ratio"]["p"]
        summary["ratio"]["p"] = None if math.isnan(p) else p
    return json.dumps(content, indent=2, ensure_ascii=False)


def _words(
    measure: str,
    outcome: float,
    control: float,
    difference: float,
    low: float,
    high: float,
    detectable: float,
    *,
    write_money: WriteAmount,
) -> tuple[str, str, str, str, str]:
    """The two outcomes, the difference, its interval, and what would show."""
    if math.isnan(difference):
        return (MISSING,) * 5
    write = _points if measure == RATE else write_money
    level = percent if measure == RATE else write_money
    interval = MISSING if math.isnan(low) else f"{write(low).removesuffix(POINTS)} to {write(high)}"
    would = MISSING if math.isnan(detectable) else write(detectable)
    return level(outcome), level(control), write(difference), interval, would


def _points(difference: float) -> str:
    """A difference of rates in percentage points."""
    return f"{100 * difference:.1f}{POINTS}"


def _power(power: float, stated: float, is_said: bool) -> str:
    """The power, and of which difference where the heading does not say it."""
    if math.isnan(power):
        return MISSING
    return f"{100 * power:.0f} %{'' if is_said else f' for {_points(stated)}'}"


def _interaction(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    grouping = str(row["grouping"])
    of_segments = grouping == SEGMENT
    start = ", ".join(
        (str(row["experiment"]), str(row["goal"]), str(row["arm"]), *(() if of_segments else (grouping,)))
    )
    p, best = float(row["p_corrected"]), str(row["best"])
    groups = "segments" if of_segments else f"those who meet {grouping} and the rest"
    if math.isnan(p):
        few = "too few segments have" if of_segments else "not both groups have"
        return f"{start}: {few} an effect to test whether it differs between them"
    if best:
        highest = group_name(grouping, best, names)
        return f"{start}: the effect differs between {groups} (p = {p:.2g}); it is the highest in {highest!r}"
    if of_segments:
        groups = f"the {counted(int(row['groups']), 'segment')}"
    if p < LEVEL:
        return f"{start}: the effect differs between {groups} (p = {p:.2g}), but it is sure in none by itself"
    return f"{start}: the effect does not differ beyond chance between {groups} (p = {p:.2g})"
