"""Infinity, the seconds of a wall clock, and replacements by groups, which Ibis 12 compiles otherwise on Spark.

There `isinf` is FALSE, the epoch goes through the session's time zone, so that an hour is missing in spring, and a
group is `$1`, where other engines write a backslash.
"""

from __future__ import annotations

import re

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


def replaced(text: ir.StringValue, pattern: str, template: str) -> ir.StringValue:
    """The text with every match of a pattern replaced by a template, in which `\\1` is the first group."""
    if engine_of(text) == SPARK:
        template = re.sub(r"\\(\d)", r"$\1", template.replace("$", r"\$"))
    return text.re_replace(pattern, template)
