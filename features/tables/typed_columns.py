"""A user's column as the type that our column has, where the conversion loses nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime

import ibis
import ibis.expr.types as ir

from features.expressions.engine import SPARK, engine_of
from features.expressions.portable import is_infinite
from features.grammar.date_formats import date_format
from features.grammar.moments import read_moment
from features.grammar.numbers import POINT, read_number
from features.tables.raw_tables import RawType
from features.text.categories import read_categories
from features.text.flags import read_flags
from features.text.keys import NO_NUMBER, keys_of_numbers, read_keys
from features.text.moments import formatted_moment, read_moments, unix_moment
from features.text.numbers import read_numbers
from features.text.reading import Reading
from features.text.rules import TextRules
from segment_model.errors import SourceError

OF_TEXT: Mapping[RawType, Callable[[ir.StringValue, TextRules, str], Reading]] = {
    RawType.TEXT: read_categories,
    RawType.KEY: read_keys,
    RawType.NUMBER: read_numbers,
    RawType.MOMENT: read_moments,
    RawType.FLAG: read_flags,
}
OTHERWISE = "convert it in your table, or map another column by `columns`"
EMPTY = {RawType.TEXT: "string", RawType.KEY: "string", RawType.MOMENT: "timestamp"}


def read_column(column: ir.Value, wanted: RawType, rules: TextRules, name: str, where: str) -> Reading:
    """The column as text, key, double, timestamp or flag.

    name : of the column in the user's table. where : begins the message of an error.

    Raises
    ------
    SourceError
        If the column's type cannot become the type wanted.
    """
    dtype = column.type()
    if not dtype.is_string():  # the grammar of text knows the words itself
        column = _without(column, rules.own_nulls(name))
    if dtype.is_null() or dtype.is_unknown():  # a column of nulls only; PostgreSQL's own types
        return Reading(column.cast(EMPTY.get(wanted, "float64")))
    if dtype.is_string():
        reading = OF_TEXT[wanted](_as_text(column), rules, name)
        return _in_utc(reading) if rules.utc and wanted is RawType.MOMENT else reading
    if wanted is RawType.MOMENT:
        reading = _moments(column, rules, name, where)
        return _in_utc(reading) if rules.utc else reading
    if wanted in (RawType.TEXT, RawType.KEY):
        return _keys(column, wanted, where)
    if dtype.is_boolean() and wanted is RawType.FLAG:
        return Reading(ibis.cases((column.isnull(), None), (column, 1.0), else_=0.0))
    if dtype.is_numeric() and not dtype.is_boolean():
        number = column.cast("float64")
        whole = dtype.is_integer()
        return Reading(number if whole else ibis.ifelse(number.isnan() | is_infinite(number), None, number))
    if dtype.is_boolean():
        raise SourceError(
            f"{where} is {dtype}, expected {wanted}, and true is no amount: map a column of numbers by `columns`; an "
            "attribute of yes and no has `kind: flag`"
        )
    raise SourceError(f"{where} is {dtype}, expected {wanted}; {OTHERWISE}")


def _without(column: ir.Value, words: Collection[str]) -> ir.Value:
    """Numbers or moments, missing where they are what one of the words writes."""
    dtype = column.type()
    missing: list[ir.Value] = []
    if dtype.is_numeric() and not dtype.is_boolean():
        missing = [ibis.literal(number) for word in words if (number := read_number(word, POINT)) is not None]
    elif dtype.is_timestamp() or dtype.is_date():
        moments = [moment for word in words if (moment := read_moment(word)) is not None]
        missing = [ibis.literal(moment).cast(dtype) for moment in moments]
    return ibis.ifelse(column.isin(missing), None, column) if missing else column


def _keys(column: ir.Value, wanted: RawType, where: str) -> Reading:
    """Numbers, identifiers and booleans as keys, or as text."""
    dtype = column.type()
    if dtype.is_numeric() and not dtype.is_boolean():
        reading = keys_of_numbers(column)
        return reading if wanted is RawType.KEY else replace(reading, column=reading.column.cast("string"))
    if dtype.is_uuid():
        return Reading(column.cast("string"))
    if dtype.is_boolean():
        return Reading(ibis.cases((column.isnull(), None), (column, "yes"), else_="no"))
    raise SourceError(f"{where} is {dtype}, expected {wanted}; {OTHERWISE}")


def _moments(column: ir.Value, rules: TextRules, name: str, where: str) -> Reading:
    """Dates and timestamps as they are; numbers by the date format."""
    dtype = column.type()
    if dtype.is_timestamp():
        return Reading(column)
    if dtype.is_date():
        return Reading(column.cast("timestamp"))
    directives = rules.date_format(name)
    if not dtype.is_numeric() or dtype.is_boolean():
        raise SourceError(f"{where} is {dtype}, expected {RawType.MOMENT}; {OTHERWISE}")
    if directives is None:
        raise SourceError(
            f"{where} is {dtype}, expected {RawType.MOMENT}; if its numbers are moments, say how by `date_format`: "
            "unix (seconds since 1970), unix_ms, unix_us, unix_ns, or %Y%m%d"
        )
    form = date_format(directives)
    if form.units:
        moment = unix_moment(column, form.units)
    else:
        whole = keys_of_numbers(column).column.cast("string")
        moment = formatted_moment(whole, form)
    return Reading(moment, column, NO_NUMBER)


def _in_utc(reading: Reading) -> Reading:
    """Moments without a time zone as instants of UTC."""
    moment = reading.column
    if moment.type().timezone:
        return reading
    if engine_of(moment) == SPARK:  # its functions of time zones give wall clocks
        return replace(reading, column=(moment.cast("string") + "+00:00").cast("timestamp('UTC')"))
    return replace(reading, column=_timezone_in_engine("UTC", moment))


def _timezone(zone: str, moment: datetime) -> datetime:
    """The instant of a wall clock in a time zone; DuckDB and PostgreSQL both have it."""
    raise NotImplementedError


_timezone_in_engine = ibis.udf.scalar.builtin(
    _timezone, name="timezone", signature=(("string", "timestamp"), "timestamp('UTC')")
)


def _as_text(column: ir.StringValue) -> ir.StringValue:
    """Text as such: an enumeration of PostgreSQL passes for text, but its functions of text do not take it."""
    return column if engine_of(column) == "duckdb" else column + ""
