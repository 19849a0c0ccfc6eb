"""The ISO grammar of moments: `2026-06-29`, `2026-06-29T14:05:00.5`, `2026-06-29 14:05 +02:00`.

The expressions cover the calendar, so that no engine's own, more lenient cast decides what a moment is. They keep to
what Python, DuckDB (RE2) and PostgreSQL understand alike.
"""

from __future__ import annotations

import re
from datetime import date, datetime

BLANKS = " \t\n\r\v\f\u00a0"  # around a text, they do not count

_YEAR = "(?:[1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)"
_MONTH_AND_DAY = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    "|02-(?:0[1-9]|1[0-9]|2[0-8]))"
)
DATE = f"(?:{_YEAR}-{_MONTH_AND_DAY}|{_LEAP_YEAR}-02-29)"
TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?"
OFFSET = "[+-](?:0[0-9]|1[0-5])(?::?[0-5][0-9])?"  # PostgreSQL knows no offset of 16 hours
ZONE = f"(?:Z|z|UTC|GMT|{OFFSET})"
CLOCK_PATTERN = f"^{DATE}(?:[T ]{TIME})?$"
ZONED_PATTERN = f"^{DATE}[T ]{TIME} *{ZONE}$"
# the form alone, whatever the digits; a request may carry offsets of up to 23 hours
FORM = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?( *(Z|z|UTC|GMT|[+-]\d\d(:?[0-5]\d)?))?)?$"
ZONE_OF_FORM = 4  # the group that holds the time zone and the blanks before it

_FORM = re.compile(FORM, re.ASCII)
_CLOCK, _ZONED = re.compile(CLOCK_PATTERN), re.compile(ZONED_PATTERN)
_UTC = frozenset({"Z", "UTC", "GMT"})


def has_zone(text: str) -> bool | None:
    """Whether the text is an instant, with a time zone, or a time of the wall clock; None for what is no moment."""
    written = text.strip(BLANKS)
    return True if _ZONED.fullmatch(written) else False if _CLOCK.fullmatch(written) else None


def read_moment(text: str) -> date | datetime | None:
    """A date for a day alone, a datetime for a time, with its zone where it has one; None for what is no moment."""
    form = _FORM.fullmatch(text.strip(BLANKS))
    if form is None:
        return None
    try:
        if form[1] is None:
            return date.fromisoformat(form[0])
        zone = form[ZONE_OF_FORM]
        if zone is None:
            return datetime.fromisoformat(form[0])
        clock = form[0].removesuffix(zone)
        offset = zone.strip(" ")
        return datetime.fromisoformat(clock + ("+00:00" if offset.upper() in _UTC else offset))
    except ValueError:  # no such day, hour or offset
        return None
