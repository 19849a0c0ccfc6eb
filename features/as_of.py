"""The as-of moment: a vector describes the customer at this moment.

Only rows strictly before it count. A date means the midnight at which that day starts, so `2018-01-01` includes
everything until the end of 2017-12-31.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import ibis
import ibis.expr.types as ir

from features.expressions.engine import unopened_table
from segment_model.errors import SettingsError

EPOCH = date(1970, 1, 1)
NEEDED = "'as_of' is needed, since a table has dates: a date such as 2026-07-01 or a time such as 2026-07-01T12:00"


class AnyAsOf(Protocol):
    """The as-of moment in the feature expressions: known when they are built (`AsOf`), or when their SQL runs.

    `day` is the day of the moment, in days since 1970-01-01: recency and tenure count back from it. `last_day` is the
    last day that has rows before the moment; windows such as "last 30 days" end with it.
    """

    @property
    def day(self) -> int | ir.IntegerScalar: ...

    @property
    def last_day(self) -> int | ir.IntegerScalar: ...

    def clock(self, days_before: int = 0) -> ir.TimestampScalar:
        """The wall clock of the business's time zone, so many days before the moment."""

    def cutoff(self, zoned: bool) -> ir.TimestampScalar:
        """The moment to compare instants with (`zoned`), or wall clocks."""

    def first_midnight(self, days: int) -> ir.TimestampScalar:
        """The midnight with which the last so many days begin, on the wall clock; the last of them is `last_day`.

        Engines choose rows by a moment before they compute anything else of them; by a day, after that.
        """


@dataclass(frozen=True, slots=True)
class AsOf:
    """`local` is the wall clock of the business's time zone, `instant` the same moment in UTC."""

    local: datetime
    instant: datetime

    @classmethod
    def at(cls, moment: date | datetime, time_zone: str) -> AsOf:
        """The moment of a date or datetime; without a zone it is a wall-clock time of `time_zone`."""
        zone = ZoneInfo(time_zone)
        when = moment if isinstance(moment, datetime) else datetime.combine(moment, time.min)
        aware = when.astimezone(zone) if when.tzinfo else when.replace(tzinfo=zone)
        return cls(aware.replace(tzinfo=None, fold=0), aware.astimezone(UTC))

    @property
    def day(self) -> int:
        """Days since 1970-01-01."""
        return (self.local.date() - EPOCH).days

    @property
    def last_day(self) -> int:
        """Days since 1970-01-01."""
        return ((self.local - timedelta(microseconds=1)).date() - EPOCH).days

    def clock(self, days_before: int = 0) -> ir.TimestampScalar:
        return ibis.literal(self.local - timedelta(days=days_before), "timestamp")

    def cutoff(self, zoned: bool) -> ir.TimestampScalar:
        return ibis.literal(self.instant, "timestamp('UTC')") if zoned else self.clock()

    def first_midnight(self, days: int) -> ir.TimestampScalar:
        first = EPOCH + timedelta(days=self.last_day - days + 1)
        return ibis.literal(datetime.combine(first, time.min), "timestamp")


class NoAsOf:
    """No moment, for tables without dates.

    Raises
    ------
    SettingsError
        If a table has dates after all, whenever the moment is asked for.
    """

    @property
    def day(self) -> int:
        raise SettingsError(NEEDED)

    @property
    def last_day(self) -> int:
        raise SettingsError(NEEDED)

    def clock(self, days_before: int = 0) -> ir.TimestampScalar:  # noqa: ARG002
        raise SettingsError(NEEDED)

    def cutoff(self, zoned: bool) -> ir.TimestampScalar:  # noqa: ARG002
        raise SettingsError(NEEDED)

    def first_midnight(self, days: int) -> ir.TimestampScalar:  # noqa: ARG002
        raise SettingsError(NEEDED)


def moment_of(moment: date | datetime | None, time_zone: str) -> AsOf | NoAsOf:
    """The as-of moment of the settings."""
    return NoAsOf() if moment is None else AsOf.at(moment, time_zone)


class LaterAsOf:
    """A moment that is known when the SQL runs: the one row of the table `as_of`.

    engine : as Ibis calls it, where none is open for which the SQL is written.
    """

    NAME = "as_of"
    SCHEMA = {"day": "int64", "last_day": "int64", "local": "timestamp", "instant": "timestamp('UTC')"}  # noqa: RUF012

    def __init__(self, engine: str | None = None) -> None:
        self._row = (
            ibis.table(self.SCHEMA, name=self.NAME)
            if engine is None
            else unopened_table(engine, self.SCHEMA, self.NAME)
        )

    @property
    def day(self) -> ir.IntegerScalar:
        return self._row.day.as_scalar()

    @property
    def last_day(self) -> ir.IntegerScalar:
        return self._row.last_day.as_scalar()

    def clock(self, days_before: int = 0) -> ir.TimestampScalar:
        now = self._row.local.as_scalar()
        return now - ibis.interval(days=days_before) if days_before else now

    def cutoff(self, zoned: bool) -> ir.TimestampScalar:
        return self._row.instant.as_scalar() if zoned else self.clock()

    def first_midnight(self, days: int) -> ir.TimestampScalar:
        last_moment = self.clock() - ibis.interval(microseconds=1)
        return last_moment.truncate("D") - ibis.interval(days=days - 1)
