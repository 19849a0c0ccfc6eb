"""How a column writes its moments as text, by the grammar that reads them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from features.grammar.date_formats import usual_unix_time
from features.grammar.moments import has_zone
from features.grammar.null_words import NO_MOMENT, NULL_WORDS
from features.grammar.numbers import COMMA, POINT, read_number
from features.grammar.proposals import fitting_formats

DIGITS = re.compile(r"-?\d+(\.\d+)?", re.ASCII)
DAYS = re.compile(r"(19|20)\d\d(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])", re.ASCII)  # 20260629
NO_DIGITS = re.compile(r"[^1-9]+")  # but zeros
MOST_WORDS = 3  # that stand for no moment in a column
MOST_TEXTS = 2_000  # different texts that are read


@dataclass(frozen=True, slots=True)
class MomentForm:
    """How moments are written: `formats` are all that fit, the most usual first; none for ISO."""

    formats: tuple[str, ...] = ()
    zoned: bool = False


def is_missing(text: str) -> bool:
    """Whether a text stands for no value."""
    return not text.strip() or text.strip() in NULL_WORDS or text.strip() in NO_MOMENT


def settled_decimal(texts: Iterable[str]) -> str:
    """The decimal mark of a table: under which more of its texts are numbers; a point where both are equal."""
    points = commas = 0
    for text in texts:
        if "," in text or "." in text:
            point, comma = (read_number(text, mark) is not None for mark in (POINT, COMMA))
            points, commas = points + (point and not comma), commas + (comma and not point)
    return COMMA if commas > points else POINT


def words_for_no_moment(texts: Iterable[str]) -> frozenset[str]:
    """The texts of a column of moments that write none, such as 0000-00-00, - or open; empty where they are many."""
    words = frozenset(text for text in texts if NO_DIGITS.fullmatch(text))
    return words if len(words) <= MOST_WORDS else frozenset()


def moment_form(texts: Collection[str], named_moment: bool) -> MomentForm | None:
    """How all texts write moments; None where they are none.

    named_moment : whether the name of the column says that it holds moments; numbers are moments only then.
    """
    known = sorted(texts)[:: 1 + len(texts) // MOST_TEXTS]
    zones = {has_zone(text) for text in known}
    if None not in zones:
        return MomentForm(zoned=True in zones)
    if all(DIGITS.fullmatch(text) for text in known):
        return _form_of_digits(known, named_moment)
    formats = fitting_formats(known)
    return MomentForm(formats, any("%z" in text for text in formats)) if formats else None


def _form_of_digits(texts: Collection[str], named_moment: bool) -> MomentForm | None:
    if all(DAYS.fullmatch(text) for text in texts):
        return MomentForm(("%Y%m%d",))
    unix = usual_unix_time(texts) if named_moment else None
    return MomentForm((unix,), zoned=True) if unix else None
