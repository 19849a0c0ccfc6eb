"""What the values of one column show: how many differ, and whether they are numbers, flags or dates."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.grammar.flags import NO, YES
from features.grammar.null_words import NULL_WORDS
from features.grammar.numbers import UNKNOWN

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Writing:
    """How the text of a column is written: its decimal mark, its words for a missing value, for yes and for no.

    decimal : UNKNOWN tries both marks.
    """

    decimal: str = UNKNOWN
    null_words: frozenset[str] = NULL_WORDS
    true_words: frozenset[str] = YES
    false_words: frozenset[str] = NO

    def is_flag(self, text: str) -> bool:
        """Whether a text means yes or no."""
        return text.lower() in self.true_words or text.lower() in self.false_words


@dataclass(frozen=True)
class ColumnFacts:
    """The facts of a column.

    rows, known, distinct : counts of all rows, of those with a value, and of different values. numbers : the different
    values, rising, where all of them are numbers. flags, moments : whether all are flags, or dates and times. is_text :
    whether the column is text. no_numbers : some of the values that keep a text column from being one of numbers,
    where most are. units : whether all texts are numbers with a unit, such as `5 %`. example : the least of the values
    as text. type_name : of a column that is neither number nor text.
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
