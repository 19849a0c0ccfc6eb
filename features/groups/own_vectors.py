"""Features of a user's own, taken as they are; a missing value stays missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import ibis
import ibis.expr.types as ir

from features.own_vectors.infer_columns import Settled, columns_not_in_training, settle_columns
from features.own_vectors.vector_columns import VectorColumns, shortened
from features.own_vectors.writing import Writing
from features.source_settings import VectorsSource
from features.tables.raw_tables import CUSTOMER, RawColumn, RawTable, RawType
from features.text.rules import TextRules
from segment_model.contract import Column, Kind, Role
from segment_model.errors import SourceError
from segment_model.inference.kind_inference import ColumnFacts, unreadable_facts

NAME = "vectors"
RAW_TYPES = {Kind.CATEGORY: RawType.TEXT, Kind.FLAG: RawType.FLAG}
TOGETHER = 400  # columns that are looked at together: more take more memory


def settle(raw: ir.Table, source: VectorsSource, columns: VectorColumns | None) -> Settled:
    """The columns of the training, or without them those that the values of the table show.

    Raises
    ------
    SourceError
        If the table cannot be read, lacks a column that a setting names, or has no column to take.
    """

    if columns is not None:
        return Settled(columns, columns_not_in_training(raw.columns, source, columns))
    rules = TextRules.of(source)
    return settle_columns(raw.columns, source, lambda names: _look(raw, names, rules))


def _look(raw: ir.Table, names: Sequence[str], rules: TextRules) -> Iterator[ColumnFacts]:
    """The facts of the columns, from all rows."""
    # a served model, whose columns are settled, needs neither Arrow nor the engines
    from features.own_vectors.column_look import facts_of
    from features.sources import fetch

    for start in range(0, len(names), TOGETHER):
        together = names[start : start + TOGETHER]
        readable = {f"column_{place}": _readable(raw[name]) for place, name in enumerate(together)}
        columns = {name: column for name, column in readable.items() if column is not None}
        values = fetch(raw.select(**columns), NAME) if columns else None
        for place, name in enumerate(together):
            if values is None or f"column_{place}" not in columns:
                yield unreadable_facts(raw[name].type().is_temporal(), str(raw[name].type()))
            else:
                yield facts_of(values[f"column_{place}"], _writing(rules, name))


def _writing(rules: TextRules, name: str) -> Writing:
    return Writing(rules.decimal, rules.nulls_of_keys(name), rules.true_words, rules.false_words)


def _readable(column: ir.Column) -> ir.Column | None:
    """Numbers, flags and text, in types that every engine hands over; None for other columns."""
    dtype = column.type()
    if dtype.is_decimal() or dtype.is_null():
        return column.cast("float64")
    if dtype.is_unknown():  # PostgreSQL's own enumerations
        return column.cast("string")
    return column if dtype.is_numeric() or dtype.is_boolean() or dtype.is_string() else None


def with_ids(raw: ir.Table, source: VectorsSource) -> ir.Table:
    """The table, with the numbers of its rows as ids where the settings ask for them.

    Raises
    ------
    SourceError
        If it has no ids and its rows are not numbered, or if it has both.
    """
    if source.number_rows:
        if CUSTOMER.name in raw.columns:
            raise SourceError(f"{NAME}: the table has ids ({CUSTOMER.name}): leave out `number_rows`")
        return raw.mutate(**{CUSTOMER.name: ibis.row_number() + 1})
    if source.columns.get(CUSTOMER.name, CUSTOMER.name) not in raw.columns:
        raise SourceError(
            f"{NAME}: no column {source.columns.get(CUSTOMER.name, CUSTOMER.name)!r}; the table has "
            f"{shortened(raw.columns)}. Name the column of the ids by `columns: {{customer_id: your_name}}`, or number "
            "the rows of a file without ids by `number_rows: true`"
        )
    return raw


def contract(columns: VectorColumns) -> RawTable:
    """The contract of a table that has these columns."""
    listed = tuple(RawColumn(column.name, RAW_TYPES.get(column.kind, RawType.NUMBER), True) for column in columns)
    return RawTable(NAME, None, (CUSTOMER, *listed))


def mapping(available: Sequence[str], columns: VectorColumns, source: VectorsSource) -> dict[str, str]:
    """Our column names to those of the table.

    Raises
    ------
    SourceError
        If the table lacks a column.
    """
    customer = {name: theirs for name, theirs in source.columns.items() if name == CUSTOMER.name}
    return customer | columns.mapping(available)


def own_vectors(table: ir.Table, columns: VectorColumns) -> ir.Table:
    """The features of each customer."""
    return table.select(CUSTOMER.name, *(column.name for column in columns))


def columns_of(columns: VectorColumns, source: VectorsSource) -> tuple[Column, ...]:
    """The definitions of the columns; bases unless they are sensitive or the settings say otherwise."""
    return tuple(
        Column(
            column.name,
            column.kind,
            source.roles.get(column.theirs, Role.DESCRIPTOR if column.theirs in source.sensitive else Role.BASIS),
            source.units.get(column.theirs, ""),
            source.groups.get(column.theirs, NAME),
            f"{column.theirs}, as the vectors table has it",
            nullable=True,
            sensitive=column.theirs in source.sensitive,
            low=f"{column.theirs}: no" if column.kind is Kind.FLAG else "",
            high=f"{column.theirs}: yes" if column.kind is Kind.FLAG else "",
            label="" if column.theirs == column.name else column.theirs,
        )
        for column in columns
    )
