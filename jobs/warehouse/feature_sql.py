"""The SQL of the customer vectors that a registered model needs, made of the raw tables that the settings name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from features.as_of import NEEDED
from features.expressions.engine import SPARK
from features.in_warehouse.as_of_table import with_as_of
from features.in_warehouse.vector_query import VectorQuery, vector_query
from features.reading.spark_session import spark_session
from features.reading.spark_tables import SparkTables
from jobs.customer_vectors import learned_by
from jobs.registry_location import location_of
from registry.versions.versions import FetchedModel, fetch
from segment_model.errors import SettingsError
from segment_model.sql_text import quoted
from training.settings import Settings
from warehouse.dialects.all_dialects import DIALECTS
from warehouse.heading import heading, view

# the engine, as Ibis calls it, of the dialects whose feature expressions are tested; Databricks runs Spark's SQL
OF_FEATURES = {"duckdb": "duckdb", "postgres": "postgres", "spark": SPARK, "databricks": SPARK}
SET_ZONE = {SPARK: "SET TIME ZONE"}


@dataclass(frozen=True)
class FeatureQuery:
    """The query, the model that it is for, and the moment that the settings or the caller name.

    engine : the one that runs the query, as Ibis calls it.
    """

    query: VectorQuery
    fetched: FetchedModel
    as_of: date | datetime | None
    engine: str
    time_zone: str

    @property
    def set_zone(self) -> str:
        """The statement that a session needs before the query."""
        return f"{SET_ZONE.get(self.engine, 'SET TimeZone =')} {quoted(self.time_zone)}"

    @property
    def moment(self) -> date | datetime:
        """The as-of moment of a query that needs one.

        Raises
        ------
        SettingsError
            If there is none.
        """
        if self.as_of is None:
            raise SettingsError(NEEDED)
        return self.as_of


def feature_query(settings: Settings, base: Path, which: str, dialect: str) -> FeatureQuery:
    """The query of the vectors for a model, as of the settings' moment.

    Raises
    ------
    SegmentsError
        If there is no such model, the dialect is none of `OF_FEATURES`, or a raw table cannot be opened.
    """
    if dialect not in OF_FEATURES:
        raise SettingsError(
            f"the features are written for {', '.join(OF_FEATURES)}, not for {dialect}: make the vectors by "
            "`segments features` and load them"
        )
    engine, zone = OF_FEATURES[dialect], settings.features.time_zone
    fetched = fetch(location_of(settings, base), which)
    with _spark_of(settings, base) as tables:
        query = vector_query(settings.sources, settings.features, learned_by(fetched.model), base, engine, tables)
    return FeatureQuery(query, fetched, settings.as_of, engine, zone)


@contextmanager
def _spark_of(settings: Settings, base: Path) -> Iterator[SparkTables | None]:
    """The tables of the Spark that the settings name; None where they name none."""
    if settings.engine.spark is None:
        yield None
        return
    with spark_session(settings.engine, settings.features.time_zone) as session:
        yield SparkTables(session, base)


def feature_sql(settings: Settings, base: Path, which: str, dialect: str, view_name: str | None) -> str:
    """The query under a heading, ended by a semicolon.

    Raises
    ------
    SegmentsError
        As `feature_query`, or if a name is none in the dialect.
    """
    made = feature_query(settings, base, which, dialect)
    query = made.query
    sql = with_as_of(query.sql, made.moment, made.time_zone, made.engine) if query.is_dated else query.sql
    lines = (
        f"The customer vectors for the model {settings.registry.model_name}, version {made.fetched.version}",
        f"{made.set_zone} before you run it: days are those of the business",
        *(["As of the TIMESTAMP below, on the business's wall clock: change it there alone"] * query.is_dated),
        f"Written by: segments sql --features --dialect {dialect}",
    )
    opening = "" if view_name is None else view(view_name, DIALECTS[dialect])
    return f"{heading(lines, DIALECTS[dialect])}{opening}{sql};\n"
