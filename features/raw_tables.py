"""Contracts of the raw tables: what each must hold, and how a user's table becomes ours.

A canonical table has our column names, ids as text, money and quantities as double, moments as the wall clock of the
business's time zone, and `day` (whole days since 1970-01-01). Rows that cannot count are left out and counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from features.as_of import AsOf
from features.sources import fetch
from segments.errors import SourceError, nearest_word

YES, NO = ("1", "true", "t", "yes", "y"), ("0", "false", "f", "no", "n")
WITH_ZONE = r":\d{2}(\.\d+)?\s*(Z|[+-]\d{2}(:?\d{2})?)$"  # 10:00:00Z, 10:00:00+01:00


class RawType(StrEnum):
    """What a column of a raw table holds."""

    TEXT = "text"
    NUMBER = "number"
    MOMENT = "timestamp"
    FLAG = "yes or no"


@dataclass(frozen=True, slots=True)
class RawColumn:
    """One column of a raw table; `needed` columns must be there."""

    name: str
    type: RawType
    needed: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class RawTable:
    """The contract of a raw table. `moment` is the column that says when a row happened."""

    name: str
    moment: str | None
    columns: tuple[RawColumn, ...]

    @property
    def moment_is_needed(self) -> bool:
        """Whether a row without a moment is left out."""
        return any(column.name == self.moment and column.needed for column in self.columns)


TEXT, NUMBER, MOMENT = RawType.TEXT, RawType.NUMBER, RawType.MOMENT
CUSTOMER = RawColumn("customer_id", TEXT, True, "whose row it is; rows without one are left out and counted")

ORDERS = RawTable(
    "orders",
    "ordered_at",
    (
        CUSTOMER,
        RawColumn("ordered_at", MOMENT, True, "when; rows without it are left out and counted"),
        RawColumn("order_id", TEXT, False, "rows of one id are one order; a row without an id is an order by itself"),
        RawColumn("amount", NUMBER, False, "money of the row; negative is a refund; needed unless quantity and price"),
        RawColumn("quantity", NUMBER, False, "units; with price, stands in for amount"),
        RawColumn("price", NUMBER, False, "money of one unit"),
        RawColumn("discount", NUMBER, False, "money taken off the row, as a positive number; null is none"),
    ),
)
EVENTS = RawTable(
    "events",
    "occurred_at",
    (
        CUSTOMER,
        RawColumn("occurred_at", MOMENT, True, "when; rows without it are left out and counted"),
        RawColumn("name", TEXT, False, "what happened, such as 'login'"),
        RawColumn("feature", TEXT, False, "the feature used; without the column `name` stands in"),
        RawColumn("device", TEXT, False, "the device used"),
        RawColumn("quantity", NUMBER, False, "units used; null is 1"),
        RawColumn("allowed", NUMBER, False, "the customer's limit of units in 30 days, when the event happened"),
    ),
)
CUSTOMERS = RawTable(
    "customers",
    "known_at",
    (
        CUSTOMER,
        RawColumn("known_at", MOMENT, False, "since when the row is true; later than the as-of date it is left out"),
    ),
)
SUBSCRIPTIONS = RawTable(
    "subscriptions",
    "started_at",
    (
        CUSTOMER,
        RawColumn("started_at", MOMENT, True, "start of these terms; a change of terms is a new row"),
        RawColumn("mrr", NUMBER, True, "money a month under these terms; null is 0"),
        RawColumn("ended_at", MOMENT, False, "end of these terms; null while they run"),
        RawColumn(
            "subscription_id", TEXT, False, "rows of one id follow each other; without it those of a customer do"
        ),
        RawColumn("plan", TEXT, False, "name of the plan"),
        RawColumn("seats", NUMBER, False, "seats allowed"),
        RawColumn("seats_used", NUMBER, False, "seats in use"),
        RawColumn("quota", NUMBER, False, "units allowed"),
        RawColumn("quota_used", NUMBER, False, "units used"),
    ),
)
RAW_TABLES = {table.name: table for table in (ORDERS, EVENTS, CUSTOMERS, SUBSCRIPTIONS)}


@dataclass(frozen=True, slots=True)
class CanonicalTable:
    """A user's table in our words. `counts` tells the rows read and what was left out, why."""

    name: str
    table: ir.Table
    counts: Mapping[str, int]


