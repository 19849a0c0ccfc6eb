"""The moment that a vector describes.

Only what happened strictly before it counts. A date means the midnight at which that day starts, so `2018-01-01` is
everything up to and including 2017-12-31.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class AsOf:
    """`local` is the wall clock of the business's time zone, `instant` the same moment in UTC."""

    local: datetime
    instant: datetime

    @classmethod
    def at(cls, moment: date | datetime, time_zone: str) -> AsOf:
        """A date or a datetime without a zone is read on the wall clock of `time_zone`."""
        zone = ZoneInfo(time_zone)
        when = moment if isinstance(moment, datetime) else datetime.combine(moment, time.min)
        aware = when.astimezone(zone) if when.tzinfo else when.replace(tzinfo=zone)
        return cls(aware.replace(tzinfo=None, fold=0), aware.astimezone(UTC))

    @property
    def day(self) -> int:
        """The day of this moment, in days since 1970-01-01: recency and tenure count back from it."""
        return (self.local.date() - EPOCH).days

    @property
    def last_day(self) -> int:
        """The last day of which anything counts; windows such as "last 30 days" end with it."""
        return ((self.local - timedelta(microseconds=1)).date() - EPOCH).days
