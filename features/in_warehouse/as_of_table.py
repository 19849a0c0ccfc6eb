"""The as-of moment of a query of vectors, as its first lines: one constant, from which the query takes the rest."""

from __future__ import annotations

from datetime import date, datetime, time

from segment_model.sql_text import quoted


def with_as_of(query: str, moment: date | datetime, time_zone: str) -> str:
    """The query, preceded by the table `as_of` that it reads.

    moment : of the business's wall clock; a date is the midnight at which it starts.
    """
    return with_moment(query, f"TIMESTAMP {quoted(wall_clock(moment))}", time_zone)


def wall_clock(moment: date | datetime) -> str:
    """The moment as SQL writes a timestamp."""
    local = moment if isinstance(moment, datetime) else datetime.combine(moment, time.min)
    return local.replace(tzinfo=None).isoformat(sep=" ")


def with_moment(query: str, moment: str, time_zone: str) -> str:
    """As `with_as_of`, for a moment that is an expression of SQL."""
    return (
        f"WITH moment AS (\nSELECT {moment} AS local\n), as_of AS (\n"
        "SELECT\n"
        "  CAST(local AS DATE) - DATE '1970-01-01' AS day,\n"
        "  CAST(local - INTERVAL '1 microsecond' AS DATE) - DATE '1970-01-01' AS last_day,\n"
        "  local,\n"
        f"  local AT TIME ZONE {quoted(time_zone)} AS instant\n"
        f"FROM moment\n), vectors AS (\n{query}\n)\nSELECT * FROM vectors"
    )
