"""A bounded look at a table: exact counts, and a sample of its first rows and of rows spread over all others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import ibis
import ibis.expr.types as ir

from features.grammar.date_formats import date_format
from features.grammar.moments import read_moment
from features.inspection.looks.column_profile import (
    ColumnProfile,
    ColumnType,
    profile_flags,
    profile_moments,
    profile_numbers,
    profile_texts,
    written,
)
from features.inspection.looks.text_forms import settled_decimal
from features.inspection.names.name_words import concepts_of, stem_of
from features.inspection.names.vocabulary import Concept
from features.sources import fetch

HEAD, SPREAD = 5_000, 5_000  # rows of the sample
MOST_COUNTED = 5_000_000  # values of a table whose different ones are counted exactly


@dataclass(frozen=True, slots=True)
class TableLook:
    """A table that was looked at.

    `sample` has the values of each usable column; its first `HEAD` rows are the table's first ones. `decimal` is the
    decimal mark of its text. `options` are the settings of its source without which it cannot be read, `doubts` say why
    a person should check them.
    """

    file: str
    table: ir.Table
    rows: int
    columns: tuple[ColumnProfile, ...]
    sample: Mapping[str, Sequence[Any]]
    decimal: str = "."
    options: Mapping[str, Any] = field(default_factory=dict)
    doubts: Mapping[str, str] = field(default_factory=dict)

    @property
    def stem(self) -> str:
        """The file's name without its endings."""
        return stem_of(self.file)

    @property
    def is_named_for_customers(self) -> bool:
        """Whether the file's name says customers, and nothing that customers do."""
        concepts = concepts_of(self.stem)
        return Concept.CUSTOMER in concepts and not {Concept.ORDER, Concept.EVENT, Concept.SUBSCRIPTION} & concepts

    def __getitem__(self, name: str) -> ColumnProfile:
        return next(column for column in self.columns if column.name == name)


def look_at(table: ir.Table, file: str) -> TableLook:
    """Look at a table.

    Raises
    ------
    SourceError
        If its engine cannot read it.
    """
    usable = {name: plain for name in table.columns if (plain := _plain(table[name])) is not None}
    counts = _counts(table, usable, file)
    rows = counts.pop("rows")
    sample = _sample(table, usable, rows, file)
    texts = [text for name, values in sample.items() if usable[name].type().is_string() for text in values if text]
    decimal = settled_decimal(texts)
    columns = []
    for name in table.columns:
        if name in usable:
            columns.append(_profile(name, usable[name], sample[name], rows, counts[name], decimal))
        else:
            dtype = table[name].type()
            is_empty = dtype.is_null() or dtype.is_unknown()  # a column of nulls only
            columns.append(ColumnProfile(name, ColumnType.EMPTY if is_empty else ColumnType.OTHER, rows, 0))
    return TableLook(file, table, rows, tuple(columns), sample, decimal)


def sampled_moments(look: TableLook, name: str, most: int = HEAD) -> list[datetime | None]:
    """The moments of a column in the first rows of the sample, as read; a time zone is left away."""
    form = look[name].moment
    read = read_moment if form is None or not form.formats else date_format(form.formats[0]).read
    return [_clock(cell, read) for cell in look.sample[name][:most]]


def _clock(cell: object, read: Callable[[str], date | datetime | None]) -> datetime | None:
    number = written(cell) if isinstance(cell, float) else cell
    moment = read(number) if isinstance(number, str) else cell
    if isinstance(moment, datetime):
        return moment.replace(tzinfo=None)
    return datetime(moment.year, moment.month, moment.day) if isinstance(moment, date) else None


def _plain(column: ir.Value) -> ir.Value | None:
    """The column as text, double, timestamp or flag; None for lists, structures and bytes."""
    dtype = column.type()
    if dtype.is_numeric():
        return column.cast("float64")
    if dtype.is_string() or dtype.is_uuid():
        return column.cast("string")
    if dtype.is_date():
        return column.cast("timestamp")
    return column if dtype.is_boolean() or dtype.is_timestamp() else None


def _counts(table: ir.Table, usable: Mapping[str, ir.Value], file: str) -> dict[str, int]:
    """The number of rows, and of different values by column; in a large table these are approximate."""
    rows = int(fetch(table.aggregate(rows=table.count()), file).to_pylist()[0]["rows"])
    places = {name: f"distinct_{place}" for place, name in enumerate(usable)}
    exact = rows * len(usable) <= MOST_COUNTED
    distinct = {
        place: table[name].nunique() if exact else table[name].approx_nunique() for name, place in places.items()
    }
    totals = fetch(table.aggregate(rows=table.count(), **distinct), file).to_pylist()[0]
    return {"rows": rows, **{name: int(totals[place] or 0) for name, place in places.items()}}


def _sample(table: ir.Table, usable: Mapping[str, ir.Value], rows: int, file: str) -> dict[str, list[Any]]:
    """The first rows, and every so many-th of the others."""
    places = {name: f"column_{place}" for place, name in enumerate(usable)}
    plain = table.select(**{place: usable[name] for name, place in places.items()}, row=ibis.row_number())
    step = max(1, (rows - HEAD) // SPREAD)
    chosen = plain.filter((plain.row < HEAD) | ((plain.row < HEAD + step * SPREAD) & (plain.row % step == 0)))
    fetched = fetch(chosen.order_by("row"), file)
    return {name: fetched.column(place).to_pylist() for name, place in places.items()}


def _profile(
    name: str, column: ir.Value, values: Sequence[Any], rows: int, distinct: int, decimal: str
) -> ColumnProfile:
    dtype = column.type()
    if dtype.is_string():
        return profile_texts(name, values, rows, distinct, decimal)
    if dtype.is_boolean():
        return profile_flags(name, values, rows, distinct)
    if dtype.is_timestamp():
        return profile_moments(name, values, rows, distinct, bool(dtype.timezone))
    return profile_numbers(name, values, rows, distinct)
