"""Converts a user's table into a canonical one, which the feature expressions read.

A canonical table has our column names, keys as whole numbers or text, money and quantities as double, moments as the
wall clock of the business's time zone, and `day` (whole days since 1970-01-01). Rows that cannot count are left out
and counted.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from features.as_of import AnyAsOf
from features.tables.raw_tables import RawTable, RawType, matched_columns
from segment_model.errors import SourceError

YES, NO = ("1", "true", "t", "yes", "y"), ("0", "false", "f", "no", "n")
WRITTEN = {  # how text must be written to be read as a type
    RawType.KEY: "42 or K-17",
    RawType.NUMBER: "1234.50",
    RawType.MOMENT: "2026-06-29 14:05:00",
    RawType.FLAG: "yes or no",
}
INFINITE, TOO_LARGE = "with_infinity_as_missing", "with_too_large_a_number_as_missing"
UNUSABLE = (INFINITE, TOO_LARGE)  # counts of rows
WITH_ZONE = r":\d{2}(\.\d+)?\s*(Z|[+-]\d{2}(:?\d{2})?)$"  # 10:00:00Z, 10:00:00+01:00


@dataclass(frozen=True, slots=True)
class Tally:
    """Row counts of a table: `sums` computes one row, `count_rows` adds it to the counts so far."""

    sums: ir.Table
    count_rows: Callable[[Mapping[str, Any], Mapping[str, int]], dict[str, int]]
    what: str


@dataclass(frozen=True, slots=True)
class CanonicalTable:
    """A user's table under our names. Its tallies, applied in order, count the rows read and left out, by reason."""

    name: str
    table: ir.Table
    tallies: tuple[Tally, ...]


def canonical(
    raw: ir.Table, contract: RawTable, columns: Mapping[str, str], as_of: AnyAsOf, duplicates_dropped: bool = False
) -> CanonicalTable:
    """Rename, cast and filter a user's table to rows with a customer and a moment before `as_of`.

    Parameters
    ----------
    columns
        Our column names to the user's. A column of our own name needs no entry.

    Raises
    ------
    SourceError
        If a column is absent or of another type. The tallies raise it for text that cannot be read as its type.
    """
    matched = matched_columns(raw.columns, contract, columns)
    whole = raw.distinct() if duplicates_dropped else raw
    values: dict[str, ir.Value] = {}
    unreadable: dict[str, ir.StringValue] = {}  # the text of a value that cannot be read, else missing
    unusable: dict[str, list[ir.BooleanValue]] = {name: [] for name in UNUSABLE}  # numbers that are made missing
    for column in contract.columns:
        if column.name in matched:
            theirs = whole[matched[column.name]]
            where = f"{contract.name}: column {matched[column.name]!r} ({column.name})"
            values[column.name] = as_type(theirs, column.type, where)
            as_text = column.type in (RawType.TEXT, RawType.KEY)
            if theirs.type().is_string() and not as_text:
                unreadable[column.name] = _where(values[column.name].isnull(), theirs.strip().nullif(""))
            elif theirs.type().is_floating() and as_text:
                fault = ~theirs.isnan() & values[column.name].isnull()
                unreadable[column.name] = _where(fault, theirs.cast("string"))
            elif theirs.type().is_floating():
                unusable[INFINITE].append(theirs.isinf().fill_null(False))
            if column.largest < math.inf:
                number = values[column.name]
                unusable[TOO_LARGE].append((number.abs() > column.largest).fill_null(False))
                values[column.name] = ibis.ifelse(number.abs() <= column.largest, number, None)
    moment = values.get(str(contract.moment))
    late = ibis.literal(False) if moment is None else moment >= as_of.cutoff(bool(moment.type().timezone))
    table = whole.select(
        **{name: _wall_clock(value) for name, value in values.items()},
        is_late=late.fill_null(False),
        **{name: functools.reduce(operator.or_, flags, ibis.literal(False)) for name, flags in unusable.items()},
        **{f"unreadable_{name}": text for name, text in unreadable.items()},
    )
    tallies = [_tally(table, contract, tuple(unreadable), matched)]
    if duplicates_dropped:
        tallies.append(Tally(raw.aggregate(read=raw.count()), _duplicates, f"{contract.name}: counting rows"))
    kept = table.filter(table.customer_id.notnull() & ~table.is_late)
    if contract.moment_is_needed:
        kept = kept.filter(kept[str(contract.moment)].notnull())
        kept = kept.mutate(day=kept[str(contract.moment)].date().epoch_days().cast("int64"))
    return CanonicalTable(
        contract.name, kept.drop("is_late", *unusable, *(f"unreadable_{n}" for n in unreadable)), tuple(tallies)
    )


