"""The statements as models of dbt, with their tests.

dbt reads a file as a template of jinja before the warehouse reads it as SQL, so what looks like a template in a name
is written such that dbt gives it back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import sqlglot
import yaml
from sqlglot import exp

from segment_model.contract import VectorContract

VECTORS, SEGMENTS = "customer_vectors", "customer_segments"
SCHEMA_FILE = "schema.yml"
BY_COMMAND = "Written by: segments sql --dbt FOLDER"  # in every file, so that no other one is replaced
RAW = "raw"  # the source of tables that the settings name without a schema
# what jinja reads for itself, and the end of a line that it would write anew
TEMPLATE = re.compile(r"\{[{%#]|\r")


def as_template(sql: str) -> str:
    """SQL that dbt gives back as it is."""
    return TEMPLATE.sub(lambda taken: "{{ '" + taken.group().replace("\r", r"\r") + "' }}", sql)


def model_file(sql: str, before: Sequence[str]) -> str:
    """A model that is built as a table, after the statements `before`; its SQL is a template already."""
    hooks = ", ".join(f'"{statement}"' for statement in before)
    return f"{{{{ config(materialized='table', pre_hook=[{hooks}]) }}}}\n{sql}\n"


def from_sources(sql: str, tables: Mapping[str, tuple[str, str]], dialect: str) -> str:
    """The query as a template that reads the raw tables as dbt's sources; tables : schema and name, by ours."""
    places = {place: exp.to_identifier(f"source_of_{name}", quoted=True) for name, place in tables.items()}
    tree = sqlglot.parse_one(sql, dialect=dialect)
    for table in list(tree.find_all(exp.Table)):
        schema = ".".join(part for part in (table.catalog, table.db) if part)
        if mark := places.get((schema, table.name)):
            table.replace(exp.Table(this=mark.copy(), alias=table.args.get("alias")))
    template = as_template(tree.sql(dialect=dialect, pretty=True))
    for (schema, name), mark in places.items():
        template = template.replace(mark.sql(dialect=dialect), f"{{{{ source({_source_name(schema)!r}, {name!r}) }}}}")
    return template


def schema_file(
    contract: VectorContract, ids: Sequence[str], tables: Mapping[str, tuple[str, str]], has_vectors: bool
) -> str:
    """The tests and descriptions of the models, and the sources."""
    key = {"name": "customer_id", "data_tests": ["unique", "not_null"]}
    segments = [
        key,
        {
            "name": "segment_id",
            "description": "Null where the row is refused",
            "data_tests": [
                {"accepted_values": {"values": list(ids)}},
                {"not_null": {"config": {"where": "refused is null"}}},
            ],
        },
        {"name": "strength", "description": "0 on the border of two segments, 1 at the centre of one"},
        {"name": "refused", "description": "Why the model refuses the row; else null"},
    ]
    models = [{"name": SEGMENTS, "description": "The segment of each customer", "columns": segments}]
    document: dict[str, Any] = {"version": 2, "models": models}
    if has_vectors:
        columns = [{"name": column.name, "description": as_template(column.description)} for column in contract.columns]
        models.insert(0, {"name": VECTORS, "description": "One row a customer", "columns": [key, *columns]})
        by_schema: dict[str, list[dict[str, str]]] = {}
        for schema, name in tables.values():
            by_schema.setdefault(schema, []).append({"name": name})
        document["sources"] = [
            {"name": _source_name(schema), **_place(schema), "tables": listed} for schema, listed in by_schema.items()
        ]
    return f"# {BY_COMMAND}\n{yaml.safe_dump(document, sort_keys=False, allow_unicode=True)}"


def _source_name(schema: str) -> str:
    """What dbt calls a source; it joins names by full stops, so that none has one."""
    return schema.replace(".", "_") or RAW


def _place(schema: str) -> dict[str, str]:
    """Where dbt finds a source: SCHEMA, or CATALOG.SCHEMA, or the schema into which it writes."""
    catalog, _, database = schema.rpartition(".")
    where = {"database": catalog} if catalog else {}
    return {**where, "schema": database or "{{ target.schema }}"}
