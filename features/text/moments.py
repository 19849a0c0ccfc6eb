"""Text as moments: by the ISO grammar, or by the date format of the column."""

from __future__ import annotations

from datetime import datetime

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from features.expressions.engine import SPARK, engine_of
from features.expressions.portable import replaced
from features.grammar.date_formats import (
    LAST_YEAR,
    MONTHS,
    PADDED,
    READ,
    UNIX_LIMIT,
    UNPADDED,
    DateFormat,
    date_format,
)
from features.grammar.moments import CLOCK_PATTERN, ZONED_PATTERN
from features.text.reading import Reading, cut_to_microseconds, trimmed, without_words
from features.text.rules import TextRules

INSTANT = "timestamp('UTC')"


def read_moments(text: ir.StringValue, rules: TextRules, column: str) -> Reading:
    """The moments of a column: instants where its texts carry a time zone, else times of the wall clock."""
    directives = rules.date_format(column)
    if directives is None:
        zoned = column in rules.zoned
        moment = iso_moment(text, zoned, iso_moment(trimmed(text), zoned))
    else:
        moment = formatted_moment(trimmed(text), date_format(directives))
    return Reading(without_words(moment, text, rules.own_nulls(column)), text, rules.nulls_of_moments(column))


def iso_moment(text: ir.StringValue, zoned: bool, otherwise: ir.Value | None = None) -> ir.TimestampValue:
    """The moment of an ISO text, all of them with a time zone or none; for any other text `otherwise`, or missing."""
    written = cut_to_microseconds(text)
    if not zoned:
        return ibis.cases((text.re_search(CLOCK_PATTERN), written.try_cast("timestamp")), else_=otherwise)
    # DuckDB knows offsets and Z directly behind the time only
    zone_behind = replaced(written.upper().replace("UTC", "Z").replace("GMT", "Z"), r" +(Z|[+-][0-9:]+)$", r"\1")
    if engine_of(text) == SPARK:  # it knows zones behind seconds only
        zone_behind = replaced(zone_behind, r"([T ][0-9]{1,2}:[0-9]{2})(Z|[+-])", r"\1:00\2")
    instant = ibis.coalesce(written.try_cast(INSTANT), zone_behind.try_cast(INSTANT))
    return ibis.cases((text.re_search(ZONED_PATTERN), instant), else_=otherwise)


def formatted_moment(text: ir.StringValue, form: DateFormat) -> ir.TimestampValue:
    """The moment of a text in the format; missing for any other text."""
    if form.units:
        return unix_moment(ibis.cases((text.re_search(form.pattern), text.try_cast("float64"))), form.units)
    upper = text.upper()
    matches = upper.re_search(form.strict or form.pattern)
    iso = replaced(replaced(upper, form.pattern, form.template), PADDED, UNPADDED)
    if form.strict:
        for number, month in enumerate(MONTHS, 1):
            iso = iso.replace(f"-{month}-", f"-{number:02}-")
    core = iso.substr(len(READ) + form.twelve_hours)
    moment = iso_moment(ibis.cases((matches, core)), form.zoned)
    if form.short_year:
        moment = ibis.ifelse(moment.year() > LAST_YEAR, moment - ibis.interval(years=100), moment)
    if form.twelve_hours:
        afternoon, noon = iso.startswith(f"{READ}P"), core.re_search(" 12:")
        moment = ibis.cases(
            (afternoon & ~noon, moment + ibis.interval(hours=12)),
            (~afternoon & noon, moment - ibis.interval(hours=12)),
            else_=moment,
        )
    return moment


def unix_moment(number: ir.NumericValue, units: int) -> ir.TimestampValue:
    """The instant of a number since 1970, with so many units a second; missing beyond year 2255.

    Microseconds are exact, but in Spark, which cuts and may be one below; of nanoseconds the last digits round.
    """
    seconds = number.cast("float64") / float(units)
    in_engine = _timestamp_seconds_in_spark if engine_of(number) == SPARK else _to_timestamp_in_engine
    return in_engine(ibis.ifelse(seconds.abs() <= float(UNIX_LIMIT), seconds, None))


def _to_timestamp(seconds: float) -> datetime:
    """DuckDB's and PostgreSQL's own."""
    raise NotImplementedError


_to_timestamp_in_engine = ibis.udf.scalar.builtin(
    _to_timestamp, name="to_timestamp", signature=((dt.float64,), dt.Timestamp(timezone="UTC", scale=6))
)


def _timestamp_seconds(seconds: float) -> datetime:
    """Spark's own."""
    raise NotImplementedError


_timestamp_seconds_in_spark = ibis.udf.scalar.builtin(
    _timestamp_seconds, name="timestamp_seconds", signature=((dt.float64,), dt.Timestamp(timezone="UTC", scale=6))
)
