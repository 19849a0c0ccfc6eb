"""Ranges of values in words, such as "spend 80 to 300 GBP", and back from the words to the range."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import numpy as np

from features.inspection.looks.flag_words import is_flag_word
from segment_model.contract import Column, Kind
from segment_model.encoding.encoder import Flags, Floats
from segment_model.language.wording import in_percent, is_year, plain_number, plain_value, unitless_value
from training.profiling.words.word import MARGIN, STANDS, Between, Rank, Word

DIGITS = 2  # of a bound, that people read at a glance
_NUMBER = r"-?[\d,]+(?:\.\d+)?(?:e[+-]\d+)?"


def ranges_of(column: Column, values: Floats, members: Flags) -> Iterator[Word]:
    """The ranges that are true of the members: from a bound, up to one, and between two, each at round numbers.

    values : (n,) of all customers, NaN where missing. A bound is rounded away from the members. A range that no known
    value lies outside of says nothing, and is left out.
    """
    known = values[~np.isnan(values)]
    own = np.sort(known_of(values, members))
    left_out = math.floor((1 - STANDS - MARGIN) * members.sum() + 1e-9) - (int(members.sum()) - len(own))
    if not len(own) or left_out < 0:
        return
    least, most = float(known.min()), float(known.max())
    half = left_out // 2
    ends = [(own[left_out], np.inf), (-np.inf, own[-1 - left_out]), (own[half], own[-1 - half])]
    for low, high in ends:
        low, high = _rounded(float(low), column, ROUND_FLOOR), _rounded(float(high), column, ROUND_CEILING)
        if high <= least:
            yield _word(Between(column.name, high, high), column)
        elif low >= most:
            yield _word(Between(column.name, low, low), column)
        elif low > least or high < most:
            yield _word(Between(column.name, low if low > least else -np.inf, high if high < most else np.inf), column)


def known_of(values: Floats, members: Flags) -> Floats:
    """The known values of the members."""
    own = values[members]
    return own[~np.isnan(own)]


def _word(condition: Between, column: Column) -> Word:
    one_number = condition.least == condition.most or math.isinf(condition.least) or math.isinf(condition.most)
    rank = Rank.BOUND if one_number else Rank.RANGE
    return Word(range_text(condition, column), column.name, condition, rank)


def range_text(condition: Between, column: Column, colon: bool = True) -> str:
    """A range in words: "spend 80 to 300 GBP", "upgrades 4", "last order at least 90 days ago".

    colon : whether one parts a title that ends with a number or a bracket from a number that follows it, as in "active
    days of the last 30: 1 to 2 days".
    """
    low, high = condition.least, condition.most
    if low == high:
        values = _end(low, column)
    elif math.isinf(high):
        values = f"at least {_end(low, column)}"
    elif math.isinf(low):
        values = f"at most {_end(high, column)}"
    else:
        values = f"{_bare(low, column)} to {_end(high, column)}"
    before, after = _around(column, colon and not values.startswith("at "))
    return f"{before}{values}{after}"


def range_in(text: str, column: Column) -> Word | None:
    """The range that `range_text` wrote of a column; None where the text is no such range."""
    if column.is_category or column.kind is Kind.FLAG:
        return None
    words = (_range_in(text, column, colon, joint) for colon, joint in ((True, True), (True, False), (False, False)))
    return next((word for word in words if word is not None), None)


def _range_in(text: str, column: Column, colon: bool, joint: bool) -> Word | None:
    """The range of a text with or without the colon, which names that were given before do not have."""
    before, after = _around(column, joint)
    if not (text.startswith(before) and text.endswith(after)):
        return None
    values = text[len(before) : len(text) - len(after)]
    match = re.fullmatch(rf"(at least |at most )?({_NUMBER})(?: to ({_NUMBER}))?(\D*)", values)
    if match is None:
        return None
    bound, first, second = match[1], _read(match[2], column), _read(match[3] or match[2], column)
    condition = Between(
        column.name, -np.inf if bound == "at most " else first, np.inf if bound == "at least " else second
    )
    return _word(condition, column) if range_text(condition, column, colon) == text else None


def _around(column: Column, joint: bool) -> tuple[str, str]:
    """What stands before and after the values of a range: the title, or "last order " and " ago".

    joint : whether a colon follows a title that ends with a number or a bracket.
    """
    since = re.fullmatch(r"time since (?:the )?(.+)", column.title)
    return (f"{since[1]} ", " ago") if since and column.unit else (f"{column.title}{_joint(column, joint)}", "")


def titled_value(value: float | str | None, column: Column) -> str:
    """A column's title and a value, without a unit that the title names: "spend 80 USD", but "upgrades 4".

    A colon parts a title that ends with a number or a bracket from the value, "active days of the last 30: 12 days",
    and a title from a bare yes or no: "internet service: No".
    """
    text = _end(value, column)
    is_bare = (column.is_category or column.kind is Kind.FLAG) and is_flag_word(text)
    return f"{column.title}{': ' if is_bare else _joint(column)}{text}"


def _joint(column: Column, may_be_colon: bool = True) -> str:
    """What parts a column's title from a number behind it."""
    return ": " if may_be_colon and (column.title[-1:].isdigit() or column.title.endswith(")")) else " "


def _end(value: float | str | None, column: Column) -> str:
    """A value at the end of a phrase that starts with the column's title.

    A title that holds a number keeps the unit, to separate the two numbers: "active days of the last 30: 12 days".
    """
    title = [word.removesuffix("s") for word in column.title.split()]
    unit = (column.unit.split()[-1] if column.unit.startswith("of ") else column.unit).removesuffix("s")
    in_title = unit in title and not any(word.isdigit() for word in title)
    return unitless_value(value, column) if in_title else plain_value(value, column)


def _bare(value: float, column: Column) -> str:
    """The number of a value alone, where its unit follows another number."""
    if is_year(column):
        return plain_value(value, column)
    return plain_number(100 * value if in_percent(column) else value)


def _read(number: str, column: Column) -> float:
    read = Decimal(number.replace(",", ""))
    return float(read / 100 if in_percent(column) else read)


def _rounded(bound: float, column: Column, rounding: str) -> float:
    """A bound as it is written, rounded to few digits."""
    if math.isinf(bound) or bound == 0:
        return bound
    exact = Decimal(bound)
    step = Decimal(1) if is_year(column) else Decimal(1).scaleb(exact.adjusted() - DIGITS + 1)
    if column.kind is Kind.COUNT:
        step = max(step, Decimal(1))
    return float((exact / step).to_integral_value(rounding) * step)
