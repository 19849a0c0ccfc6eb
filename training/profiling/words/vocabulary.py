"""The vocabulary of a discovery: every word that may be said of a segment, and the word that a text stands for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
import pandas as pd

from features.inspection.looks.flag_words import is_flag_word
from segment_model.contract import Column, Kind, VectorContract
from segment_model.encoding.encoder import Indices
from training.profiling.rare_levels import OTHER, usual_levels
from training.profiling.words.rfm_names import BASES, grid_words, is_rfm_only
from training.profiling.words.value_ranges import range_in, ranges_of
from training.profiling.words.word import AtLevel, Truth, Unknown, Word, truths
from training.profiling.words.word_rules import SpreadOf
from training.profiling.words.word_table import words_of_number


def words_of(column: Column, frame: pd.DataFrame, spread_of: SpreadOf | None = None) -> Iterator[Word]:
    """The words of a column that do not depend on a segment: those of the table, of each usual level, of no value."""
    if column.is_category:
        for level in usual_levels(frame[column.name].dropna().astype("str")):
            if level != OTHER:
                yield Word(level_words(str(level), column), column.name, AtLevel(column.name, str(level)))
    else:
        yield from words_of_number(column, frame, spread_of)
    yield Word(f"{column.title} unknown", column.name, Unknown(column.name))


def level_words(level: str, column: Column) -> str:
    """A level of a category in words: "mostly pro (plan)"; of a bare yes or no, which names nothing, as of a flag:
    "internet service: No".
    """
    return f"{column.title}: {level}" if is_flag_word(level) else f"mostly {level} ({column.title})"


def standing_words(
    column: Column,
    frame: pd.DataFrame,
    labels: Indices,
    segments: int,
    margin: float,
    spread_of: SpreadOf | None = None,
) -> list[list[tuple[Word, Truth]]]:
    """Of each segment, the words of a column that stand in it, ranges included.

    frame : (n rows) raw values. labels : (n,) positions, -1 where unassigned. margin : how far from the limit.
    spread_of : as in `words_of_number`.
    """
    standing = standing_of(words_of(column, frame, spread_of), frame, labels, segments, margin)
    if not column.is_category and column.kind is not Kind.FLAG:
        values = frame[column.name].to_numpy(dtype=np.float64, na_value=np.nan)
        for position, own in enumerate(standing):
            for word in ranges_of(column, values, labels == position):
                own.append((word, truths(word.condition.holds(frame), labels, segments)[position]))
    return standing


def standing_of(
    words: Iterable[Word], frame: pd.DataFrame, labels: Indices, segments: int, margin: float
) -> list[list[tuple[Word, Truth]]]:
    """Of each segment, those of the words that stand in it."""
    standing: list[list[tuple[Word, Truth]]] = [[] for _ in range(segments)]
    for word in words:
        for own, truth in zip(standing, truths(word.condition.holds(frame), labels, segments), strict=True):
            if truth.stands(margin):
                own.append((word, truth))
    return standing


def rfm_words(contract: VectorContract, frame: pd.DataFrame) -> list[Word]:
    """The names of the RFM grid, where the bases are those of the grid and no other."""
    return grid_words(frame) if is_rfm_only(contract) and set(frame.columns) >= BASES else []


class Vocabulary:
    """The words that may be said of these customers, by their texts; `spread_of` as in `words_of_number`."""

    def __init__(self, contract: VectorContract, frame: pd.DataFrame, spread_of: SpreadOf | None = None) -> None:
        self._columns = [column for column in contract.columns if column.name in frame.columns]
        words = chain(rfm_words(contract, frame), *(words_of(column, frame, spread_of) for column in self._columns))
        self._words: dict[str, Word] = {}
        for word in words:
            self._words.setdefault(word.text, word)

    def word(self, text: str) -> Word | None:
        """The word that a text stands for; None where there is no such word."""
        ranges = (range_in(text, column) for column in self._columns)
        return self._words.get(text) or next((word for word in ranges if word is not None), None)

    def words(self, name: str) -> list[Word] | None:
        """The words of a segment's name; None where a part of it is no word. A word may itself hold commas."""
        parts = name.split(", ")
        words: list[Word] = []
        while parts:
            lengths = range(len(parts), 0, -1)
            length, word = next(
                ((n, word) for n in lengths if (word := self.word(", ".join(parts[:n]))) is not None), (0, None)
            )
            if word is None:
                return None
            words.append(word)
            parts = parts[length:]
        return words
