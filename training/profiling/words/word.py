"""A word of a segment's name or card is a claim: a text, and the condition on raw values under which it is true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Protocol

import numpy as np
import pandas as pd

from segment_model.encoding.encoder import Flags, Indices

STANDS = 0.75  # of the segment's customers, of whom a word must be true
TELLS = 0.5  # of all other customers, of whom a telling word is true at most
MARGIN = 0.05  # a new word keeps so far from both limits, so that a few customers more or less do not make it untrue


class Condition(Protocol):
    """What must hold of a customer."""

    def holds(self, frame: pd.DataFrame, /) -> Flags:
        """(n,) whether it holds of each customer of a frame of raw values; False where the value is missing."""
        ...


@dataclass(frozen=True, slots=True)
class Between:
    """A number from `least` to `most`, both included."""

    column: str
    least: float = -np.inf
    most: float = np.inf

    def holds(self, frame: pd.DataFrame, /) -> Flags:
        """(n,) whether each customer's number lies within the bounds."""
        values = frame[self.column].to_numpy(dtype=np.float64, na_value=np.nan)
        return (values >= self.least) & (values <= self.most)


@dataclass(frozen=True, slots=True)
class AtLevel:
    """A category at one level."""

    column: str
    level: str

    def holds(self, frame: pd.DataFrame, /) -> Flags:
        """(n,) whether each customer has the level."""
        values: pd.Series[Any] = frame[self.column]
        return (values.notna() & (values.astype("str") == self.level)).to_numpy(dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Unknown:
    """A missing value."""

    column: str

    def holds(self, frame: pd.DataFrame, /) -> Flags:
        """(n,) whether each customer's value is missing."""
        return frame[self.column].isna().to_numpy(dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Together:
    """Several conditions, all of which must hold."""

    conditions: tuple[Condition, ...]

    def holds(self, frame: pd.DataFrame, /) -> Flags:
        """(n,) whether all hold of each customer."""
        holds = np.ones(len(frame), dtype=np.bool_)
        for condition in self.conditions:
            holds &= condition.holds(frame)
        return holds


@dataclass(frozen=True, eq=False)
class Settled:
    """A condition that was evaluated on all customers before: (n,) the answers.

    bounds : by column, what a customer of whom it holds must meet. Others may meet them too.
    """

    answers: Flags
    bounds: tuple[Between, ...] = ()

    def holds(self, _: pd.DataFrame, /) -> Flags:
        """(n,) the answers, for the frame of which they were asked."""
        return self.answers


class Rank(IntEnum):
    """Which of two words that tell equally much is said first: the lower one."""

    DECLARED = 0  # the words of a feature or of the user, and the names of the RFM grid
    TEMPLATE = 1  # "high spend", "mostly pro (plan)"
    BOUND = 2  # "spend at least 300 GBP", "upgrades 4"
    RANGE = 3  # "spend 80 to 300 GBP"


@dataclass(frozen=True, slots=True)
class Word:
    """A text, the column that it speaks of, and what must hold of a customer of whom it is true."""

    text: str
    column: str
    condition: Condition
    rank: Rank = Rank.TEMPLATE


@dataclass(frozen=True, slots=True)
class Truth:
    """The shares of a segment's customers, and of all others, of whom a word is true."""

    inside: float
    outside: float

    def stands(self, margin: float = 0.0) -> bool:
        """Whether the word is true of enough of the segment to be said."""
        return self.inside >= STANDS + margin

    def tells(self, margin: float = 0.0) -> bool:
        """Whether the word also tells the segment from the others."""
        return self.stands(margin) and self.outside <= TELLS - margin


def truths(holds: Flags, labels: Indices, segments: int) -> Sequence[Truth]:
    """A word's truth in each segment.

    holds : (n,) of whom it is true. labels : (n,) positions, -1 where unassigned. A segment without customers has no
    true word; where there are no others, the word is true of none of them.
    """
    sizes = np.bincount(labels + 1, minlength=segments + 1)[1:]
    true = np.bincount(labels[holds] + 1, minlength=segments + 1)[1:]
    others, true_of_others = len(labels) - sizes, holds.sum() - true
    return [
        Truth(float(inside), float(outside))
        for inside, outside in zip(true / np.maximum(sizes, 1), true_of_others / np.maximum(others, 1), strict=True)
    ]
