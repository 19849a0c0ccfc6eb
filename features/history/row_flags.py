"""Which rows of a raw table meet conditions: the grammar of `where`, over our columns of the table."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import ibis.expr.types as ir

from features.as_of import AsOf
from features.conditions.expression import WRITTEN, ReadAs, ReadColumn, condition_expression
from features.conditions.parse import parse_condition
from features.tables.raw_tables import RAW_TABLES, RawType
from segment_model.errors import SourceError

CONTRACTS = {table.name: table for table in RAW_TABLES}


def row_flags(
    rows: ir.Table, name: str, conditions: Mapping[str, str], observed_until: AsOf, time_zone: str
) -> dict[str, ir.BooleanValue]:
    """Whether each row meets each condition, by the key of the condition; a missing value meets nothing.

    rows : the usable rows of the raw table `name`, under our names. conditions : as text, by keys that begin the
    errors. An end that lies at or after `observed_until` is not known, and so missing.

    Raises
    ------
    SettingsError
        If a text is not a condition.
    SourceError
        If a condition names a column that the table does not have, or compares one with what it is not.
    """
    columns = _columns_of(rows, name, observed_until)

    def flag(place: str, text: str) -> ir.BooleanValue:
        def read(column: str, wanted: ReadAs) -> ReadColumn:
            return ReadColumn(_as_wanted(columns[column], wanted, f"{place}: {column!r}"))

        return condition_expression(parse_condition(text), columns, read, time_zone, place).holds.fill_null(False)

    return {place: flag(place, text) for place, text in conditions.items()}


def _columns_of(rows: ir.Table, name: str, observed_until: AsOf) -> dict[str, ir.Value]:
    columns: dict[str, ir.Value] = {}
    for declared in CONTRACTS[name].columns:
        if declared.name not in rows.columns:
            continue
        column = rows[declared.name]
        if declared.type is RawType.FLAG:
            column = column != 0
        elif declared.type is RawType.MOMENT:
            column = ibis.ifelse(column < observed_until.clock(), column, None)
        columns[declared.name] = column
    return columns


def _as_wanted(column: ir.Value, wanted: ReadAs, place: str) -> ir.Value:
    dtype = column.type()
    if wanted is ReadAs.TEXT:
        return column.cast("string")
    if dtype.is_string():
        raise SourceError(f"{place} holds text, not a {wanted}; compare it with {WRITTEN[ReadAs.TEXT]}")
    return column.cast("float64") if wanted in (ReadAs.NUMBER, ReadAs.FLAG) else column
