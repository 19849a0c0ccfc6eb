"""The table of segments: its columns, its key, and the query that reads the segments of a day.

A row is one customer at one as-of moment, as one version of one model assigned it. Nothing is ever deleted, so the
table is the history.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from features.vector_table import IdType

KEY = ("customer_id", "as_of", "model_name", "model_version")
ANSWER = ("segment_id", "segment_name", "strength", "runner_up_id", "unassigned", "novel")  # of `SegmentModel.assign`
WRITTEN = "written_at"
ID_TYPES: Mapping[IdType, str] = MappingProxyType({IdType.TEXT: "text", IdType.INTEGER: "bigint"})
TYPES: Mapping[str, str] = MappingProxyType(
    {
        "as_of": "timestamp without time zone",  # the wall clock of the business: its 1 March begins at its midnight
        "model_name": "text",
        "model_version": "integer",
        "segment_id": "text",
        "segment_name": "text",
        "strength": "double precision",
        "runner_up_id": "text",
        "unassigned": "boolean",
        "novel": "boolean",
        WRITTEN: "timestamp with time zone",
    }
)
NULLABLE = frozenset({"segment_id", "segment_name", "runner_up_id"})


def columns_of(id_type: IdType) -> dict[str, str]:
    """The columns in their order, each with its type as PostgreSQL writes it; ids have the type of the raw tables."""
    return {"customer_id": ID_TYPES[id_type], **TYPES}


def definition(id_type: IdType) -> str:
    """What stands between the brackets of CREATE TABLE."""
    columns = [
        f"{name} {kind}{'' if name in NULLABLE else ' NOT NULL'}{' DEFAULT now()' if name == WRITTEN else ''}"
        for name, kind in columns_of(id_type).items()
    ]
    return ", ".join([*columns, f"PRIMARY KEY ({', '.join(KEY)})"])


def differences(existing: Mapping[str, str], id_type: IdType) -> list[str]:
    """What keeps an existing table, its types by column, from holding our rows; further columns do not."""
    return [
        f"{name} is {existing[name]} instead of {kind}" if name in existing else f"{name} ({kind}) is not there"
        for name, kind in columns_of(id_type).items()
        if existing.get(name) != kind
    ]
