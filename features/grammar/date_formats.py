"""`date_format` of a source: strptime's directives, or Unix time.

A format becomes a regular expression and a template that writes a moment by the ISO grammar, so that every engine and
Python read it alike. Upper and lower case are one; a day, month or hour of one digit may lack the leading zero.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from features.grammar.moments import BLANKS, OFFSET, has_zone, read_moment

UNIX = {"unix": 1, "unix_ms": 10**3, "unix_us": 10**6, "unix_ns": 10**9}  # units a second
UNIX_PATTERN = r"^-?[0-9]{1,19}(?:\.[0-9]+)?$"
UNIX_LIMIT = 9_000_000_000  # seconds: years 1684 to 2255, where microseconds are exact in a double
USUAL_SECONDS = (300_000_000, 4_000_000_000)  # 1979 to 2096: by its size, a number tells its unit
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
LAST_YEAR = 2068  # 00 to 68 are 2000 to 2068, 69 to 99 are 1969 to 1999, as POSIX has it
READ = "~"  # stands before a rewritten text
GROUP, DELIMITED = r"\\([0-9])", r"\\g<\1>"  # a group before a digit, such as \6 before 20: Python would read \620
PADDED, UNPADDED = r"_0?([0-9]{2})", r"\1"  # `_06` and `_012` become 06 and 12

_SHORT = {"%T": "%H:%M:%S", "%R": "%H:%M", "%D": "%m/%d/%y", "%F": "%Y-%m-%d"}
_MONTH = (
    "(?:JAN(?:UARY)?|FEB(?:RUARY)?|MAR(?:CH)?|APR(?:IL)?|MAY|JUNE?|JULY?|AUG(?:UST)?|SEP(?:T|TEMBER)?|OCT(?:OBER)?"
    "|NOV(?:EMBER)?|DEC(?:EMBER)?)"
)
_WEEKDAY = "(?:MON|TUE|WED|THU|FRI|SAT|SUN)(?:[A-Z]*DAY)?"
_NUMBERS = {
    "Y": "([0-9]{4})",
    "y": "([0-9]{2})",
    "m": "(0?[1-9]|1[0-2])",
    "d": "(0?[1-9]|[12][0-9]|3[01])",
    "H": "([01]?[0-9]|2[0-3])",
    "I": "(0?[1-9]|1[0-2])",
    "M": "([0-5][0-9])",
    "S": "([0-5][0-9])",
    "f": "([0-9]{1,9})",
}
_WORDS = {"p": "([AP])M", "z": f"(Z|UTC|GMT|{OFFSET})", "Z": "(UTC|GMT|Z)", "b": "([A-Z]{3})[A-Z]*", "a": _WEEKDAY}
_SAME = {"B": "b", "h": "b", "A": "a", "e": "d"}
_PIECE = re.compile(r"%-?([A-Za-z%])|([^%]+|%)")
ONE_OF = " ".join(f"%{letter}" for letter in "YymdbBHIMSfpzZaATRDF") + ", or unix, unix_ms, unix_us, unix_ns"


@dataclass(frozen=True, slots=True)
class DateFormat:
    """A format, as a regular expression on text in upper case and the template of the ISO text.

    strict : the expression that also checks the names of months; empty where there are none. zoned : whether it has a
    time zone. twelve_hours : whether the template begins with A or P. short_year : whether the year has two digits.
    units : of Unix time, a second; 0 for directives.
    """

    text: str
    pattern: str
    template: str = ""
    strict: str = ""
    zoned: bool = False
    twelve_hours: bool = False
    short_year: bool = False
    units: int = 0

    def read(self, text: str) -> date | datetime | None:
        """The moment that a text writes in this format, as `read_moment` gives it; None for any other text."""
        written = text.strip(BLANKS)
        if self.units:
            return self._unix_time(written)
        match = re.fullmatch(self.pattern, written.upper())
        if match is None or not re.fullmatch(self.strict or ".*", written.upper()):
            return None
        iso = re.sub(PADDED, UNPADDED, match.expand(re.sub(GROUP, DELIMITED, self.template)))
        for number, month in enumerate(MONTHS, 1):
            iso = iso.replace(f"-{month}-", f"-{number:02}-")
        core = iso[len(READ) + self.twelve_hours :]
        return None if has_zone(core) is None else self._completed(read_moment(core), iso[len(READ)])

    def _completed(self, moment: date | datetime | None, half: str) -> date | datetime | None:
        """The moment in its century and its half of the day."""
        if moment is not None and self.short_year and moment.year > LAST_YEAR:
            moment = moment.replace(year=moment.year - 100)
        if self.twelve_hours and isinstance(moment, datetime):
            noon = moment.hour == 12
            return moment + timedelta(hours=12 * ((half == "P") - noon))
        return moment

    def _unix_time(self, text: str) -> datetime | None:
        if not re.fullmatch(UNIX_PATTERN, text) or abs(Decimal(text)) > UNIX_LIMIT * self.units:
            return None
        return EPOCH + timedelta(microseconds=round(Decimal(text) * 1_000_000 / self.units))


def usual_unix_time(texts: Collection[str]) -> str | None:
    """The format of Unix time in which numbers are all of the usual years; None if there is none."""
    numbers = [float(text) for text in texts]
    first, last = USUAL_SECONDS
    return next(
        (name for name, units in UNIX.items() if first * units <= min(numbers) <= max(numbers) <= last * units), None
    )


@functools.lru_cache(maxsize=1000)
def date_format(text: str) -> DateFormat:
    """The format that a text of directives states.

    Raises
    ------
    ValueError
        If a directive is not known, comes twice, or does not go with the others.
    """
    if text in UNIX:
        return DateFormat(text, UNIX_PATTERN, zoned=True, units=UNIX[text])
    pieces = list(_pieces(text))
    letters = [letter for letter, _ in pieces if letter and letter != "a"]
    _check(text, letters)
    place = {letter: f"\\{number}" for number, letter in enumerate(letters, 1)}
    strict = "^" + "".join(_MONTH if letter == "b" else piece for letter, piece in pieces) + "$"
    return DateFormat(
        text,
        "^" + "".join(piece for _, piece in pieces) + "$",
        READ + place.get("p", "") + _date(place) + _time(place) + place.get("z", place.get("Z", "")),
        strict if "b" in letters else "",
        bool({"z", "Z"} & place.keys()),
        "I" in letters,
        "y" in letters,
    )


def _date(place: dict[str, str]) -> str:
    year = place["Y"] if "Y" in place else f"20{place['y']}"
    month = place["b"] if "b" in place else f"_0{place['m']}"
    return f"{year}-{month}-_0{place['d']}"


def _time(place: dict[str, str]) -> str:
    hour = place.get("H", place.get("I"))
    if hour is None:
        return ""
    second = f":{place['S']}" if "S" in place else ""
    return f" _0{hour}:{place.get('M', '00')}{second}" + (f".{place['f']}" if "f" in place else "")


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    """The directives as letter and expression; what stands between them as "" and expression."""
    for short, long in _SHORT.items():
        text = text.replace(short, long)
    parts = [(_SAME.get(letter, letter), between) for letter, between in _PIECE.findall(text)]
    for number, (letter, between) in enumerate(parts):
        neighbours = [parts[n][0] for n in (number - 1, number + 1) if 0 <= n < len(parts)]
        if letter == "%":
            yield "", "%"
        elif letter in _NUMBERS:
            touching = any(neighbour in _NUMBERS for neighbour in neighbours)
            yield letter, _NUMBERS[letter].replace("0?", "0").replace("[01]?", "[01]") if touching else _NUMBERS[letter]
        elif letter in _WORDS:
            yield letter, _WORDS[letter]
        elif letter or between == "%":
            raise ValueError(f"{'%' + letter!r} in {text!r} is no directive of a date; they are {ONE_OF}")
        else:
            yield "", re.sub(r"(?:\\ )+", " +", re.escape(between.upper()))


def _check(text: str, letters: Sequence[str]) -> None:
    """Raise ValueError for directives that make no moment."""
    twice = sorted({letter for letter in letters if letters.count(letter) > 1})
    if twice:
        raise ValueError(f"{text!r} has %{twice[0]} twice")
    for what, choices in (("a year (%Y or %y)", "Yy"), ("a month (%m or %b)", "mb"), ("a day (%d)", "d")):
        if len(set(choices) & set(letters)) != 1:
            raise ValueError(
                f"{text!r} must have {what} once; write for example %d/%m/%Y, or unix, unix_ms, unix_us, unix_ns"
            )
    for later, earlier in (("I", "p"), ("p", "I"), ("M", "HI"), ("S", "M"), ("f", "S"), ("z", "HI"), ("Z", "HI")):
        if later in letters and not set(earlier) & set(letters):
            raise ValueError(f"{text!r}: %{later} needs {' or '.join(f'%{letter}' for letter in earlier)}")
    for letter, other in (("H", "I"), ("z", "Z")):
        if {letter, other} <= set(letters):
            raise ValueError(f"{text!r}: %{letter} and %{other} exclude each other")
