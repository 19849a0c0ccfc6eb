"""Which date formats fit the texts of a column that the ISO grammar does not read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from features.grammar.date_formats import UNIX_PATTERN, date_format, usual_unix_time
from features.grammar.moments import BLANKS, OFFSET, has_zone
from features.grammar.serial_days import serial_days

DATES = (
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y-%m-%d"),
    *("%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y"),
    *("%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%d %b %y", "%b %d, %Y", "%b %d %Y", "%a, %d %b %Y", "%a %b %d %Y"),
    *("%d%b%Y", "%d%b%y"),
    *("%Y-%d-%m", "%d %m %Y", "%Y %m %d"),
)
LESS_USUAL = ("%y-%m-%d", "%y/%m/%d", "%y.%m.%d")  # named only where no other fits
OTHERS = ("%Y%m%d%H%M%S", "%Y%m%d %H%M%S", "%Y%m%dT%H%M%S", "%Y%m%dT%H%M%S%z", "%a %b %d %H:%M:%S %Y")
CLOCK = re.compile(
    r"(?P<between>[ T,]+(?:at +)?)[0-9]{1,2}:[0-9]{2}(?P<second>:[0-9]{2}(?P<fraction>\.[0-9]{1,9})?)?"
    rf"(?:(?P<gap> ?)[AP](?P<half>M))?(?:(?P<behind> ?)(?P<zone>Z|UTC|GMT|{OFFSET}))?$",
    re.IGNORECASE,
)
DAYS = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")
PERIOD = re.compile(r"(?:19|20)[0-9]{2}(?:[-/.]?(?:0[1-9]|1[0-2])|[-/ ]?W[0-5]?[0-9]|[-/ ]?Q[1-4])", re.IGNORECASE)
NAMED_ZONE = re.compile(r"^(.+?) +\(?([A-Z][A-Za-z_]+/[A-Za-z_/+-]+|[A-Z]{3,5})\)?$")


def _candidates(text: str) -> Iterator[str]:
    """The formats that a text may have, by the way it writes its time."""
    clock = CLOCK.search(text)
    behind = "" if clock is None else _clock_format(clock)
    yield from (date + behind for date in DATES)
    yield from OTHERS


def _clock_format(clock: re.Match[str]) -> str:
    hour = "%I" if clock["half"] else "%H"
    second = ":%S" * bool(clock["second"]) + ".%f" * bool(clock["fraction"])
    half = f"{clock['gap']}%p" if clock["half"] else ""
    zone = f"{clock['behind']}%z" if clock["zone"] else ""
    return f"{clock['between']}{hour}:%M{second}{half}{zone}"


def fitting_formats(texts: Collection[str]) -> tuple[str, ...]:
    """The usual formats that read every text, the most usual first; none if there is no text."""
    known = {text.strip(BLANKS) for text in texts} - {""}
    if not known:
        return ()
    first = min(known)
    for candidates in (_candidates(first), LESS_USUAL):
        formats = [date_format(text) for text in candidates]
        fitting = [form for form in formats if form.read(first) is not None]
        fitting = [form for form in fitting if all(form.read(other) is not None for other in known)]
        if fitting:
            return tuple(form.text for form in fitting)
    unix = usual_unix_time(known) if all(re.fullmatch(UNIX_PATTERN, text) for text in known) else None
    return (unix,) if unix else ()


def moment_advice(texts: Collection[str]) -> str:
    """What to set so that a column of these texts is read as moments; empty where nothing is known to fit."""
    formats = [f'`date_format: "{text}"`' for text in fitting_formats(texts)]
    if len(formats) == 1:
        return f"or set {formats[0]}, which fits"
    if formats:
        return f"or set {' or '.join(formats)}: {len(formats)} formats fit, and only one is meant"
    known = {text.strip(BLANKS) for text in texts} - {""}
    return _period_advice(known) or _days_advice(known) or _zone_advice(known)


def are_periods(texts: Collection[str]) -> bool:
    """Whether all texts write months, weeks or quarters of years, such as 2024-01, 2024-W05 or 2024-Q1."""
    known = {text.strip(BLANKS) for text in texts} - {""}
    return bool(known) and all(PERIOD.fullmatch(text) for text in known)


def _period_advice(texts: Collection[str]) -> str:
    """What to do where every text writes a month, a week or a quarter."""
    return "for it names no day: write the first one of each, such as 2026-06-29" if are_periods(texts) else ""


def _days_advice(texts: Collection[str]) -> str:
    """What to do where every text is a number of days, as a spreadsheet exports cells without a date format."""
    if not texts or not all(DAYS.fullmatch(text) for text in texts):
        return ""
    numbers = [float(text) for text in texts]
    days = serial_days(min(numbers), max(numbers))
    if days is None:
        return ""
    return (
        f"for {min(numbers):.0f} seems to be a spreadsheet's number of the day {days.first}: format the column there "
        "as a date and export it again, or read the workbook itself (.xlsx), whose days are read as they are"
    )


def _zone_advice(texts: Collection[str]) -> str:
    """What to set where every text ends with the name of one time zone."""
    matches = [NAMED_ZONE.fullmatch(text) for text in texts]
    names = {match[2] if match else "" for match in matches}
    if len(names) != 1 or "" in names:
        return ""
    (name,) = names
    clocks = [match[1] for match in matches if match]
    formats = fitting_formats(clocks) or (("%Y-%m-%d %H:%M:%S",) if all(has_zone(c) is False for c in clocks) else ())
    if not formats:
        return ""
    zone = f"`features.time_zone: {name}`" if "/" in name else f"`features.time_zone` to the zone that {name} means"
    return f'or set {zone} and `date_format: "{formats[0]} {name}"`'
