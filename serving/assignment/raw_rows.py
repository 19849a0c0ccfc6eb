"""The raw rows of a request as columns, with every value checked.

Whole columns are read at once, which is fast but only shows whether all values are valid. If not, the rows are read
one by one, which shows what is wrong with which customer. The slow reading is the reference: the fast one accepts no
value that the slow one refuses, and converts all others equally.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from features.grammar.keys import EXACT_DOUBLE, read_key
from features.grammar.moments import BLANKS
from features.grammar.moments import read_moment as read_iso_moment
from features.grammar.null_words import NO_MOMENT
from features.grammar.summed_numbers import limit_in_words
from segment_model.errors import nearest_word
from serving.assignment.raw_columns import column_at_once
from serving.contracts.requests import MOMENT_WORDS
from serving.wire.refusals import MISSING, Refusal, RefusalDetail, RequestProblems, describe_value, shortened

if TYPE_CHECKING:
    from features.tables.raw_tables import RawColumn

ATTRIBUTES = "attributes"
TABLES = {
    "orders": "orders",
    "events": "events",
    "subscriptions": "subscriptions",
    ATTRIBUTES: "customers",
    "vectors": "vectors",
}
SINGLE = frozenset({ATTRIBUTES, "vectors"})  # an object of one customer, where other tables are lists of rows
Columns = Mapping[str, Sequence["RawColumn"] | None]
RowsByTable = Mapping[str, Sequence[Mapping[str, Any]]]


@dataclass(slots=True)
class Rows:
    """The rows of one raw table by column, and the customer of each (a position in the request)."""

    customer: list[int] = field(default_factory=list)
    columns: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RawTables:
    """Rows by the table's name in `features`. zoned : timestamps are instants in UTC, not wall-clock times."""

    tables: Mapping[str, Rows]
    zoned: bool


def read_rows(customers: Sequence[RowsByTable], ids: Sequence[str], columns: Columns) -> RawTables:
    """Check the rows of each customer and sort them into the columns that the model was trained on.

    columns : those of each table, by its name in a request; None where the model was trained without the table.

    Raises
    ------
    Refusal
        422, with all problems (up to the limit of details).
    """
    raw = _at_once(customers, columns)
    if raw is not None:
        return raw
    reader = _RowReader(columns, ids)
    for position, tables in enumerate(customers):
        for table, rows in tables.items():
            reader.read(position, table, rows)
    return reader.tables()


def _at_once(customers: Sequence[RowsByTable], columns: Columns) -> RawTables | None:
    """The tables; None if any value has to be read by itself."""
    tables: dict[str, Rows] = {}
    zones: set[bool] = set()
    for table, wanted in columns.items():
        rows: list[Mapping[str, Any]] = []
        into = Rows()
        for position, sent in enumerate(customers):
            own = sent.get(table, ())
            rows += own
            into.customer += [position] * len(own)
        if not rows:
            continue
        if wanted is None or not set().union(*rows) <= {column.name for column in wanted}:
            return None
        for column in wanted:
            taken = column_at_once([row.get(column.name) for row in rows], column)
            if taken is None:
                return None
            into.columns[column.name] = taken.values
            zones |= taken.zones
        tables[TABLES[table]] = into
    return RawTables(tables, True in zones) if len(zones) < 2 else None


