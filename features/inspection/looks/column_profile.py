"""The profile of a column: what its values are, from a bounded sample of them."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from features.grammar.numbers import read_number
from features.inspection.looks.flag_words import are_flags
from features.inspection.looks.text_forms import MomentForm, is_missing, moment_form, words_for_no_moment
from features.inspection.names.name_words import concepts_of
from features.inspection.names.vocabulary import Concept

CODE = re.compile(r"[-+]?0\d+", re.ASCII)  # 01234: a code, no number
NAMES_OF_MOMENTS = frozenset({Concept.MOMENT, Concept.CREATED, Concept.START, Concept.END, Concept.SIGNED_UP})
MOST_LEVELS = 50  # of a column that is taken for categories
LARGEST_WHOLE = 1e19  # nanoseconds lie below
READABLE = 0.98  # the least share of values that must be readable as a type


class ColumnType(StrEnum):
    """What the values of a column are."""

    EMPTY = "empty"
    MOMENT = "moment"
    FLAG = "yes or no"
    NUMBER = "number"
    TEXT = "text"
    OTHER = "other"  # lists, structures and bytes


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """A column of a file.

    `rows` is that of the whole file, `distinct` the number of its different values there (approximate); all else is of
    the sample: `present` is the share of rows with a value, `levels` are the most common values with their counts,
    `numbers` those of a column of numbers, `moment` is how moments are written, `longest` is the length of the longest
    text, `spaced` the share of texts with a blank, `unreadable` the few texts in a column of numbers or of moments that
    are none.
    """

    name: str
    type: ColumnType
    rows: int
    distinct: int
    present: float = 0.0
    levels: tuple[tuple[str, int], ...] = ()
    numbers: tuple[float, ...] = field(default=(), repr=False)
    moment: MomentForm | None = None
    is_text: bool = False
    longest: int = 0
    spaced: float = 0.0
    unreadable: tuple[str, ...] = ()

    @property
    def zoned(self) -> bool:
        """Whether its moments carry a time zone."""
        return self.moment is not None and self.moment.zoned

    @property
    def is_whole(self) -> bool:
        """Whether it holds whole numbers only."""
        return bool(self.numbers) and all(number.is_integer() for number in self.numbers)

    @property
    def is_key_like(self) -> bool:
        """Whether it can identify rows of another table: text without sentences, or whole numbers.

        A text of digits such as 1043.1700 is an id too, if its name says so.
        """
        if self.type is ColumnType.NUMBER:
            named = self.is_text and Concept.KEY in concepts_of(self.name)
            return named or (self.is_whole and min(self.numbers) >= 0)
        return self.type is ColumnType.TEXT and self.longest <= 100 and (self.spaced < 0.9 or self.longest <= 40)

    @property
    def is_unique(self) -> bool:
        """Whether hardly a value comes twice; `distinct` is approximate."""
        return self.rows > 0 and self.distinct >= 0.97 * self.rows * self.present

    @property
    def negative(self) -> float:
        """The share of negative numbers."""
        return sum(number < 0 for number in self.numbers) / len(self.numbers) if self.numbers else 0.0


def profile_texts(name: str, texts: Sequence[str | None], rows: int, distinct: int, decimal: str) -> ColumnProfile:
    """The profile of a column that the file holds as text."""
    known = [text.strip() for text in texts if text is not None and not is_missing(text)]
    if not known:
        return ColumnProfile(name, ColumnType.EMPTY, rows, 0, is_text=True)
    profile = ColumnProfile(name, ColumnType.TEXT, rows, distinct, is_text=True, **_shape(known, len(texts)))
    different = set(known)
    if (form := moment_form(different, is_named_moment(name))) is not None:
        return replace(profile, type=ColumnType.MOMENT, moment=form)
    words = words_for_no_moment(different) if is_named_moment(name) else frozenset()
    if words and different - words and (form := moment_form(different - words, True)) is not None:
        present = sum(text not in words for text in known) / len(texts)
        return replace(profile, type=ColumnType.MOMENT, moment=form, present=present, unreadable=tuple(sorted(words)))
    if any(CODE.fullmatch(text) for text in different):
        return profile
    read = {text: read_number(text, decimal) for text in different}
    odd = tuple(sorted(text for text, number in read.items() if number is None))
    numbers = tuple(number for text in known if (number := read[text]) is not None)
    if len(numbers) >= READABLE * len(known):
        return replace(profile, type=ColumnType.NUMBER, numbers=numbers, unreadable=odd)
    return replace(profile, type=ColumnType.FLAG) if are_flags(different) else profile


def profile_numbers(name: str, values: Sequence[float | None], rows: int, distinct: int) -> ColumnProfile:
    """The profile of a column of numbers; whole numbers that write days or seconds are moments."""
    numbers = tuple(float(number) for number in values if number is not None and math.isfinite(number))
    if not numbers:
        return ColumnProfile(name, ColumnType.EMPTY, rows, 0)
    texts = [written(number) for number in numbers]
    profile = ColumnProfile(name, ColumnType.NUMBER, rows, distinct, numbers=numbers, **_shape(texts, len(values)))
    form = moment_form(set(texts), True) if is_named_moment(name) else None
    return profile if form is None else replace(profile, type=ColumnType.MOMENT, moment=form)


def written(number: float) -> str:
    """A number as text; a whole one with all of its digits, such as microseconds since 1970."""
    return f"{number:.0f}" if number.is_integer() and abs(number) < LARGEST_WHOLE else f"{number:.15g}"


def profile_moments(name: str, values: Sequence[object], rows: int, distinct: int, zoned: bool) -> ColumnProfile:
    """The profile of a column of dates or times."""
    known = sum(moment is not None for moment in values)
    if not known:
        return ColumnProfile(name, ColumnType.EMPTY, rows, 0)
    form = MomentForm(zoned=zoned)
    return ColumnProfile(name, ColumnType.MOMENT, rows, distinct, present=known / len(values), moment=form)


def profile_flags(name: str, values: Sequence[bool | None], rows: int, distinct: int) -> ColumnProfile:
    """The profile of a column of yes and no."""
    known = sum(flag is not None for flag in values)
    kind = ColumnType.FLAG if known else ColumnType.EMPTY
    return ColumnProfile(name, kind, rows, distinct, present=known / max(len(values), 1))


def is_named_moment(name: str) -> bool:
    """Whether a name says that a column holds moments, without saying that it counts something."""
    concepts = concepts_of(name)
    return bool(NAMES_OF_MOMENTS & concepts) and Concept.QUANTITY not in concepts


def _shape(known: Sequence[str], count: int) -> dict[str, Any]:
    """What of a profile depends on the text of the values alone."""
    levels = sorted(Counter(known).items(), key=lambda level: (-level[1], level[0]))
    return {
        "present": len(known) / max(count, 1),
        "levels": tuple(levels[:MOST_LEVELS]),
        "longest": max((len(text) for text in known), default=0),
        "spaced": sum(" " in text for text in known) / max(len(known), 1),
    }
