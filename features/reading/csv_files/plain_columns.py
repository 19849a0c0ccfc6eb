"""Columns of ids and moments that are written one plain way throughout, which need no grammar.

A whole number is plain if it is the very text that the engine writes for it (`7`, but neither `007` nor `7.0`), and so
is a moment of the wall clock (`2026-06-29 14:05:00`) or a date. The first rows propose; every row is verified while it
is read, and the first that is not plain ends the attempt: then the column is read as text, by the grammar.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from features.source_settings import TableSource
from segment_model.sql_text import quoted, quoted_name

IDS = ("customer_id", "order_id", "subscription_id")  # our columns of keys, of every table
MOMENTS = ("ordered_at", "occurred_at", "known_at", "started_at", "ended_at")  # and those of moments
NOT_PLAIN = "segments: not plain: "  # before the column's name, in the error that ends an attempt
FORMS = {
    "BIGINT": re.compile(r"0|-?[1-9][0-9]{0,17}"),
    "TIMESTAMP": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}"),
    "DATE": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
}


def plain_columns(source: TableSource, names: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """The SQL types of the columns of ids and moments that the first rows write plainly, by their name in the file.

    None where the settings say how text is written, or choose rows by conditions on text.
    """
    if source.where or source.date_format or source.null_values or not rows:
        return {}
    forms: dict[str, tuple[str, ...]] = {source.columns.get(our, our): ("BIGINT",) for our in IDS}
    forms |= {source.columns.get(our, our): ("TIMESTAMP", "DATE") for our in MOMENTS}
    plain = {}
    for place, name in enumerate(names):
        texts = {row[place] for row in rows if place < len(row) and row[place]}
        for kind in forms.get(name, ()):
            if texts and all(map(FORMS[kind].fullmatch, texts)):
                plain[name] = kind
    return plain


def typed_query(query: str, names: Sequence[str], plain: Mapping[str, str]) -> str:
    """SQL for the rows of a query of text, with the plain columns in their types."""
    columns = ", ".join(_typed(name, plain[name]) if name in plain else quoted_name(name) for name in names)
    return f"SELECT {columns} FROM ({query})"  # noqa: S608


def column_that_is_not_plain(error: str, columns: Collection[str]) -> str | None:
    """The column that ended an attempt."""
    return next((name for name in columns if f"{NOT_PLAIN}{name}." in error), None)


def _typed(name: str, kind: str) -> str:
    text = quoted_name(name)
    cast = f"TRY_CAST({text} AS {kind})"
    typed = f"CAST({cast} AS TIMESTAMP)" if kind == "DATE" else cast
    return (
        f"CASE WHEN CAST({cast} AS VARCHAR) = {text} THEN {typed} WHEN {text} IS NULL THEN NULL "
        f"ELSE error({quoted(f'{NOT_PLAIN}{name}.')}) END AS {text}"
    )
