"""Whether the as-of moment lies where the tables have rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta

from features.as_of import AsOf
from features.joining.table_customers import TableCustomers
from features.notices import Notice
from segment_model.errors import counted

LATEST = timedelta(days=1)  # after the newest row; later is a warning


def as_of_notices(tables: Sequence[TableCustomers], as_of: AsOf) -> list[Notice]:
    """A warning where the as-of moment is more than a day after the newest row of all tables, or before the oldest."""
    newest = [(table.newest, table.name) for table in tables if table.is_dated and table.newest is not None]
    oldest = [(table.oldest, table.name) for table in tables if table.is_dated and table.oldest is not None]
    notices = []
    if newest and as_of.local > (last := max(newest))[0] + LATEST:
        notices.append(Notice(last[1], _too_late(as_of, last[0]), True))
    if oldest and as_of.local <= (first := min(oldest))[0]:
        notices.append(Notice(first[1], _too_early(as_of, first[0]), True))
    return notices


def _too_late(as_of: AsOf, newest: datetime) -> str:
    days = counted((as_of.local.date() - newest.date()).days, "day")
    return (
        f"as_of {_written(as_of.local)} is {days} after the newest row of all, {_written(newest)}: recency and windows "
        f"count from a moment without rows; `as_of: {newest + LATEST:%Y-%m-%d}` follows that row"
    )


def _too_early(as_of: AsOf, oldest: datetime) -> str:
    return f"as_of {_written(as_of.local)} is not after the oldest row of all, {_written(oldest)}: no row counts"


def _written(moment: datetime) -> str:
    """A date for a midnight, else a date and a time."""
    return moment.date().isoformat() if moment.time() == time.min else f"{moment:%Y-%m-%d %H:%M:%S}"
