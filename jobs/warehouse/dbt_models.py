"""The files of dbt's models: the customer vectors, their segments, and the tests of both."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from features.in_warehouse.as_of_table import clock_type, wall_clock, with_moment
from jobs.registry_location import location_of
from jobs.warehouse.assignment_sql import AssignmentRequest, statement_of
from jobs.warehouse.feature_sql import OF_FEATURES, feature_query
from registry.versions.versions import fetch
from segment_model.errors import SettingsError
from training.settings import Settings
from warehouse.dbt import (
    BY_COMMAND,
    SCHEMA_FILE,
    SEGMENTS,
    VECTORS,
    as_template,
    from_sources,
    model_file,
    schema_file,
)
from warehouse.dialects.all_dialects import DIALECTS
from warehouse.heading import heading


def dbt_models(settings: Settings, base: Path, which: str, request: AssignmentRequest) -> dict[str, str]:
    """The content of each file, by its name.

    The vectors are a model of their own for the dialects of `OF_FEATURES`; for the others `customer_segments` reads
    the table that the request names.

    Raises
    ------
    SegmentsError
        If there is no such model, it cannot be written as SQL, or a raw table cannot be opened.
    """
    dialect = DIALECTS[request.dialect]
    fetched = fetch(location_of(settings, base), which)
    lines = [
        f"Model {settings.registry.model_name}, version {fetched.version}, {fetched.model.digest}",
        f"{BY_COMMAND} --dialect {request.dialect}",
    ]
    above = as_template(heading(lines, dialect))
    files: dict[str, str] = {}
    tables = {}
    contract = fetched.model.contract
    if has_vectors := request.dialect in OF_FEATURES:
        made = feature_query(settings, base, which, request.dialect)
        tables, contract = dict(made.query.tables), made.query.contract
        query = from_sources(made.query.sql, tables, request.dialect)
        if made.query.is_dated:
            clock = wall_clock(made.moment, made.time_zone)
            moment = f"CAST('{{{{ var('as_of', '{clock}') }}}}' AS {clock_type(made.engine)})"
            query = with_moment(query, moment, made.time_zone, made.engine)
        files[f"{VECTORS}.sql"] = model_file(above + query, [made.set_zone])
        if request.columns or request.table != VECTORS:
            raise SettingsError(
                f"dbt's model {VECTORS} makes the vectors, under the model's names: leave out --table and --column"
            )
    wanted = replace(request, table=VECTORS) if has_vectors else request
    statement = as_template(statement_of(fetched, wanted).sql(dialect))
    if has_vectors:
        statement = statement.replace(f"FROM {VECTORS} AS", f"FROM {{{{ ref('{VECTORS}') }}}} AS", 1)
    before = ["SET jit = off"] if request.dialect == "postgres" else []
    files[f"{SEGMENTS}.sql"] = model_file(above + statement, before)
    files[SCHEMA_FILE] = schema_file(contract, fetched.model.ids, tables, has_vectors)
    return files
