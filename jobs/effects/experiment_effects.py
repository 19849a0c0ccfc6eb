"""The effects of a company's experiments, computed anew from the tables that the settings name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from analytics.experiments.comparison import GroupColumns
from analytics.experiments.effects import EFFECTS, INTERACTIONS, ArmEffects, arm_effects, corrected_interactions
from analytics.experiments.exposures import INCOMPLETE, first_exposures, missing_names, money_rows, rate_counts
from analytics.experiments.means import Means
from analytics.experiments.rates import Rates
from analytics.experiments.record import ExperimentRecord, ExperimentSummary
from analytics.experiments.sample_ratio import sample_ratio
from analytics.fetched import fetched
from analytics.goals.outcomes import outcomes
from analytics.groups import SEGMENT
from analytics.history import EVERYONE, MEETS, REST, condition_column
from features.as_of import AsOf
from features.conditions.on_vectors.named_conditions import NO_CONDITIONS, NamedConditions
from features.history.placed_members import PlacedMembers
from features.history.table_history import TableHistory, open_history
from features.settings import ExperimentsSource
from features.tables.raw_tables import EXPERIMENTS
from jobs.customer_vectors import learned_by, refuse_spark
from jobs.effects.data_start import DataStart
from jobs.effects.exposed_segments import exposed_segments
from jobs.goals.settled_goals import goal_conditions, settled_goals
from jobs.membership.membership import trained_until, undated_notes
from jobs.membership.met_conditions import conditions_of
from jobs.registry_location import location_of
from registry.versions.versions import fetch
from segment_model.errors import SettingsError, counted, nearest_word
from segment_model.model import SegmentModel
from training.progress import Announce
from training.settings import Settings

USUAL_DAYS = 30  # of the window of money, where no goal has one
ORDERS = "orders"
NO_START = DataStart("", None, {})  # of a table without a dated row


@dataclass(frozen=True)
class NamedExperiments:
    """The record of experiments by a registered model, and the present names of its segments by id."""

    record: ExperimentRecord
    names: Mapping[str, str]


def effects_of(
    settings: Settings,
    base: Path,
    which: str,
    announce: Announce,
    experiment: str = "",
    goal: str = "",
    stated: float | None = None,
) -> NamedExperiments:
    """The effects by the segments of the model that an alias or version names, and by the conditions of the settings.

    experiment, goal : only this one; empty for all. With a goal money is left out. stated : the difference of rates
    whose power is computed; by default that of each goal.

    Raises
    ------
    SegmentsError
        If the model or a table cannot be read, the settings name no table of experiments, or there is no such
        experiment or goal.
    """
    if settings.sources.experiments is None:
        raise SettingsError(
            "there is no table of experiments: name it under sources, such as `experiments: {file: exposures.csv}`, "
            "with the columns customer_id, experiment, arm and exposed_at"
        )
    model = fetch(location_of(settings, base), which).model
    record = experiment_record(settings, settings.sources.experiments, base, model, announce, experiment, goal, stated)
    return NamedExperiments(record, dict(zip(model.ids, model.names, strict=True)))


def experiment_record(
    settings: Settings,
    source: ExperimentsSource,
    base: Path,
    model: SegmentModel,
    announce: Announce,
    experiment: str = "",
    goal: str = "",
    stated: float | None = None,
) -> ExperimentRecord:
    """The record of experiments by the segments of a model and by conditions; the arguments are those of `effects_of`.

    Raises
    ------
    SegmentsError
        If a table cannot be read, there is no such experiment or goal, or the settings have no as-of moment.
    """
    refuse_spark(settings)
    if settings.as_of is None:
        raise SettingsError("effects need `as_of`: the segment of a customer is that as of its exposure")
    zone = settings.features.time_zone
    as_of = AsOf.at(settings.as_of, zone)
    until = settings.analytics.observed_until
    observed = as_of if until is None else AsOf.at(until, zone)
    opened_until = max(as_of, observed, key=lambda moment: moment.instant)
    _check("goal", goal, list(settings.goals))
    announce("reading the tables")
    learned = learned_by(model)
    with open_history(settings.sources, settings.features, opened_until, base, learned, True) as history:
        assert history.exposures is not None  # noqa: S101 - the settings name the table
        firsts = fetched(first_exposures(history.exposures), "experiments")
        firsts = firsts.astype({"customer_id": "str", "is_mixed": bool})
        _check("experiment", experiment, sorted(set(firsts["experiment"])))
        chosen = firsts[firsts["experiment"] == experiment] if experiment else firsts
        kept = chosen[~chosen["is_mixed"]].reset_index(drop=True)
        notes = _left_out(history.read[EXPERIMENTS.name].counts)
        notes += _notes_of_rows(missing_names(history.exposures), chosen)
        summaries = tuple(_summary(str(name), own, source) for name, own in chosen.groupby("experiment", sort=True))
        if kept.empty:
            notes.append(
                "nobody was exposed to a single arm of an experiment before the data end, so there are no effects"
            )
            return ExperimentRecord(source.control, settings.features.currency, summaries, notes=tuple(notes))
        conditions = _conditions(settings, history, as_of)
        groups, how = exposed_segments(model, history, kept, conditions, trained_until(settings, model), announce)
        announce("computing the effects")
        placed = PlacedMembers(_placeable(kept, groups), history.temporary)
        columns = ((SEGMENT, SEGMENT), *((name, condition_column(name)) for name in conditions))
        starts = {name: DataStart.of(name, moment, kept) for name, moment in history.oldest.items()}
        judged, unfinished = _judged(settings, source.control, history, placed, columns, observed, goal, stated, starts)
        how = (*how, *undated_notes(conditions, history))
    order = [EVERYONE, *model.ids, MEETS, REST]
    return ExperimentRecord(
        control=source.control,
        currency=settings.features.currency,
        summaries=summaries,
        effects=_in_order(_joined([effect.rows for effect in judged], EFFECTS), order),
        interactions=_segments_first(
            corrected_interactions(_joined([effect.interactions for effect in judged], INTERACTIONS))
        ),
        warnings=tuple(_mismatch(summary) for summary in summaries if summary.ratio.is_mismatch),
        notes=(*notes, *how, *unfinished, *_without_control(summaries, source.control)),
        titles={name: chosen.title or name.replace("_", " ") for name, chosen in settings.goals.items()},
    )


def _conditions(settings: Settings, history: TableHistory, as_of: AsOf) -> NamedConditions:
    """The conditions of the settings; ready-made ones take their numbers from the customers of the as-of moment."""
    if not settings.conditions:
        return NO_CONDITIONS
    present = history.vectors(as_of)
    return conditions_of(settings, present.contract, present.frame)


def _judged(
    settings: Settings,
    control: str,
    history: TableHistory,
    placed: PlacedMembers,
    columns: GroupColumns,
    observed: AsOf,
    goal: str,
    stated: float | None,
    data_starts: Mapping[str, DataStart],
) -> tuple[list[ArmEffects], list[str]]:
    """The effects on each goal and on money, and who is not counted. data_starts : by raw table."""
    goals = [each for each in settled_goals(settings, history.opened.columns) if goal in ("", each.name)]
    floor = settings.analytics.floor
    judged: list[ArmEffects] = []
    of_money = [ORDERS] if ORDERS in history.dated and not goal else []
    notes: list[str] = []
    for table in dict.fromkeys([*(each.table for each in goals), *of_money]):
        notes += data_starts[table].notes if table in data_starts else []
    for each in goals:
        since = data_starts.get(each.table, NO_START)
        rows, members = placed.beside(history.rows(each.table, observed, goal_conditions(settings, each.table)))
        exposed = members.mutate(exposed_at=members.exposed_at.cast("timestamp"))
        starts = since.seen(exposed).select("customer_id", starts_at="exposed_at")
        counts = rate_counts(exposed, outcomes(each, rows, starts, observed.local), columns)
        effect = each.effect if stated is None else stated
        of_goal = float("nan") if effect is None else effect
        judged.append(arm_effects(Rates(counts), control, floor, each.name, of_goal))
        why = f"the {counted(each.within_days, 'day')} after it are not over by {observed.local.date()}, or they"
        incomplete = counts.xs(EVERYONE, level="grouping")[INCOMPLETE].groupby("experiment").sum().to_dict()
        notes += _incomplete(incomplete, since, each.name, f"{why} cannot reach it")
    if of_money:
        since = data_starts.get(ORDERS, NO_START)
        rows, members = placed.beside(history.rows(ORDERS, observed))
        exposed = members.mutate(exposed_at=members.exposed_at.cast("timestamp"))
        for days in (
            dict.fromkeys(each.within_days for each in goals) or [USUAL_DAYS] if "cents" in rows.columns else []
        ):
            money = money_rows(exposed, rows, days, observed.local, columns, since.is_seen(exposed))
            title = f"revenue in {counted(days, 'day')}"
            judged.append(arm_effects(Means.of_rows(money, columns), control, floor, title))
            why = f"the {counted(days, 'day')} after it are not over by {observed.local.date()}"
            notes += _incomplete((~money["counts"]).groupby(money["experiment"]).sum().to_dict(), since, title, why)
    if not judged:
        notes.append("no goal is set and no order has money, so there is no effect to look at: set `goals`")
    return judged, notes


def _placeable(kept: pd.DataFrame, groups: pd.DataFrame) -> pd.DataFrame:
    texts = kept[["customer_id", "experiment", "arm"]].astype("str")
    moments = kept["exposed_at"].dt.strftime("%Y-%m-%d %H:%M:%S.%f").astype("str")
    return texts.assign(exposed_at=moments).join(groups)


def _summary(name: str, own: pd.DataFrame, source: ExperimentsSource) -> ExperimentSummary:
    kept = own[~own["is_mixed"]]
    arms = {str(arm): int(count) for arm, count in kept["arm"].value_counts(sort=False).sort_index().items()}
    return ExperimentSummary(
        name,
        sample_ratio(arms, source.shares.get(name)),
        own["exposed_at"].min().date(),
        own["exposed_at"].max().date(),
        exposed_again=int((kept["exposures"] > 1).sum()),
        in_two_arms=int(own["is_mixed"].sum()),
    )


def _left_out(counts: Mapping[str, int]) -> list[str]:
    """How many rows of the table are no exposure, by reason."""
    reasons = {name: number for name, number in counts.items() if name != "rows" and number}
    if not reasons:
        return []
    words = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in reasons.items())
    return [f"of {counted(counts['rows'], 'row')} of experiments are left out: {words}"]


def _notes_of_rows(nameless: int, chosen: pd.DataFrame) -> list[str]:
    notes = []
    if nameless:
        words = (
            "row has no experiment or no arm, and is left out",
            "rows have no experiment or no arm, and are left out",
        )
        notes.append(counted(nameless, *words))
    again = int((~chosen["is_mixed"] & (chosen["exposures"] > 1)).sum())
    if again:
        notes.append(f"{counted(again, 'exposed customer')} came several times: the first exposure counts")
    mixed = int(chosen["is_mixed"].sum())
    if mixed:
        where = "exposed to several arms of one experiment, and"
        notes.append(counted(mixed, f"customer was {where} counts in none", f"customers were {where} count in none"))
    return notes


def _incomplete(customers: Mapping[Any, float], since: DataStart, goal: str, why: str) -> list[str]:
    """How many are not counted for a goal, by experiment, beside those who were exposed before the data begin."""
    others = {experiment: int(number) - since.before.get(experiment, 0) for experiment, number in customers.items()}
    return [
        f"{experiment}, {goal}: {counted(number, 'exposed customer')} not counted, since {why}"
        for experiment, number in others.items()
        if number
    ]


def _mismatch(summary: ExperimentSummary) -> str:
    arms = ", ".join(
        f"{arm} {counted(number, 'customer')} where {summary.ratio.expected[arm]:,.0f} were expected"
        for arm, number in summary.ratio.customers.items()
    )
    return (
        f"SAMPLE RATIO MISMATCH in {summary.name}: {arms} (p = {summary.ratio.p:.2g}); customers were lost on the "
        "way to an arm, so its effects are not to be trusted: look for the cause first"
    )


def _without_control(summaries: tuple[ExperimentSummary, ...], control: str) -> list[str]:
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


def _joined(tables: list[pd.DataFrame], columns: Sequence[str]) -> pd.DataFrame:
    whole = [table for table in tables if len(table)]
    return pd.concat(whole, ignore_index=True) if whole else pd.DataFrame(columns=list(columns))


def _in_order(rows: pd.DataFrame, order: list[str]) -> pd.DataFrame:
    """The rows of each arm with the groups in this order, all others after them."""
    if rows.empty:
        return rows
    places = rows["group"].map({group: place for place, group in enumerate(order)}).fillna(len(order))
    keys = rows.groupby(["experiment", "goal", "arm"], sort=False).ngroup()
    groupings = rows["grouping"].map({EVERYONE: 0, SEGMENT: 1}).fillna(2)
    names = rows["grouping"].where(groupings == 2, "")
    ordered = rows.assign(key=keys, kind=groupings, name=names, place=places)
    return ordered.sort_values(["key", "kind", "name", "place"], kind="stable", ignore_index=True)[list(rows.columns)]


def _segments_first(tests: pd.DataFrame) -> pd.DataFrame:
    """The interaction tests of each experiment, goal and arm, that of the segments before those of conditions."""
    if tests.empty:
        return tests
    keys = tests.groupby(["experiment", "goal", "arm"], sort=False).ngroup()
    ordered = tests.assign(key=keys, later=tests["grouping"] != SEGMENT)
    return ordered.sort_values(["key", "later"], kind="stable", ignore_index=True)[list(tests.columns)]


def _check(what: str, chosen: str, known: list[str]) -> None:
    if chosen and chosen not in known:
        raise SettingsError(
            f"there is no {what} {chosen!r}.{nearest_word(chosen, known)} There is {', '.join(known) or 'none'}"
        )
