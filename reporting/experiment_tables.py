"""The effects of experiments as they are printed and written: under the segments' names, for people or for programs."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from analytics.experiments.effects import RATE
from analytics.experiments.record import ExperimentRecord
from analytics.history import EVERYONE, NOT_ASSIGNABLE, UNASSIGNED
from reporting.rendering import money_words, percent
from segment_model.errors import counted

NAMES = {UNASSIGNED: "unassigned", NOT_ASSIGNABLE: "not assignable", EVERYONE: "everyone"}
MISSING = "-"


def effects_named(record: ExperimentRecord, names: Mapping[str, str]) -> pd.DataFrame:
    """The rows of `effects` with a column `name`, the group's name; names : of segments, by id."""
    rows = record.effects.copy()
    rows.insert(5, "name", _named(rows["group"], names))
    return rows


def effects_in_words(record: ExperimentRecord, names: Mapping[str, str]) -> pd.DataFrame:
    """The rows of `effects_named` for people."""
    rows = effects_named(record, names)
    columns = ("measure", "outcome", "outcome_control", "difference", "low", "high", "detectable")
    words = [_words(*numbers) for numbers in zip(*(rows[name] for name in columns), strict=True)]
    shown = rows[["experiment", "goal", "arm", "name"]].rename(columns={"name": "group"})
    shown["n"] = [f"{int(n):,} / {int(rest):,}" for n, rest in zip(rows["n"], rows["n_control"], strict=True)]
    headings = ("arm's", f"{record.control}'s", "difference", "95 % interval", "would show")
    for place, heading in enumerate(headings):
        shown[heading] = [row[place] for row in words]
    shown["remark"] = [mark or note for mark, note in zip(rows["mark"], rows["note"], strict=True)]
    return shown.astype("str")


def interactions_in_words(record: ExperimentRecord, names: Mapping[str, str]) -> list[str]:
    """A sentence on each arm and goal: whether its effect differs between segments, and where it is the highest."""
    rows = record.interactions.to_dict(orient="records")
    return [_interaction({str(name): cell for name, cell in row.items()}, names) for row in rows]


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


def _named(groups: pd.Series[str], names: Mapping[str, str]) -> list[str]:
    known = {**NAMES, **names}
    return [known.get(group, group) for group in groups]


def _words(
    measure: str, outcome: float, control: float, difference: float, low: float, high: float, detectable: float
) -> tuple[str, str, str, str, str]:
    """The two outcomes, the difference, its interval, and what would show."""
    if math.isnan(difference):
        return (MISSING,) * 5
    write = _points if measure == RATE else money_words
    level = percent if measure == RATE else money_words
    interval = MISSING if math.isnan(low) else f"{write(low)} to {write(high)}"
    would = MISSING if math.isnan(detectable) else write(detectable)
    return level(outcome), level(control), write(difference), interval, would


def _points(difference: float) -> str:
    """A difference of rates in percentage points."""
    return f"{100 * difference:.1f} pp"


def _interaction(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    start = f"{row['experiment']}, {row['goal']}, {row['arm']}"
    p, best = float(row["p_corrected"]), row["best"]
    if math.isnan(p):
        return f"{start}: too few segments have an effect to test whether it differs between them"
    if best:
        highest = names.get(best, best)
        return f"{start}: the effect differs between segments (p = {p:.2g}); it is the highest in {highest!r}"
    segments = counted(int(row["segments"]), "segment")
    return f"{start}: no segment stands out; whether the effect differs between {segments}: p = {p:.2g}"
