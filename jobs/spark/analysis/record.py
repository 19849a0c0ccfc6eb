"""The analyst's record of the champion, computed in Spark; of the customers a few are fetched, as examples."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from analytics.compute import compute_record_of
from analytics.history import NOT_ASSIGNABLE, DatedRows, History
from analytics.record import AnalystRecord
from features.as_of import AsOf
from features.history.table_history import open_history
from features.own_vectors.repeated_columns import LOOKED_AT
from features.reading.spark_session import spark_session
from features.reading.spark_tables import SparkTables
from features.sources import plain_errors
from features.spark.figures_in_spark import SparkFigures
from features.spark.spark_vectors import build_spark_vectors
from features.vector_table import read_with_faults
from jobs.customer_vectors import learned_by
from jobs.goals.settled_goals import goal_conditions, settled_goals
from jobs.membership.compared_columns import compared_columns
from jobs.membership.membership import ends_without_previous, membership_notes, trained_until
from jobs.membership.met_conditions import conditions_of
from jobs.membership.short_history import months_of_short_history
from jobs.record import (
    FIELDS,
    NO_MONTHS,
    UNDATED,
    later,
    month_ends,
    observed_until,
    options_of,
)
from jobs.spark.analysis.month_members import members_in_spark, vectors_as_of
from jobs.spark.analysis.past_months import SparkPast
from jobs.spark.analysis.present import SparkPresent
from segment_model.contract import VectorContract
from segment_model.errors import SettingsError
from segment_model.model import SegmentModel
from training.progress import Announce
from training.settings import Settings

OF_ALL = "The figures of this record are of all customers, not of a sample"


def compute_in_spark(settings: Settings, base: Path, model: SegmentModel, announce: Announce) -> AnalystRecord:
    """The record of a model's segments; `base` is the folder from which the settings' paths count.

    Raises
    ------
    SegmentsError
        If a table cannot be read, or does not make the model's columns, or if Spark fails.
    """
    with spark_session(settings.engine, settings.features.time_zone) as session:
        tables = SparkTables(session, base)
        try:
            with plain_errors("cannot compute the record"):
                return _computed(settings, base, model, tables, announce)
        finally:
            tables.close()


def _computed(
    settings: Settings, base: Path, model: SegmentModel, tables: SparkTables, announce: Announce
) -> AnalystRecord:
    if settings.analytics.written is not None:
        raise SettingsError("analytics.written reads the members of all months into memory: leave it out for Spark")
    if settings.as_of is None:
        own = build_spark_vectors(tables, settings.sources, settings.features, None, base, learned_by(model))
        return _of_vectors(settings, model, tables, own.frame, own.contract)
    as_of = AsOf.at(settings.as_of, settings.features.time_zone)
    observed, until = observed_until(settings, as_of), trained_until(settings, model)
    learned = learned_by(model)
    announce("reading the tables")
    last = later(as_of, observed)
    with open_history(settings.sources, settings.features, last, base, learned, spark=tables) as history:
        goals = settled_goals(settings, history.opened.columns)
        ends = month_ends(history, observed, settings.analytics.months)
        vectors = vectors_as_of(tables, history, as_of)
        contract = history.contract
        if ends is UNDATED:
            return _of_vectors(settings, model, tables, vectors, contract)
        conditions = conditions_of(settings, contract, SparkFigures(vectors))
        compared = compared_columns(settings, contract)
        short_history = (
            months_of_short_history(ends, history.oldest, until, history.settings, model.contract) if until else {}
        )
        announce("assigning customers at each month end, and computing money, retention and growth by segment")
        alone = ends_without_previous(ends, as_of, short_history)
        members = members_in_spark(tables, history, model, ends, compared, conditions, alone)
        dated = {}
        for name in history.dated:
            rows = history.rows(name, observed, goal_conditions(settings, name))
            dated[FIELDS[name]] = DatedRows(rows.mutate(customer_id=rows.customer_id.cast("string")), members)
        read = conditions.columns
        company = History(ends, model.ids, **dated, compared=compared, conditions=read, keep=tables.hold)
        options = replace(options_of(settings, short_history), goals=goals, trained=until)
        present = SparkPresent.of(tables, vectors, model, contract, conditions)
        past = SparkPast(
            tables,
            lambda position: vectors_as_of(tables, history, AsOf.at(ends.dates[position], history.settings.time_zone)),
            tuple(history.undated),
        )
        record = compute_record_of(company, present, options, conditions, past)
        counts = record.sizes[record.sizes.segment == NOT_ASSIGNABLE].customers  # one a month end
        not_assignable = {position: int(count) for position, count in enumerate(counts) if count}
        notes = membership_notes(ends, not_assignable, short_history, history, compared, conditions)
        record = _with_examples(record, settings, model, present)
        report = {name: history.read[name].counts for name in history.opened.columns}
    return replace(record, notes=(*read_with_faults(report), *record.notes, *notes, OF_ALL))


def _of_vectors(
    settings: Settings, model: SegmentModel, tables: SparkTables, vectors: Any, contract: VectorContract
) -> AnalystRecord:
    """As `jobs.record.record_of_vectors`, of a Spark DataFrame of vectors."""
    conditions = conditions_of(settings, contract, SparkFigures(vectors))
    present = SparkPresent.of(tables, vectors, model, contract, conditions)
    record = compute_record_of(History(UNDATED, model.ids), present, options_of(settings, {}), conditions)
    record = _with_examples(record, settings, model, present)
    return replace(record, notes=(*record.notes, NO_MONTHS, OF_ALL))


def _with_examples(
    record: AnalystRecord, settings: Settings, model: SegmentModel, present: SparkPresent
) -> AnalystRecord:
    """The record with a few customers who meet each condition, unless the settings keep ids out of it."""
    if not settings.analytics.representatives:
        return record
    examples = present.representatives(model, settings.discovery.seed)
    many = present.sampled_conditions
    note = (
        f"the examples of customers who meet {', '.join(many)} are typical of a sample of {LOOKED_AT:,} of them, and "
        "not of all"
    )
    return replace(record, representatives=examples, notes=(*record.notes, *([note] if many else [])))