def as_type(value: ir.Value, wanted: RawType, where: str) -> ir.Value:
    """The value as text, double or timestamp, where the conversion is lossless.

    Raises
    ------
    SourceError
        If the type found cannot become the type wanted.
    """
    dtype = value.type()
    if dtype.is_null() or dtype.is_unknown():  # a column of nulls only; PostgreSQL's own enumerations
        return value.cast(
            {RawType.TEXT: "string", RawType.KEY: "string", RawType.MOMENT: "timestamp"}.get(wanted, "float64")
        )
    if wanted in (RawType.TEXT, RawType.KEY):
        whole = _whole_number(value)
        if whole is not None:
            return whole if wanted is RawType.KEY else whole.cast("string")
        if dtype.is_string():
            return (value + "").strip().nullif("")  # an enumeration passes for text but cannot be trimmed
        if dtype.is_uuid():
            return value.cast("string")
        if dtype.is_boolean():
            return ibis.cases((value.isnull(), None), (value, "yes"), else_="no")
    elif wanted is RawType.NUMBER:
        if dtype.is_numeric():
            number = value.cast("float64")
            return _finite(number) if dtype.is_floating() else number
        if dtype.is_boolean():
            return ibis.cases((value.isnull(), None), (value, 1.0), else_=0.0)
        if dtype.is_string():
            return _finite(value.strip().nullif("").try_cast("float64"))
    elif wanted is RawType.FLAG:
        if dtype.is_boolean():
            return ibis.cases((value.isnull(), None), (value, 1.0), else_=0.0)
        if dtype.is_numeric():
            return value.cast("float64")
        if dtype.is_string():
            word = value.strip().lower()
            return ibis.cases((word.isin(YES), 1.0), (word.isin(NO), 0.0), else_=None)
    elif dtype.is_timestamp():
        return value
    elif dtype.is_date():
        return value.cast("timestamp")
    elif dtype.is_string():
        return _moment_of_text(value, where)
    raise SourceError(f"{where} is {dtype}, expected {wanted}")


def _whole_number(value: ir.Value) -> ir.IntegerValue | None:
    """Numbers as integers, those with a fraction missing; None for what is no number."""
    dtype = value.type()
    if dtype.is_integer():
        return value
    if not (dtype.is_floating() or dtype.is_decimal()):
        return None
    number = value.cast("float64")  # 17850.0, as pandas writes integers with gaps
    return ibis.ifelse((number.round() == number) & (number.abs() < 2**53), number, None).cast("int64")


def _finite(number: ir.FloatingValue) -> ir.FloatingValue:
    """NaN and infinities are missing."""
    return ibis.ifelse(number.isnan() | number.isinf(), None, number)


def _moment_of_text(value: ir.StringValue, where: str) -> ir.TimestampValue:
    """ISO text as a timestamp, with a zone if every value has one."""
    from features.sources import fetch  # imports engines, which typed values do not need

    text = value.strip().nullif("")
    has_zone = ibis.cases((text.isnull(), None), (text.re_search(WITH_ZONE), 1), else_=0)
    table = has_zone.name("has_zone").as_table()
    seen = fetch(table.aggregate(least=table.has_zone.min(), most=table.has_zone.max()), where).to_pylist()[0]
    if seen["least"] != seen["most"]:
        raise SourceError(f"{where}: some values have a time zone and some do not; write all of them one way")
    return text.try_cast("timestamp('UTC')" if seen["most"] else "timestamp")


def _where(fault: ir.BooleanValue, text: ir.StringValue) -> ir.StringValue:
    return ibis.ifelse(fault, text, None)


def _wall_clock(value: ir.Value) -> ir.Value:
    """Instants as wall-clock times of the business: every engine's session runs in its time zone."""
    dtype = value.type()
    return value.cast(dt.timestamp) if isinstance(dtype, dt.Timestamp) and dtype.timezone else value


def _tally(table: ir.Table, contract: RawTable, unreadable: tuple[str, ...], matched: Mapping[str, str]) -> Tally:
    """A tally of rows read and rows left out; applying it raises SourceError for values that cannot be read."""
    has_customer = table.customer_id.notnull()
    sums: dict[str, Any] = {"rows": table.count(), "without_customer": (~has_customer).sum()}
    if contract.moment in matched:
        if contract.moment_is_needed:
            sums["without_time"] = (has_customer & table[str(contract.moment)].isnull()).sum()
        sums["not_before_as_of"] = (has_customer & table.is_late).sum()
    sums |= {name: table[name].sum() for name in UNUSABLE}
    for name in unreadable:
        text = table[f"unreadable_{name}"]
        sums |= {f"unreadable_{name}": text.count(), f"example_{name}": text.min()}

    def count_rows(totals: Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, int]:
        for column in contract.columns:
            if faults := totals.get(f"unreadable_{column.name}"):
                values = "1 value that is" if faults == 1 else f"{faults:,} values that are"
                no_such = "neither yes nor no" if column.type is RawType.FLAG else f"no {column.type}"
                raise SourceError(
                    f"{contract.name}: column {matched[column.name]!r} ({column.name}) holds {values} {no_such}, "
                    f"such as {totals[f'example_{column.name}']!r:.60}; write it as {WRITTEN[column.type]}"
                )
        own = {name: int(totals[name] or 0) for name in sums if not name.startswith(("unreadable_", "example_"))}
        return {**counts, **{n: count for n, count in own.items() if count or n not in UNUSABLE}}

    return Tally(table.aggregate(**sums), count_rows, f"{contract.name}: counting rows")


def _duplicates(totals: Mapping[str, Any], counts: Mapping[str, int]) -> dict[str, int]:
    """Add the number of duplicate rows that were dropped before the other counts."""
    rows = int(totals["read"])
    return {"rows": rows, "duplicates": rows - counts["rows"], **{k: v for k, v in counts.items() if k != "rows"}}
