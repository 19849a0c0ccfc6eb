"""The grammar of numbers: `-1234.50`, `1.234,56`, `1 234,56`, `1'234.56`, `1,23,456.00`, `(12.50)`, `12.50-`, `1e3`.

The decimal mark is a point or a comma, as settled for a whole table; the marks of thousands follow from it. The
expressions keep to what Python, DuckDB (RE2) and PostgreSQL understand alike, and match no number that overflows a
double.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

from features.grammar.moments import BLANKS

POINT, COMMA, UNKNOWN = ".", ",", ""  # decimal marks; UNKNOWN: only what any mark would leave as it is
SPACES = " \u00a0\u2009\u202f"
APOSTROPHES = "'’"
OTHER_MINUS = "\u2212"

LONGEST = 200  # characters; a longer text could overflow a double

_SMALL_POWER, _LARGE_POWER = r"[eE][+-]?[0-9]{1,2}", r"[eE](?:\+?(?:[12][0-9]{2}|30[0-7])|-[12][0-9]{2})"
PLAIN_PATTERN = (
    rf"^[+-]?(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:{_SMALL_POWER})?|[0-9](?:\.[0-9]{{0,20}})?{_LARGE_POWER})$"
)


def _whole(marks: Iterable[str]) -> str:
    """Digits, or digits in groups of three by one of the marks."""
    groups = "|".join(f"[1-9][0-9]{{0,2}}(?:[{mark}][0-9]{{3}})+" for mark in marks)
    return f"[0-9]+|{groups}"


def _pattern(whole: str, decimal: str) -> str:
    """A number with marks of thousands, a minus before or behind it, or in the brackets of accountants."""
    positive = f"(?:(?:{whole})(?:[{decimal}][0-9]*)?|[{decimal}][0-9]+)"
    minus = OTHER_MINUS
    return rf"^(?:[-+{minus}]?{positive}|{positive}[-{minus}]|\({positive}\))$"


_ANY = (*SPACES, *APOSTROPHES)
_LAKHS = "[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}"
PATTERNS = {
    UNKNOWN: _pattern(_whole(_ANY), POINT),
    POINT: _pattern(f"{_whole((COMMA, *_ANY))}|{_LAKHS}", POINT),
    COMMA: _pattern(_whole((POINT, *_ANY)), COMMA),
}
THOUSANDS = {UNKNOWN: SPACES + APOSTROPHES, POINT: COMMA + SPACES + APOSTROPHES, COMMA: POINT + SPACES + APOSTROPHES}

_PLAIN = re.compile(PLAIN_PATTERN)
_COMPILED = {decimal: re.compile(pattern) for decimal, pattern in PATTERNS.items()}
_MARKED = re.compile(r"[.,]")


def read_number(text: str, decimal: str = UNKNOWN) -> float | None:
    """The number that a text writes with the decimal mark; None for what is no such number."""
    written = text.strip(BLANKS)
    if len(written) > LONGEST:
        return None
    if decimal != COMMA and _PLAIN.fullmatch(written):
        return float(written)
    if not _COMPILED[decimal].fullmatch(written):
        return float(written) if decimal == COMMA and _PLAIN.fullmatch(written) and "." not in written else None
    negative = any(letter in written for letter in ("-", OTHER_MINUS, "("))
    digits = "".join(letter for letter in written if letter.isdigit() or letter == (decimal or POINT))
    return float(digits.replace(COMMA, POINT)) * (-1.0 if negative else 1.0)


def decimal_mark(texts: Collection[str]) -> str:
    """The decimal mark that these numbers show; UNKNOWN if none of them is decisive, being read by one mark only.

    A comma must read all of the texts: a point is what programs write, and needs only one decisive number.
    """
    marked = [text for text in texts if _MARKED.search(text)]
    if any(_is_decisive(text, COMMA) for text in marked) and all(
        read_number(text, COMMA) is not None for text in texts
    ):
        return COMMA
    return POINT if any(_is_decisive(text, POINT) for text in marked) else UNKNOWN


def _is_decisive(text: str, mark: str) -> bool:
    other = COMMA if mark == POINT else POINT
    return read_number(text, mark) is not None and read_number(text, other) is None


def ambiguous_number(texts: Iterable[str]) -> str | None:
    """The first number that both marks read, each differently, such as `1.234` and `1,234`; None if there is none."""
    for text in texts:
        both = {read_number(text, mark) for mark in (POINT, COMMA)}
        if None not in both and len(both) == 2:
            return text
    return None
