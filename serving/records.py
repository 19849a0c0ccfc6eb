"""From the body of `POST /assign_records`, raw rows of customers, to its answer. Pure: no HTTP in here.

Rows are checked here, column by column; what they come to is computed by the expressions of `features`.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from segments.errors import ContractError, SourceError, nearest_word
from serving.assignment import Request, read_request
from serving.contracts import MOMENT, MOST_CUSTOMERS, MOST_ROWS
from serving.deadline import Deadline
from serving.live_model import ServedModel
from serving.refusals import MOST_DETAILS, NOTHING, Complaints, Detail, Refusal, in_words, printable
from serving.shapes import check_keys, read_id
from serving.stepwise import answer_in_steps

if TYPE_CHECKING:
    from features.compiled import VectorCompiler
    from features.raw_tables import RawColumn

RECORD_KEYS = ("as_of", "customers", "explain", "words", "policy")
TABLES = {"orders": "orders", "events": "events", "subscriptions": "subscriptions", "attributes": "customers"}
CUSTOMER_KEYS = ("id", *TABLES)
WHEN = "a date or time such as '2026-06-29', '2026-06-29T14:05:00' or '2026-06-29T14:05:00Z'"


@dataclass(slots=True)
class Rows:
    """The rows of one raw table by column, and whose each is (a position in the request)."""

    customer: list[int] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RecordsRequest:
    """A well-formed request: `base` holds each customer's rows as they came, `tables` as the engine takes them.

    `zoned` : moments are instants, with a time zone, not wall clocks.
    """

    base: Request
    as_of: date | datetime
    tables: dict[str, Rows]
    zoned: bool


def compiler_of(served: ServedModel) -> VectorCompiler:
    """What makes the model's vectors of raw rows.

    Raises
    ------
    Refusal
        409 if the model does not know how its features were made.
    """
    try:
        return served.compiler
    except ContractError as error:
        raise Refusal(409, "no_feature_recipe", str(error)) from error


def read_records(value: Any, served: ServedModel, most_customers: int = MOST_CUSTOMERS) -> RecordsRequest:
    """Check a parsed body, down to the values of its rows.

    Raises
    ------
    Refusal
        422, with everything found wrong (up to the limit of details); 409 if the model cannot make features.
    """
    base = read_request(value, most_customers, RECORD_KEYS, _read_customer)
    as_of = _moment(value.get("as_of"))
    if as_of is None:
        complaints = Complaints()
        complaints.add(value.get("as_of", NOTHING), f"{WHEN} for 'as_of'")
        complaints.raise_malformed()
    rows = sum(len(found) for customer in base.features for found in customer.values())
    if rows > MOST_ROWS:
        message = f"a request carries at most {MOST_ROWS} rows, this one {rows}; send fewer customers at a time"
        raise Refusal(422, "too_many_rows", message)
    reader = _RowReader({name: compiler_of(served).columns(ours) for name, ours in TABLES.items()}, base.ids)
    for position, tables in enumerate(base.features):
        for name, found in tables.items():
            reader.read(position, name, found)
    reader.refuse()
    return RecordsRequest(base, as_of or date.min, reader.tables, reader.zoned is True)


def answer_records(served: ServedModel, request: RecordsRequest, deadline: Deadline) -> dict[str, Any]:
    """Make the vectors of the customers and assign them, in their order.

    Raises
    ------
    Refusal
        422 if a customer has no usable row at all, or comes to a feature that the model cannot use; 504 if it takes
        too long.
    """
    ids = request.base.ids
    try:
        made = compiler_of(served).vectors(
            request.tables, len(ids), request.as_of, request.zoned, max(0.0, deadline.left)
        )
    except SourceError as error:
        deadline.check()
        raise Refusal(422, "invalid_records", str(error)) from error
    told = request.as_of.isoformat()
    nobody = [
        Detail(name, None, "no usable row", f"at least one usable row before {told} in any table")
        for name, record in zip(ids, made.records, strict=True)
        if record is None
    ]
    if nobody:
        message = f"customer {printable(nobody[0].customer or '')!r} has no usable row before {told}"
        raise Refusal(422, "no_usable_rows", message, nobody)
    records = [record for record in made.records if record is not None]
    found = answer_in_steps(served, replace(request.base, features=records), deadline)
    for assignment, record in zip(found["assignments"], records, strict=True):
        assignment["features"] = record
    names = {ours: name for name, ours in TABLES.items()}
    rows = {names[ours]: dict(counts) for ours, counts in made.counts.items()}
    return {"model_version": found["model_version"], "as_of": told, "rows": rows, "assignments": found["assignments"]}


def _read_customer(customer: Any, place: str, complaints: Complaints) -> tuple[str, dict[str, Any]]:
    """Id and rows by table (attributes as one row) of one customer; what the rows hold is judged later."""
    if type(customer) is not dict:
        complaints.add(customer, "an object with the key 'id' and lists of rows", place)
        return place, {}
    name = read_id(customer, place, complaints)
    check_keys(customer, CUSTOMER_KEYS, complaints, name)
    tables = {}
    for table in TABLES:
        found = customer.get(table, NOTHING)
        if found is NOTHING:
            continue
        single = table == "attributes"
        rows = [found] if single else found
        if type(rows) is not list or not all(type(row) is dict for row in rows):
            expected = "an object of attributes by name" if single else "a list of rows, each an object of its columns,"
            complaints.add(found, f"{expected} for {table!r}", name)
        else:
            tables[table] = rows
    return name, tables


class _RowReader:
    """Sorts rows into columns and collects what is wrong with their values."""

    def __init__(self, columns: Mapping[str, Sequence[RawColumn] | None], ids: Sequence[str]) -> None:
        self._columns = columns
        self._known = {name: {column.name for column in found or ()} for name, found in columns.items()}
        self._ids = ids
        self._details: list[Detail] = []
        self.tables: dict[str, Rows] = {}
        self.zoned: bool | None = None

    def read(self, customer: int, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Take in the rows of one customer."""
        columns = self._columns[table]
        if columns is None:
            there = ", ".join(name for name, found in self._columns.items() if found is not None)
            if rows:
                self._complain(customer, table, "rows", f"only rows of {there}, which the model was made from")
            return
        into = self.tables.setdefault(TABLES[table], Rows(columns={column.name: [] for column in columns}))
        for number, row in enumerate(rows):
            if len(self._details) >= MOST_DETAILS:
                return
            into.customer.append(customer)
            where = table if table == "attributes" else f"{table}[{number}]"
            for column in columns:
                into.columns[column.name].append(self._value(customer, where, column, row))
            self._check_names(customer, where, table, row)

    def refuse(self) -> None:
        if self._details:
            first = self._details[0]
            who = printable(first.customer or "")
            message = f"customer {who!r}, {first.feature}: got {first.got}, expected {first.expected}"
            raise Refusal(422, "invalid_records", message, self._details)

    def _complain(self, customer: int, where: str, got: str, expected: str) -> None:
        self._details.append(Detail(self._ids[customer], where, got, expected))

    def _check_names(self, customer: int, where: str, table: str, row: Mapping[str, Any]) -> None:
        for name in row.keys() - self._known[table]:
            known = sorted(self._known[table])
            expected = f"only {', '.join(known)}.{nearest_word(name, known)}"
            self._complain(customer, f"{where}.{printable(name)}", "an unknown column", expected)

    def _value(self, customer: int, where: str, column: RawColumn, row: Mapping[str, Any]) -> Any:
        """A value as the engine takes it; None where it cannot be used, which was complained of."""
        value = row.get(column.name)
        if value is None:
            # an attribute that is not known, or a money of 0, may be left out; the moment of a row may not
            if column.type == "timestamp" and column.needed:
                self._complain(customer, f"{where}.{column.name}", in_words(row.get(column.name, NOTHING)), WHEN)
            return None
        read, expected = READERS[column.type]
        found = read(value)
        if found is None:
            self._complain(customer, f"{where}.{column.name}", in_words(value), f"{expected} or null")
        elif isinstance(found, datetime):
            zoned = found.tzinfo is not None
            if self.zoned not in (None, zoned):
                expected = "moments that all have a time zone, or none of them"
                self._complain(customer, f"{where}.{column.name}", in_words(value), expected)
            self.zoned = zoned
        return found


