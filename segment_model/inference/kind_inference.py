"""The kind of a column, inferred from its values, or the reason why it is left out."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from segment_model.inference.kind import Kind

Floats = NDArray[np.float64]

FEWEST_IN_A_ROW = 20  # numbers that run without a gap by chance are fewer
FEW_LEVELS = 20  # text of so few different values is a category, however few rows there are
SAME_FOR_MANY = 0.5  # of the rows with a text, the share that differs in free text
ID_WORDS = frozenset({"id", "ids", "no", "nr", "number", "key", "uuid", "guid", "index", "seq", "unnamed", "rownum"})
SHARE_WORDS = frozenset(
    {"share", "ratio", "rate", "percent", "percentage", "pct", "prc", "proportion", "fraction", "frequency"}
)
NEAR_END = 0.1  # a share has values near 0 and near 1, where its name does not say that it is one
FEWEST_FRACTIONS = 3
LARGEST_EXACT = 2**53  # larger whole numbers that differ are ids: doubles do not tell them apart
FIRST_DAY, LAST_DAY = 19000101, 21001231
FEWEST_MOMENTS = 3  # different numbers that write months, or seconds since 1970: fewer do so by chance
FIRST_SECOND, LAST_SECOND = 946_684_800, 2_208_988_800  # of 2000 and of 2040
SECONDS, MILLISECONDS, MICROSECONDS, NANOSECONDS = 1.0, 1e3, 1e6, 1e9


@dataclass(frozen=True)
class ColumnFacts:
    """The facts of a column.

    rows, known, distinct : counts of all rows, of those with a value, and of different values. numbers : the different
    values, rising, where all of them are numbers. flags, moments : whether all are flags, or dates and times. is_text :
    whether the column is text. no_numbers : some of the values that keep a text column from being one of numbers,
    where most are. units : whether the texts are numbers with a unit, such as `5 %`, except a few. example : the
    least of the values as text. type_name : of a column that is neither number nor text.
    """

    rows: int
    known: int
    distinct: int
    numbers: Floats | None = None
    flags: bool = False
    moments: bool = False
    is_text: bool = False
    no_numbers: tuple[str, ...] = ()
    units: bool = False
    example: str = ""
    type_name: str = ""


def unreadable_facts(is_moment: bool, type_name: str) -> ColumnFacts:
    """The facts of a column that holds neither numbers nor text, and is not looked at."""
    return ColumnFacts(1, 1, 1, moments=is_moment, type_name="" if is_moment else type_name)


def number_facts(numbers: Floats, flags: bool = False) -> ColumnFacts:
    """The facts of a column of numbers (n,), NaN or infinite where it has none."""
    finite = numbers[np.isfinite(numbers)]
    distinct = np.unique(finite)
    return ColumnFacts(
        len(numbers), len(finite), len(distinct), distinct, flags, example=f"{distinct[0]:g}" if len(distinct) else ""
    )


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why a column is no feature, as a phrase after its name."""

    reason: str


NO_VALUE = LeftOut("without a value")
CONSTANT = LeftOut("the same for everyone")
MARKED = LeftOut("one value or none: where it marks something, write yes and no")
DATE = LeftOut("a date: write the days since then instead")
ID = LeftOut("an id: different for everyone")
FREE_TEXT = LeftOut("free text: different for nearly everyone")
UNITS = LeftOut("numbers with a unit, such as 5 % or 1.2k: write the numbers alone")
OTHER_TYPE = LeftOut("neither numbers nor text")


def infer_kind(name: str, facts: ColumnFacts) -> Kind | LeftOut:
    """The kind of the column, from all its values."""
    if not facts.known:
        return NO_VALUE
    if facts.type_name:
        return OTHER_TYPE
    if facts.moments:
        return DATE
    if facts.distinct == 1:
        return CONSTANT if facts.known == facts.rows else MARKED
    if facts.flags:
        return Kind.FLAG
    if facts.numbers is not None:
        return _of_numbers(name, facts, facts.numbers)
    if facts.distinct > FEW_LEVELS and facts.units:
        return UNITS
    if facts.distinct > FEW_LEVELS and facts.distinct > SAME_FOR_MANY * facts.known:
        return ID if facts.distinct == facts.known else FREE_TEXT
    return Kind.CATEGORY


def _of_numbers(name: str, facts: ColumnFacts, numbers: Floats) -> Kind | LeftOut:
    if set(numbers[:3]) <= {0.0, 1.0}:
        return Kind.FLAG
    if _are_seconds(numbers):
        return DATE
    if (numbers == np.floor(numbers)).all():
        if _are_days(numbers) or _are_months(numbers):
            return DATE
        is_id = _is_consecutive(numbers) or numbers[-1] >= LARGEST_EXACT or _is_called(name, ID_WORDS)
        if facts.distinct == facts.known and is_id:
            return ID
        return Kind.COUNT if numbers[0] >= 0 else Kind.NUMBER
    return Kind.SHARE if _is_share(name, numbers) else Kind.NUMBER


def _is_consecutive(numbers: Floats) -> bool:
    return len(numbers) >= FEWEST_IN_A_ROW and numbers[-1] - numbers[0] + 1 == len(numbers)


def _are_days(numbers: Floats) -> bool:
    """Whether whole numbers write days as 20260629."""
    if numbers[0] < FIRST_DAY or numbers[-1] > LAST_DAY:
        return False
    months, days = numbers // 100 % 100, numbers % 100
    return bool(((months >= 1) & (months <= 12) & (days >= 1) & (days <= 31)).all())


def _are_months(numbers: Floats) -> bool:
    """Whether whole numbers write months as 202606."""
    if len(numbers) < FEWEST_MOMENTS or numbers[0] < FIRST_DAY // 100 or numbers[-1] > LAST_DAY // 100:
        return False
    months = numbers % 100
    return bool(((months >= 1) & (months <= 12)).all())


def _are_seconds(numbers: Floats) -> bool:
    """Whether numbers are moments of this century as seconds since 1970, or as thousandths or less of them."""
    return len(numbers) >= FEWEST_MOMENTS and any(
        FIRST_SECOND * parts <= numbers[0] and numbers[-1] <= LAST_SECOND * parts
        for parts in (SECONDS, MILLISECONDS, MICROSECONDS, NANOSECONDS)
    )


def _is_share(name: str, numbers: Floats) -> bool:
    """Whether fractions are clearly shares: all from 0 to 1, and either named so or spread over the whole range."""
    if numbers[0] < 0 or numbers[-1] > 1 or np.count_nonzero((numbers > 0) & (numbers < 1)) < FEWEST_FRACTIONS:
        return False
    return _is_called(name, SHARE_WORDS) or bool(numbers[0] <= NEAR_END and numbers[-1] >= 1 - NEAR_END)


def _is_called(name: str, words: frozenset[str]) -> bool:
    """Whether a word of the name is among the words: the last one for an id, as in `Member id`."""
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)
    listed = [part.lower() for part in parts]
    if words is ID_WORDS:
        return not listed or listed[-1] in words or listed[0] == "unnamed"
    return any(part in words for part in listed)
