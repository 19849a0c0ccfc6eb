"""Infinity and the seconds of a wall clock: Ibis 12 compiles `isinf` to FALSE on Spark, and its epoch goes through the
session's time zone there, so that an hour is missing in spring."""

from __future__ import annotations

import ibis.expr.types as ir

from features.expressions.engine import SPARK, engine_of

INFINITY = float("inf")
DAY, HOUR, MINUTE = 86_400, 3_600, 60  # seconds


def is_infinite(number: ir.FloatingValue) -> ir.BooleanValue:
    """Whether a number is positive or negative infinity; null where it is missing."""
    return number.abs() == INFINITY


def clock_seconds(moment: ir.TimestampValue) -> ir.FloatingValue:
    """Seconds from 1970-01-01 00:00 to a wall-clock time, on that clock: every day has 86,400."""
    if engine_of(moment) != SPARK:
        return moment.epoch_seconds().cast("float64")
    days = moment.date().epoch_days().cast("float64")
    # Spark's second has its fraction
    return days * DAY + (moment.hour() * HOUR + moment.minute() * MINUTE) + moment.second().cast("float64")