def _moment(value: Any) -> date | datetime | None:
    """A date for a day alone, a datetime otherwise."""
    if type(value) is not str or not re.fullmatch(MOMENT, value, re.ASCII):
        return None
    try:
        found = datetime.fromisoformat(value) if len(value) > len("2026-06-29") else date.fromisoformat(value)
    except ValueError:
        return None
    return found if 1 < found.year < 9999 else None  # so that no time zone carries it out of the calendar


def _moment_of_row(value: Any) -> datetime | None:
    found = _moment(value)
    return found if found is None or isinstance(found, datetime) else datetime.combine(found, time.min)


def _number(value: Any) -> float | None:
    """A finite number; text and booleans are none."""
    if type(value) is int and abs(value) > sys.float_info.max:
        return None
    return float(value) if type(value) in (int, float) and math.isfinite(value) else None


def _flag(value: Any) -> float | None:
    return float(value) if type(value) in (bool, int, float) and value in (0, 1) else None


def _text(value: Any) -> str | None:
    return value if type(value) is str else str(value) if type(value) is int else None


READERS: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "text": (_text, "text"),
    "whole numbers or text": (_text, "text or a whole number"),
    "number": (_number, "a finite number"),
    "yes or no": (_flag, "true or false"),
    "timestamp": (_moment_of_row, WHEN),
}
