"""The as-of moment of a query of vectors, as its first lines: one constant, from which the query takes the rest."""

from __future__ import annotations

from datetime import date, datetime

from features.as_of import AsOf
from features.expressions.engine import SPARK
from segment_model.sql_text import quoted


def with_as_of(query: str, moment: date | datetime, time_zone: str, engine: str) -> str:
    """The query, preceded by the table `as_of` that it reads.

    moment : of the business's wall clock, or of another with its zone; a date is the midnight at which it starts.
    engine : as Ibis calls it.
    """
    return with_moment(query, f"{clock_type(engine)} {quoted(wall_clock(moment, time_zone))}", time_zone, engine)


def wall_clock(moment: date | datetime, time_zone: str) -> str:
    """The moment on the wall clock of the business, as SQL writes a timestamp."""
    return AsOf.at(moment, time_zone).local.isoformat(sep=" ")


def clock_type(engine: str) -> str:
    """The type of a wall clock's time; Spark's TIMESTAMP is an instant."""
    return "TIMESTAMP_NTZ" if engine == SPARK else "TIMESTAMP"


def with_moment(query: str, moment: str, time_zone: str, engine: str) -> str:
    """As `with_as_of`, for a moment that is an expression of SQL."""
    day, last_day = (_day_number(clock, engine) for clock in ("local", "local - INTERVAL '1 microsecond'"))
    # Spark has no function for the instant of a clock in a named zone: it takes that of the session
    instant = "CAST(local AS TIMESTAMP)" if engine == SPARK else f"local AT TIME ZONE {quoted(time_zone)}"
    return (
        f"WITH moment AS (\nSELECT {moment} AS local\n), as_of AS (\n"
        f"SELECT\n  {day} AS day,\n  {last_day} AS last_day,\n  local,\n  {instant} AS instant\n"
        f"FROM moment\n), vectors AS (\n{query}\n)\nSELECT * FROM vectors"
    )


def _day_number(clock: str, engine: str) -> str:
    """Days from 1970-01-01 to that of a wall clock's time."""
    day = f"CAST({clock} AS DATE)"
    return f"UNIX_DATE({day})" if engine == SPARK else f"{day} - DATE '1970-01-01'"