def canonical(
    raw: ir.Table, contract: RawTable, columns: Mapping[str, str], as_of: AsOf, duplicates_dropped: bool = False
) -> CanonicalTable:
    """Rename, cast and filter a user's table to rows with a customer and a moment before `as_of`.

    Parameters
    ----------
    columns
        Our column names to the user's. A column of our own name needs no entry.

    Raises
    ------
    SourceError
        If a column is absent, of another type, or holds text that cannot be read as its type.
    """
    there = matched_columns(raw.columns, contract, columns)
    whole = raw.distinct() if duplicates_dropped else raw
    values: dict[str, ir.Value] = {}
    unreadable: dict[str, ir.BooleanValue] = {}
    for column in contract.columns:
        if column.name in there:
            theirs = whole[there[column.name]]
            where = f"{contract.name}: column {there[column.name]!r} ({column.name})"
            values[column.name] = as_type(theirs, column.type, where)
            if theirs.type().is_string() and column.type is not TEXT:
                unreadable[column.name] = theirs.strip().nullif("").notnull() & values[column.name].isnull()
            elif theirs.type().is_floating() and column.type is TEXT:
                unreadable[column.name] = theirs.notnull() & ~theirs.isnan() & values[column.name].isnull()
    moment = values.get(str(contract.moment))
    late = ibis.literal(False) if moment is None else moment >= _cutoff(moment, as_of)
    table = whole.select(
        **{name: _wall_clock(value) for name, value in values.items()},
        is_late=late.fill_null(False),
        **{f"unreadable_{name}": fault for name, fault in unreadable.items()},
    )
    counts = _count(table, contract, tuple(unreadable), there)
    if duplicates_dropped:
        rows = int(fetch(raw.aggregate(rows=raw.count()), f"{contract.name}: counting rows")["rows"][0].as_py())
        counts = {"rows": rows, "duplicates": rows - counts["rows"], **{k: v for k, v in counts.items() if k != "rows"}}
    kept = table.filter(table.customer_id.notnull() & ~table.is_late)
    if contract.moment_is_needed:
        kept = kept.filter(kept[str(contract.moment)].notnull())
        kept = kept.mutate(day=kept[str(contract.moment)].date().epoch_days().cast("int64"))
    return CanonicalTable(contract.name, kept.drop("is_late", *(f"unreadable_{n}" for n in unreadable)), counts)


def matched_columns(found: tuple[str, ...], contract: RawTable, columns: Mapping[str, str]) -> dict[str, str]:
    """Our names to theirs, of the columns that are there.

    Raises
    ------
    SourceError
        With the expected columns against those found.
    """
    names = [column.name for column in contract.columns]
    for ours, theirs in columns.items():
        if ours not in names:
            raise SourceError(
                f"{contract.name}: {ours!r} in `columns` is not ours.{nearest_word(ours, names)} "
                f"Ours are {', '.join(names)} (write ours: yours)"
            )
        if theirs not in found:
            raise SourceError(
                f"{contract.name}: no column {theirs!r} for {ours}.{nearest_word(theirs, found)} "
                f"Found {', '.join(found)}"
            )
    there = {**{name: name for name in names if name in found}, **columns}
    missing = [column.name for column in contract.columns if column.needed and column.name not in there]
    if contract is ORDERS and "amount" not in there and not {"quantity", "price"} <= there.keys():
        missing.append("amount (or quantity and price)")
    if missing:
        hints = "".join(nearest_word(name, found) for name in missing)
        raise SourceError(
            f"{contract.name}: missing {', '.join(missing)}.{hints} Found {', '.join(found)}. Where your names differ, "
            f"map them: columns: {{{missing[0].split()[0]}: your_name}}"
        )
    return there


