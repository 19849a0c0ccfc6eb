"""Experiments: the effect of each arm against control on each goal, by segment, with its warnings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import pandas as pd

from analytics.experiments.record import ExperimentRecord, ExperimentSummary
from analytics.groups import SEGMENT
from analytics.history import EVERYONE
from reporting.experiment_tables import effects_in_words, group_name, interactions_in_words
from reporting.sections.keys import Key, Keys

Tested = tuple[str, str, str]  # an experiment, a goal and an arm
MOST_TABLES = 12  # of effects on the page; all are in `segments effects`


@dataclass(frozen=True, slots=True)
class EffectRow:
    """A group's effect in words; mark : "above", "below" or empty, for its colour."""

    key: Key
    cells: tuple[str, ...]
    mark: str
    remark: str


@dataclass(frozen=True, slots=True)
class EffectTable:
    """The effect of one arm on one goal. verdicts : the interaction tests as sentences, that of the segments first."""

    title: str
    headings: tuple[str, ...]
    rows: tuple[EffectRow, ...]
    verdicts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExperimentsShown:
    """The section. summaries : a sentence on each experiment's arms. left_out : tables that are not on the page."""

    warnings: tuple[str, ...]
    summaries: tuple[str, ...]
    tables: tuple[EffectTable, ...]
    left_out: int
    notes: tuple[str, ...]

    @property
    def has_power(self) -> bool:
        """Whether any table shows the power for a stated difference."""
        return any(heading.startswith("power") for table in self.tables for heading in table.headings)


def experiments(record: ExperimentRecord, keys: Keys) -> ExperimentsShown:
    """The section of a record of experiments."""
    names = {key.id: key.name for key in keys.segments}
    verdicts: dict[Tested, list[str]] = {}
    known = record.interactions["p"].notna() | (record.interactions["grouping"] == SEGMENT)
    shown = replace(record, interactions=record.interactions[known.astype(bool)])
    for tested, sentence in zip(_tests(shown), interactions_in_words(shown, names), strict=True):
        verdicts.setdefault(tested, []).append(sentence.partition(": ")[2])
    tables = [
        _table(replace(record, effects=record.effects.iloc[places]), names, keys, tuple(verdicts.get(tested, ())))
        for tested, places in _telling_first(record.effects)
    ]
    summaries = tuple(_summary(summary) for summary in record.summaries)
    return ExperimentsShown(
        record.warnings, summaries, tuple(tables[:MOST_TABLES]), max(0, len(tables) - MOST_TABLES), record.notes
    )


def _table(record: ExperimentRecord, names: Mapping[str, str], keys: Keys, verdicts: tuple[str, ...]) -> EffectTable:
    """The table of a record with the effects of one arm on one goal."""
    words, rows = effects_in_words(record, names), record.effects
    experiment, goal, arm = (str(rows[name].iloc[0]) for name in ("experiment", "goal", "arm"))
    headings = [str(name) for name in words.columns if name not in ("experiment", "goal", "arm", "group", "remark")]
    shown = [
        EffectRow(
            _key(str(rows["grouping"].iloc[place]), str(rows["group"].iloc[place]), keys),
            tuple(str(words[heading].iloc[place]) for heading in headings),
            str(rows["mark"].iloc[place]),
            str(words["remark"].iloc[place]),
        )
        for place in range(len(rows))
    ]
    title = f"{experiment}: {arm} against {record.control}, {record.titles.get(goal, goal)}"
    return EffectTable(title, tuple(headings), tuple(shown), verdicts)


def _key(grouping: str, group: str, keys: Keys) -> Key:
    """The key of a segment, or a grey one of those who meet a condition, or do not."""
    if grouping in (EVERYONE, SEGMENT):
        return keys[group]
    return replace(keys[EVERYONE], name=group_name(grouping, group, {}))


def _tests(record: ExperimentRecord) -> list[Tested]:
    columns = (record.interactions[name] for name in ("experiment", "goal", "arm"))
    return [(str(experiment), str(goal), str(arm)) for experiment, goal, arm in zip(*columns, strict=True)]


def _telling_first(rows: pd.DataFrame) -> list[tuple[Tested, list[int]]]:
    """The places of each table: those with a mark first, those in which nothing is known last."""

    def silence(table: tuple[Tested, list[int]]) -> int:
        own = rows.iloc[table[1]]
        return 0 if own["mark"].ne("").any() else 1 if own["difference"].notna().any() else 2

    return sorted(_places(rows).items(), key=silence)


def _places(rows: pd.DataFrame) -> dict[Tested, list[int]]:
    """The places of the rows of each experiment, goal and arm."""
    places: dict[Tested, list[int]] = {}
    for place, key in enumerate(zip(rows["experiment"], rows["goal"], rows["arm"], strict=True)):
        places.setdefault((str(key[0]), str(key[1]), str(key[2])), []).append(place)
    return places


def _summary(summary: ExperimentSummary) -> str:
    arms = ", ".join(f"{arm} {number:,}" for arm, number in summary.ratio.customers.items())
    days = f"{summary.first_day} to {summary.last_day}" if summary.last_day > summary.first_day else summary.first_day
    return f"{summary.name}: exposed {days}; customers by arm: {arms}"
