"""The effects of a company's experiments, computed anew from the tables that the settings name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import ibis.expr.types as ir
import pandas as pd

from analytics.experiments.effects import EFFECTS, INTERACTIONS, corrected_interactions
from analytics.experiments.exposures import first_exposures, missing_names
from analytics.experiments.record import ExperimentRecord, ExperimentSummary
from analytics.experiments.sample_ratio import sample_ratio
from analytics.fetched import fetched
from analytics.groups import SEGMENT
from analytics.history import EVERYONE, MEETS, REST, condition_column
from features.as_of import AsOf
from features.conditions.on_vectors.named_conditions import NO_CONDITIONS, NamedConditions
from features.conditions.on_vectors.vector_figures import FrameFigures
from features.history.placed_members import PlacedMembers
from features.history.table_history import TableHistory, open_history
from features.settings import ExperimentsSource
from features.tables.raw_tables import EXPERIMENTS
from jobs.customer_vectors import learned_by, refuse_spark
from jobs.effects.data_start import DataStart
from jobs.effects.effects_on_outcomes import ExposedGroups
from jobs.effects.exposed_segments import exposed_segments
from jobs.effects.exposure_notes import exposures_left_out, mismatch_warning, rows_left_out, without_effects
from jobs.membership.membership import trained_until, undated_notes
from jobs.membership.met_conditions import conditions_of
from jobs.record import later, observed_until
from jobs.registry_location import location_of
from registry.versions.versions import fetch
from segment_model.errors import SettingsError, nearest_word
from segment_model.model import SegmentModel
from training.progress import Announce
from training.settings import Settings


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
    as_of = AsOf.at(settings.as_of, settings.features.time_zone)
    observed = observed_until(settings, as_of)
    _check("goal", goal, list(settings.goals))
    announce("reading the tables")
    until, learned = later(as_of, observed), learned_by(model)
    with open_history(settings.sources, settings.features, until, base, learned, with_exposures=True) as history:
        assert history.exposures is not None  # noqa: S101 - the settings name the table
        chosen = _exposed(history.exposures, experiment)
        kept = chosen[~chosen["is_mixed"]].reset_index(drop=True)
        notes = rows_left_out(history.read[EXPERIMENTS.name].counts)
        notes += exposures_left_out(missing_names(history.exposures), chosen)
        summaries = tuple(_summary(str(name), own, source) for name, own in chosen.groupby("experiment", sort=True))
        if kept.empty:
            notes.append(
                "nobody was exposed to a single arm of an experiment before the data end, so there are no effects"
            )
            return ExperimentRecord(source.control, settings.features.currency, summaries, notes=tuple(notes))
        conditions = _conditions(settings, history, as_of)
        groups, how = exposed_segments(model, history, kept, conditions, trained_until(settings, model), announce)
        announce("computing the effects")
        exposed = ExposedGroups(
            settings,
            source.control,
            history,
            PlacedMembers(_placeable(kept, groups), history.temporary),
            ((SEGMENT, SEGMENT), *((name, condition_column(name)) for name in conditions)),
            observed,
            {name: DataStart.of(name, moment, kept) for name, moment in history.oldest.items()},
        )
        effects, uncounted = exposed.effects(goal, stated)
        how = (*how, *undated_notes(conditions, history))
    order = [EVERYONE, *model.ids, MEETS, REST]
    return ExperimentRecord(
        control=source.control,
        currency=settings.features.currency,
        summaries=summaries,
        effects=_in_order(_joined([effect.rows for effect in effects], EFFECTS), order),
        interactions=_segments_first(
            corrected_interactions(_joined([effect.interactions for effect in effects], INTERACTIONS))
        ),
        warnings=tuple(mismatch_warning(summary) for summary in summaries if summary.ratio.is_mismatch),
        notes=(*notes, *how, *uncounted, *without_effects(summaries, source.control)),
        titles={name: chosen.title or name.replace("_", " ") for name, chosen in settings.goals.items()},
    )


def _exposed(exposures: ir.Table, experiment: str) -> pd.DataFrame:
    """The first exposure of each customer to each experiment, or to the one of this name."""
    firsts = fetched(first_exposures(exposures), "experiments").astype({"customer_id": "str", "is_mixed": bool})
    _check("experiment", experiment, sorted(set(firsts["experiment"])))
    return firsts[firsts["experiment"] == experiment] if experiment else firsts


def _conditions(settings: Settings, history: TableHistory, as_of: AsOf) -> NamedConditions:
    """The conditions of the settings; ready-made ones take their numbers from the customers of the as-of moment."""
    if not settings.conditions:
        return NO_CONDITIONS
    present = history.vectors(as_of)
    return conditions_of(settings, present.contract, FrameFigures(present.frame))


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
            f"there is no {what} {chosen!r}.{nearest_word(chosen, known)} Known: {', '.join(known) or 'none'}"
        )