class _RowReader:
    """Reads rows one by one and collects what is wrong with their values."""

    def __init__(self, columns: Columns, ids: Sequence[str]) -> None:
        self._columns = columns
        self._known = {name: {column.name for column in known or ()} for name, known in columns.items()}
        self._ids = ids
        self._complaints = RequestProblems()
        self._tables: dict[str, Rows] = {}
        self._zoned: bool | None = None

    def read(self, customer: int, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take in the rows of one customer."""
        columns = self._columns[table]
        if columns is None:
            trained = ", ".join(name for name, known in self._columns.items() if known is not None)
            if rows:
                self._complain(customer, table, "rows", f"only rows of {trained}, which the model was made from")
            return
        into = self._tables.setdefault(TABLES[table], Rows(columns={column.name: [] for column in columns}))
        for number, row in enumerate(rows):
            if self._complaints.full:
                return
            into.customer.append(customer)
            where = table if table in SINGLE else f"{table}[{number}]"
            for column in columns:
                into.columns[column.name].append(self._value(customer, where, column, row))
            self._check_names(customer, where, table, row)

    def tables(self) -> RawTables:
        """The tables that were read; a Refusal if anything was wrong."""
        details = self._complaints.details
        if details:
            first = details[0]
            name = shortened(first.customer or "")
            message = f"customer {name!r}, {first.feature}: got {first.got}, expected {first.expected}"
            raise Refusal(422, "invalid_records", message, details)
        return RawTables(self._tables, self._zoned is True)

    def _complain(self, customer: int, where: str, got: str, expected: str) -> None:
        self._complaints.take([RefusalDetail(self._ids[customer], where, got, expected)])

    def _check_names(self, customer: int, where: str, table: str, row: Mapping[str, Any]) -> None:
        known = self._known[table]
        self._complaints.take(
            RefusalDetail(
                self._ids[customer],
                f"{where}.{shortened(name)}",
                "an unknown column",
                f"only {', '.join(sorted(known))}.{nearest_word(name, sorted(known))}",
            )
            for name in row
            if name not in known
        )

    def _value(self, customer: int, where: str, column: RawColumn, row: Mapping[str, Any]) -> Any:
        """A value as the engine expects it; None, with a complaint, where it cannot be used."""
        value = row.get(column.name)
        if value is None or _is_no_moment(column, value):
            # an unknown attribute, or an amount of 0, may be left out; the timestamp of a row may not
            if column.type == "timestamp" and column.needed:
                self._complain(
                    customer, f"{where}.{column.name}", describe_value(row.get(column.name, MISSING)), MOMENT_WORDS
                )
            return None
        read, expected = READERS[column.type]
        converted = read(value)
        if type(converted) is float and abs(converted) > column.largest:
            most = limit_in_words(column.largest)
            converted, expected = None, f"a number between -{most} and {most}"
        if converted is None:
            self._complain(customer, f"{where}.{column.name}", describe_value(value), f"{expected} or null")
        elif isinstance(converted, datetime):
            zoned = converted.tzinfo is not None
            if self._zoned not in (None, zoned):
                expected = "moments that all have a time zone, or none of them"
                self._complain(customer, f"{where}.{column.name}", describe_value(value), expected)
            self._zoned = zoned if self._zoned is None else self._zoned
            return converted.astimezone(UTC).replace(tzinfo=None) if zoned else converted
        return converted


def read_moment(value: Any) -> date | datetime | None:
    """A date for a day alone, a datetime for a timestamp; None for anything else, blanks around it included."""
    moment = read_iso_moment(value) if type(value) is str and value == value.strip() else None
    return moment if moment and 1 < moment.year < 9999 else None  # so that no time zone moves it out of the calendar


def _is_no_moment(column: RawColumn, value: Any) -> bool:
    """Whether a text in place of a moment means that there is none."""
    return column.type == "timestamp" and type(value) is str and value.strip(BLANKS) in ("", *NO_MOMENT)


def _moment_of_row(value: Any) -> datetime | None:
    moment = read_moment(value.strip(BLANKS) if type(value) is str else value)
    return moment if moment is None or isinstance(moment, datetime) else datetime.combine(moment, time.min)


def _number(value: Any) -> float | None:
    """A finite number; text and booleans are none."""
    if type(value) is int and abs(value) > sys.float_info.max:
        return None
    return float(value) if type(value) in (int, float) and math.isfinite(value) else None


def _flag(value: Any) -> float | None:
    return float(value) if type(value) in (bool, int, float) and value in (0, 1) else None


def _text(value: Any) -> str | None:
    return value if type(value) is str else str(value) if type(value) is int else None


def _key(value: Any) -> str | None:
    """A key as text: whole numbers too, and floats that hold one exactly."""
    if type(value) is float:
        return str(int(value)) if value.is_integer() and abs(value) < EXACT_DOUBLE else None
    text = _text(value)
    return text if text is None or read_key(text) is not None or not text.strip(BLANKS) else None


READERS: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "text": (_text, "text"),
    "whole numbers or text": (_key, "text or a whole number"),
    "number": (_number, "a finite number"),
    "yes or no": (_flag, "true or false"),
    "timestamp": (_moment_of_row, MOMENT_WORDS),
}
