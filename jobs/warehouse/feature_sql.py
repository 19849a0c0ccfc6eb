"""The SQL of the customer vectors that a registered model needs, made of the raw tables that the settings name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from features.as_of import NEEDED
from features.in_warehouse.as_of_table import with_as_of
from features.in_warehouse.vector_query import VectorQuery, vector_query
from jobs.customer_vectors import learned_by
from jobs.registry_location import location_of
from registry.versions.versions import FetchedModel, fetch
from segment_model.errors import SettingsError
from training.settings import Settings
from warehouse.dialects.all_dialects import DIALECTS
from warehouse.heading import heading, view

OF_FEATURES = ("duckdb", "postgres")  # the engines on which the feature expressions are tested


@dataclass(frozen=True)
class FeatureQuery:
    """The query, the model that it is for, and the moment that the settings or the caller name."""

    query: VectorQuery
    fetched: FetchedModel
    as_of: date | datetime | None

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
            f"the features are written for {' and '.join(OF_FEATURES)}, not for {dialect}: make the vectors by "
            "`segments features` and load them"
        )
    fetched = fetch(location_of(settings, base), which)
    query = vector_query(settings.sources, settings.features, learned_by(fetched.model), base, dialect)
    return FeatureQuery(query, fetched, settings.as_of)


def feature_sql(settings: Settings, base: Path, which: str, dialect: str, view_name: str | None) -> str:
    """The query under a heading, ended by a semicolon.

    Raises
    ------
    SegmentsError
        As `feature_query`, or if a name is none in the dialect.
    """
    made = feature_query(settings, base, which, dialect)
    zone, query = settings.features.time_zone, made.query
    sql = with_as_of(query.sql, made.moment, zone) if query.is_dated else query.sql
    lines = (
        f"The customer vectors for the model {settings.registry.model_name}, version {made.fetched.version}",
        f"SET TimeZone = '{zone}' before you run it: days are those of the business",
        *(["As of the TIMESTAMP below, on the business's wall clock: change it there alone"] * query.is_dated),
        f"Written by: segments sql --features --dialect {dialect}",
    )
    opening = "" if view_name is None else view(view_name, DIALECTS[dialect])
    return f"{heading(lines, DIALECTS[dialect])}{opening}{sql};\n"