def as_type(value: ir.Value, wanted: RawType, where: str) -> ir.Value:
    """The value as text, double or timestamp, where nothing is lost.

    Raises
    ------
    SourceError
        If the type found cannot become the type wanted.
    """
    found = value.type()
    if found.is_null() or found.is_unknown():  # a column that holds nothing; PostgreSQL's own enumerations
        return value.cast({TEXT: "string", MOMENT: "timestamp"}.get(wanted, "float64"))
    if wanted is TEXT:
        if found.is_string():
            return value.strip().nullif("")
        if found.is_integer() or found.is_uuid():
            return value.cast("string")
        if found.is_boolean():
            return ibis.cases((value.isnull(), None), (value, "yes"), else_="no")
        if found.is_floating() or found.is_decimal():  # 17850.0, as pandas writes integers with gaps
            number = value.cast("float64")
            whole = (number.round() == number) & (number.abs() < 2**53)
            return ibis.ifelse(whole, number, None).cast("int64").cast("string")
    elif wanted is NUMBER:
        if found.is_numeric():
            number = value.cast("float64")
            return _finite(number) if found.is_floating() else number
        if found.is_boolean():
            return ibis.cases((value.isnull(), None), (value, 1.0), else_=0.0)
        if found.is_string():
            return _finite(value.strip().nullif("").try_cast("float64"))
    elif wanted is RawType.FLAG:
        if found.is_boolean():
            return ibis.cases((value.isnull(), None), (value, 1.0), else_=0.0)
        if found.is_numeric():
            return value.cast("float64")
        if found.is_string():
            word = value.strip().lower()
            return ibis.cases((word.isin(YES), 1.0), (word.isin(NO), 0.0), else_=None)
    elif found.is_timestamp():
        return value
    elif found.is_date():
        return value.cast("timestamp")
    elif found.is_string():
        return _moment_of_text(value, where)
    raise SourceError(f"{where} is {found}, expected {wanted}")


def _finite(number: ir.FloatingValue) -> ir.FloatingValue:
    """NaN and infinities are missing."""
    return ibis.ifelse(number.isnan() | number.isinf(), None, number)


def _moment_of_text(value: ir.StringValue, where: str) -> ir.TimestampValue:
    """ISO text as a timestamp, with a zone if every value has one."""
    text = value.strip().nullif("")
    has_zone = ibis.cases((text.isnull(), None), (text.re_search(WITH_ZONE), 1), else_=0)
    table = has_zone.name("has_zone").as_table()
    seen = fetch(table.aggregate(least=table.has_zone.min(), most=table.has_zone.max()), where).to_pylist()[0]
    if seen["least"] != seen["most"]:
        raise SourceError(f"{where}: some values have a time zone and some do not; write all of them one way")
    return text.try_cast("timestamp('UTC')" if seen["most"] else "timestamp")


def _cutoff(moment: ir.TimestampValue, as_of: AsOf) -> ir.TimestampScalar:
    zone = moment.type().timezone
    return ibis.literal(as_of.instant, "timestamp('UTC')") if zone else ibis.literal(as_of.local, "timestamp")


def _wall_clock(value: ir.Value) -> ir.Value:
    """Instants on the business's clock: every engine's session runs in its time zone."""
    found = value.type()
    return value.cast(dt.timestamp) if isinstance(found, dt.Timestamp) and found.timezone else value


def _count(
    table: ir.Table, contract: RawTable, unreadable: tuple[str, ...], there: Mapping[str, str]
) -> dict[str, int]:
    """Rows read and rows left out; refuses values that cannot be read."""
    has_customer = table.customer_id.notnull()
    sums: dict[str, Any] = {"rows": table.count(), "without_customer": (~has_customer).sum()}
    if contract.moment in there:
        if contract.moment_is_needed:
            sums["without_time"] = (has_customer & table[str(contract.moment)].isnull()).sum()
        sums["not_before_as_of"] = (has_customer & table.is_late).sum()
    sums |= {f"unreadable_{name}": table[f"unreadable_{name}"].sum() for name in unreadable}
    found = fetch(table.aggregate(**sums), f"{contract.name}: counting rows").to_pylist()[0]
    for column in contract.columns:
        if found.get(f"unreadable_{column.name}"):
            raise SourceError(
                f"{contract.name}: column {there[column.name]!r} ({column.name}) holds "
                f"{found[f'unreadable_{column.name}']} values that are no {column.type}"
            )
    return {name: int(found[name] or 0) for name in sums if not name.startswith("unreadable_")}
