"""The analyst's record of the champion, computed anew from the tables that the settings name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pandas as pd

from analytics.compute import compute_record
from analytics.conditions.overlap import conditions_met
from analytics.goals.past_months import PastVectors
from analytics.history import DatedRows, History
from analytics.month_ends import MonthEnds
from analytics.options import RecordOptions
from analytics.record import AnalystRecord
from features.as_of import AsOf
from features.conditions.on_vectors.named_conditions import NamedConditions
from features.conditions.on_vectors.vector_figures import FrameFigures
from features.history.placed_members import PlacedMembers
from features.history.table_history import TableHistory, open_history
from features.vector_table import read_with_faults
from jobs.complete_customers import complete
from jobs.customer_vectors import learned_by, refuse_spark, vectors_of
from jobs.goals.settled_goals import goal_conditions, settled_goals
from jobs.membership.membership import Membership, membership_of, trained_until
from jobs.membership.met_conditions import conditions_of
from jobs.membership.month_members import assigned
from jobs.registry_location import location_of
from registry.versions.versions import fetch
from reporting.content.condition_examples import representatives
from segment_model.contract import VectorContract
from segment_model.model import SegmentModel
from training.progress import Announce
from training.settings import Settings

UNDATED = MonthEnds((), datetime.min)  # of a company whose tables have no dates
NO_MONTHS = "no table has dated rows of a month that is over, so money by month, retention and growth are not known"
ComputeRecord = Callable[[Settings, Path, SegmentModel, Announce], AnalystRecord]
FIELDS = {"subscriptions": "terms", "orders": "orders", "events": "events"}  # of `History`, by raw table


@dataclass(frozen=True)
class ComputedRecord:
    """A record, and the customers at the as-of moment whom it describes: their vectors, and the segment of each.

    short_history : the positions of month ends of short history, each with the reason as a sentence.
    """

    record: AnalystRecord
    vectors: pd.DataFrame
    labels: pd.Series[str]
    contract: VectorContract
    short_history: Mapping[int, str]


@dataclass(frozen=True)
class NamedRecord:
    """The record of a registered model, and the present names of its segments by id."""

    record: AnalystRecord
    names: Mapping[str, str]


def record_of(
    settings: Settings,
    base: Path,
    which: str,
    months: int | None,
    announce: Announce,
    elsewhere: ComputeRecord | None = None,
) -> NamedRecord:
    """The record of the model that an alias or version names.

    months : instead of those of the settings. elsewhere : computes it where the customers lie, if not in memory.

    Raises
    ------
    SegmentsError
        If the model or a table cannot be read, or the tables do not make the model's columns.
    """
    model = fetch(location_of(settings, base), which).model
    wanted = with_months(settings, months)
    own = elsewhere or (lambda *of: compute(*of).record)
    return NamedRecord(own(wanted, base, model, announce), dict(zip(model.ids, model.names, strict=True)))


def with_months(settings: Settings, months: int | None) -> Settings:
    """The settings with another number of months; None leaves them as they are."""
    if months is None:
        return settings
    return settings.model_copy(update={"analytics": settings.analytics.model_copy(update={"months": months})})


def compute(
    settings: Settings, base: Path, model: SegmentModel, announce: Announce, vectors: pd.DataFrame | None = None
) -> ComputedRecord:
    """The record of a model's segments; `base` is the folder from which the settings' paths count.

    vectors : the customers at the as-of moment, by what the model learned of their features, where they are in memory
    already; None computes them.

    Raises
    ------
    SegmentsError
        If a table cannot be read, or does not make the model's columns.
    """
    refuse_spark(settings)
    learned = learned_by(model)
    if settings.as_of is None:
        return _undated(settings, base, model)
    zone = settings.features.time_zone
    as_of = AsOf.at(settings.as_of, zone)
    observed = observed_until(settings, as_of)
    announce("reading the tables")
    with open_history(settings.sources, settings.features, later(as_of, observed), base, learned) as history:
        goals = settled_goals(settings, history.opened.columns)
        ends = month_ends(history, observed, settings.analytics.months)
        present = history.vectors(as_of) if vectors is None else history.past_of(vectors)
        labels = assigned(model, present.frame)
        if ends is UNDATED:
            record = record_of_vectors(settings, model, present.frame, labels, present.contract)
            return ComputedRecord(record, present.frame, labels, present.contract, {})
        conditions = conditions_of(settings, present.contract, FrameFigures(present.frame))
        membership = membership_of(settings, base, model, history, ends, as_of, announce, conditions)
        announce("computing money, retention and growth by segment")
        of_months = _history_of(history, settings, membership, ends, observed, model, conditions)
        short_history, notes = membership.short_history, membership.notes
        del membership  # its rows, some for each customer, lie in the engine now
        options = replace(options_of(settings, short_history), goals=goals, trained=trained_until(settings, model))
        past = PastVectors(
            lambda position: history.vectors(AsOf.at(ends.dates[position], zone)).frame,
            lambda frame, rows: PlacedMembers(frame, history.temporary).beside(rows)[1],
            tuple(history.undated),
        )
        record = compute_record(of_months, present.frame, labels, present.contract, options, conditions, past)
    record = _with_representatives(record, settings, model, present.frame, conditions)
    record = replace(record, notes=(*read_with_faults(present.report), *record.notes, *notes))
    return ComputedRecord(record, present.frame, labels, present.contract, short_history)


def observed_until(settings: Settings, as_of: AsOf) -> AsOf:
    """The moment until which rows are known: that of the settings, else the as-of moment."""
    until = settings.analytics.observed_until
    return as_of if until is None else AsOf.at(until, settings.features.time_zone)


def month_ends(history: TableHistory, observed: AsOf, months: int) -> MonthEnds:
    """The last months that are over, of those in which the tables have rows; `UNDATED` without any."""
    if not history.oldest:
        return UNDATED
    first, last = min(history.oldest.values()).date(), observed.local.date()
    with_rows = 12 * (last.year - first.year) + last.month - first.month
    return MonthEnds.before(observed.local, min(months, with_rows)) if with_rows > 0 else UNDATED


def later(*moments: AsOf) -> AsOf:
    """The latest of the moments."""
    return max(moments, key=lambda moment: moment.instant)


def _history_of(
    history: TableHistory,
    settings: Settings,
    membership: Membership,
    ends: MonthEnds,
    observed: AsOf,
    model: SegmentModel,
    conditions: NamedConditions,
) -> History:
    """The tables as the analytics take them, with the members beside each."""
    placed = PlacedMembers(membership.members, history.temporary)
    rows = {name: history.rows(name, observed, goal_conditions(settings, name)) for name in history.dated}
    tables = {FIELDS[name]: DatedRows(*placed.beside(table)) for name, table in rows.items()}
    keep, compared = history.temporary.keep, membership.compared
    return History(ends, model.ids, **tables, compared=compared, conditions=conditions.columns, keep=keep)


def _with_representatives(
    record: AnalystRecord, settings: Settings, model: SegmentModel, frame: pd.DataFrame, conditions: NamedConditions
) -> AnalystRecord:
    """The record with a few customers who meet each condition, unless the settings keep ids out of it."""
    if not len(conditions) or not settings.analytics.representatives:
        return record
    readable, _ = complete(model, frame)
    return replace(record, representatives=representatives(model, readable, conditions_met(conditions, frame)))


def options_of(settings: Settings, short_history: Mapping[int, str]) -> RecordOptions:
    chosen = settings.analytics
    return RecordOptions(
        currency=settings.features.currency,
        floor=chosen.floor,
        margin=chosen.margin,
        reactivation_in_nrr=chosen.reactivation_in_nrr,
        churn_denominator=chosen.churn_denominator,
        horizon_months=chosen.horizon_months,
        cohorts=chosen.cohorts,
        short_history=frozenset(short_history),
    )


def _undated(settings: Settings, base: Path, model: SegmentModel) -> ComputedRecord:
    """The record of a company whose only table are the user's own vectors."""
    vectors = vectors_of(settings, base, learned_by(model))
    labels = assigned(model, vectors.frame)
    record = record_of_vectors(settings, model, vectors.frame, labels, vectors.contract)
    return ComputedRecord(record, vectors.frame, labels, vectors.contract, {})


def record_of_vectors(
    settings: Settings, model: SegmentModel, frame: pd.DataFrame, labels: pd.Series[str], contract: VectorContract
) -> AnalystRecord:
    """A record of distributions alone, of customers without a table that has a month that is over.

    frame : the vectors (n, columns of the contract). labels : the segment of each of them.
    """
    history = History(UNDATED, model.ids)
    conditions = conditions_of(settings, contract, FrameFigures(frame))
    record = compute_record(history, frame, labels, contract, options_of(settings, {}), conditions)
    record = _with_representatives(record, settings, model, frame, conditions)
    return replace(record, notes=(*record.notes, NO_MONTHS))
