"""The analyst's record of the champion, computed in Spark: money, retention, growth and goals; no customer is fetched.

Named conditions and advice for goals need the customers in memory, and are left out.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from analytics.compute import compute_record
from analytics.history import NOT_ASSIGNABLE, DatedRows, History
from analytics.record import AnalystRecord
from features.as_of import AsOf
from features.conditions.on_vectors.named_conditions import NO_CONDITIONS
from features.history.table_history import open_history
from features.reading.spark_session import spark_session
from features.reading.spark_tables import SparkTables
from features.sources import plain_errors
from features.spark.spark_vectors import build_spark_vectors, past_vectors
from features.vector_table import read_with_faults
from jobs.customer_vectors import learned_by
from jobs.goals.settled_goals import goal_conditions, settled_goals
from jobs.membership.compared_columns import compared_columns
from jobs.membership.membership import ends_without_previous, membership_notes, trained_until
from jobs.membership.short_history import months_of_short_history
from jobs.record import (
    FIELDS,
    NO_MONTHS,
    UNDATED,
    NamedRecord,
    later,
    month_ends,
    observed_until,
    options_of,
    with_months,
)
from jobs.registry_location import location_of
from jobs.spark.distributions import distributions_in_spark
from jobs.spark.month_members import members_in_spark
from registry.versions.versions import fetch
from segment_model.contract import VectorContract
from segment_model.errors import SettingsError
from segment_model.model import SegmentModel
from training.progress import Announce
from training.settings import Settings

LEFT_OUT = (
    "The figures of this record are of all customers, not of a sample. With `engine: spark` it has no named "
    "conditions, no advice for goals and no example customers: they need the customers in memory"
)
NOBODY, NO_LABELS = pd.DataFrame(), pd.Series(dtype="str")  # in memory


def record_in_spark(settings: Settings, base: Path, which: str, months: int | None, announce: Announce) -> NamedRecord:
    """As `jobs.record.record_of`, where the settings name a Spark.

    Raises
    ------
    SegmentsError
        If the model or a table cannot be read, or the tables do not make the model's columns.
    """
    model = fetch(location_of(settings, base), which).model
    record = compute_in_spark(with_months(settings, months), base, model, announce)
    return NamedRecord(record, dict(zip(model.ids, model.names, strict=True)))


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
        groups = history.groups_as_of(as_of)
        present = past_vectors(tables, groups, history.read, history.sources, history.settings, as_of, history.learned)
        if ends is UNDATED:
            return _of_vectors(settings, model, tables, present, history.contract)
        compared = compared_columns(settings, history.contract)
        short_history = (
            months_of_short_history(ends, history.oldest, until, history.settings, model.contract) if until else {}
        )
        announce("assigning customers at each month end, and computing money, retention and growth by segment")
        members = members_in_spark(
            tables, history, model, ends, compared, ends_without_previous(ends, as_of, short_history)
        )
        dated = {}
        for name in history.dated:
            rows = history.rows(name, observed, goal_conditions(settings, name))
            dated[FIELDS[name]] = DatedRows(rows.mutate(customer_id=rows.customer_id.cast("string")), members)
        company = History(ends, model.ids, **dated, compared=compared, conditions={}, keep=tables.hold)
        options = replace(options_of(settings, short_history), goals=goals, trained=until)
        record = compute_record(company, NOBODY, NO_LABELS, history.contract, options)
        counts = record.sizes[record.sizes.segment == NOT_ASSIGNABLE].customers  # one a month end
        not_assignable = {position: int(count) for position, count in enumerate(counts) if count}
        notes = membership_notes(ends, not_assignable, short_history, history, compared, NO_CONDITIONS)
        announce("counting levels and quartiles by segment")
        record = _with_distributions(record, settings, model, tables, present, history.contract)
        report = {name: history.read[name].counts for name in history.opened.columns}
    return replace(record, notes=(*read_with_faults(report), *record.notes, *notes, LEFT_OUT))


def _of_vectors(
    settings: Settings, model: SegmentModel, tables: SparkTables, vectors: Any, contract: VectorContract
) -> AnalystRecord:
    """As `jobs.record.record_of_vectors`, of a Spark DataFrame of vectors."""
    record = compute_record(History(UNDATED, model.ids), NOBODY, NO_LABELS, contract, options_of(settings, {}))
    record = _with_distributions(record, settings, model, tables, vectors, contract)
    return replace(record, notes=(*record.notes, NO_MONTHS, LEFT_OUT))


def _with_distributions(
    record: AnalystRecord,
    settings: Settings,
    model: SegmentModel,
    tables: SparkTables,
    vectors: Any,
    contract: VectorContract,
) -> AnalystRecord:
    """The record with what describes the vectors, a Spark DataFrame, beside the adoption of features that it has."""
    shares, quartiles = distributions_in_spark(tables, vectors, model, contract, settings.analytics.floor)
    parts = [table for table in (shares, record.shares) if len(table)]
    return replace(record, shares=pd.concat(parts, ignore_index=True) if parts else shares, quartiles=quartiles)
