"""The analyst's record of the champion, computed in Spark: money, retention, growth and goals; no customer is fetched.

What describes the vectors (shares of levels, quartiles), named conditions and advice for goals need the customers in
memory, and are left out.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from analytics.compute import compute_record
from analytics.history import NOT_ASSIGNABLE, DatedRows, History
from analytics.record import AnalystRecord
from features.as_of import NEEDED, AsOf
from features.conditions.on_vectors.named_conditions import NO_CONDITIONS
from features.history.table_history import open_history
from features.reading.spark_session import spark_session
from features.reading.spark_tables import SparkTables
from features.vector_table import read_with_faults
from jobs.customer_vectors import learned_by
from jobs.goals.settled_goals import goal_conditions, settled_goals
from jobs.membership.compared_columns import compared_columns
from jobs.membership.hollow import hollow_months
from jobs.membership.membership import ends_without_previous, membership_notes, trained_until
from jobs.record import FIELDS, UNDATED, NamedRecord, later, month_ends, observed_until, options_of, with_months
from jobs.registry_location import location_of
from jobs.spark.month_members import members_in_spark
from registry.versions.versions import fetch
from segment_model.errors import SettingsError
from segment_model.model import SegmentModel
from training.progress import Announce
from training.settings import Settings

LEFT_OUT = (
    "with `engine: spark` the record has no shares of levels and quartiles, no named conditions and no advice for "
    "goals: they need the customers in memory"
)


def record_in_spark(settings: Settings, base: Path, which: str, months: int | None, announce: Announce) -> NamedRecord:
    """As `jobs.record.record_of`, where the settings name a Spark.

    Raises
    ------
    SegmentsError
        If the model or a table cannot be read, or the tables do not make the model's columns.
    """
    model = fetch(location_of(settings, base), which).model
    chosen = with_months(settings, months)
    with spark_session(settings.engine, settings.features.time_zone) as session:
        record = _computed(chosen, base, model, SparkTables(session, base), announce)
    return NamedRecord(record, dict(zip(model.ids, model.names, strict=True)))


def _computed(
    settings: Settings, base: Path, model: SegmentModel, tables: SparkTables, announce: Announce
) -> AnalystRecord:
    if settings.as_of is None:
        raise SettingsError(NEEDED)
    if settings.analytics.written is not None:
        raise SettingsError("analytics.written reads the members of all months into memory: leave it out for Spark")
    as_of = AsOf.at(settings.as_of, settings.features.time_zone)
    observed, until = observed_until(settings, as_of), trained_until(settings, model)
    learned = learned_by(model)
    announce("reading the tables")
    last = later(as_of, observed)
    with open_history(settings.sources, settings.features, last, base, learned, spark=tables) as history:
        goals = settled_goals(settings, history.opened.columns)
        ends = month_ends(history, observed, settings.analytics.months)
        if ends is UNDATED:
            raise SettingsError("no table has rows of a month that is over: there is no record to compute")
        compared = compared_columns(settings, history.contract)
        hollow = hollow_months(ends, history.oldest, until, history.settings, model.contract) if until else {}
        announce("assigning customers at each month end, and computing money, retention and growth by segment")
        members = members_in_spark(tables, history, model, ends, compared, ends_without_previous(ends, as_of, hollow))
        dated = {}
        for name in history.dated:
            rows = history.rows(name, observed, goal_conditions(settings, name))
            dated[FIELDS[name]] = DatedRows(rows.mutate(customer_id=rows.customer_id.cast("string")), members)
        company = History(ends, model.ids, **dated, compared=compared, conditions={}, keep=tables.hold)
        options = replace(options_of(settings, hollow), goals=goals, trained=until)
        nobody = pd.DataFrame()
        record = compute_record(company, nobody, pd.Series(dtype="str"), history.contract, options)
        counts = record.sizes[record.sizes.segment == NOT_ASSIGNABLE].customers  # one a month end
        not_assignable = {position: int(count) for position, count in enumerate(counts) if count}
        notes = membership_notes(ends, not_assignable, hollow, history, compared, NO_CONDITIONS)
        report = {name: history.read[name].counts for name in history.opened.columns}
    return replace(record, notes=(*read_with_faults(report), *record.notes, *notes, LEFT_OUT))
