"""Names of segments: the words that are true of a segment, and that together tell it best from all other customers."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from segment_model.contract import VectorContract
from segment_model.encoding.encoder import Flags, Indices
from training.profiling.words.word import MARGIN, Rank, Truth, Word

WORDS_IN_A_NAME = 2
MOST_WORDS = 4  # where fewer do not tell two segments apart
SHORTLIST = 12  # words of a segment that are compared customer by customer
LEAST_GAIN = 0.2  # of the others whom a name does not exclude yet: a further word that excludes fewer is not added
ANY_GAIN = 1e-9
SOME_GAIN = 0.05  # of the others: a lone word that excludes fewer would say nothing of the segment
UNTOLD = "told by no column alone"  # such as a ring around another segment
NUMBER = r" \(\d+\)$"  # of the second segment of one name, and so on
# the share of the others that another word must exclude in addition to be used instead
PREFERENCE: Mapping[Rank, float] = {Rank.DECLARED: 0.25, Rank.TEMPLATE: 0.15, Rank.BOUND: 0.1, Rank.RANGE: 0.0}
Standing = Mapping[str, Sequence[Sequence[tuple[Word, Truth]]]]


@dataclass(frozen=True)
class SegmentName:
    """The name of a segment, and the words of which it is made; a name of a segment that no word tells has none."""

    text: str
    words: tuple[Word, ...]


@dataclass
class _NameSoFar:
    """The words of a segment's name so far, and the others (n,) of whom all of them are true."""

    candidates: list[tuple[Word, Flags]]
    telling: frozenset[str]
    words: list[Word]
    others: Flags

    def extend(self, only_telling: bool, least_gain: float) -> bool:
        """Add the word that excludes most of the remaining others, plus the preference of its rank, if any does."""
        used = {word.column for word in self.words}
        remaining = int(self.others.sum())
        if not remaining:
            return False
        best: tuple[float, Word, Flags] | None = None
        for word, holds in self.candidates:
            if word.column in used or (only_telling and word.text not in self.telling):
                continue
            gain = 1 - int((self.others & holds).sum()) / remaining
            score = gain + PREFERENCE[word.rank]
            if gain >= least_gain and (best is None or score > best[0]):
                best = (score, word, holds)
        if best is None:
            return False
        self.words.append(best[1])
        self.others = self.others & best[2]
        return True

    @property
    def text(self) -> str:
        return ", ".join(word.text for word in self.words)


def name_segments(
    standing: Standing, contract: VectorContract, frame: pd.DataFrame, labels: Indices
) -> list[SegmentName]:
    """A name for each segment, of words that are true of it; no two of the same words.

    standing : by column, the words that stand in each segment; "" for words of no single column. frame : (n rows) raw
    values. labels : (n,) positions, -1 where unassigned.

    A name is made of words of basis columns that tell, or of descriptors where none does, or of the words that exclude
    most others where no word tells. Where no word excludes even a few, the name says so.
    """
    segments = len(next(iter(standing.values()), ()))
    names = [_shortlisted(position, standing, contract, frame, labels) for position in range(segments)]
    for name in names:
        while len(name.words) < WORDS_IN_A_NAME and name.extend(True, LEAST_GAIN if name.words else 0.0):
            pass
        if not name.words:
            name.extend(False, SOME_GAIN)
    for _ in range(MOST_WORDS):
        for name in list(_of_same_words(names)):
            if len(name.words) < MOST_WORDS:
                name.extend(False, ANY_GAIN)
    texts = numbered([name.text or UNTOLD for name in names])
    return [SegmentName(text, tuple(name.words)) for text, name in zip(texts, names, strict=True)]


def _shortlisted(
    position: int, standing: Standing, contract: VectorContract, frame: pd.DataFrame, labels: Indices
) -> _NameSoFar:
    basis = {"", *(column.name for column in contract.basis)}
    own = [(word, truth) for column in standing.values() for word, truth in column[position]]
    tell = [word.text for word, truth in own if truth.tells(MARGIN)]
    allowed = [pair for pair in own if pair[0].column in basis]
    if not any(word.text in tell for word, _ in allowed):
        allowed = own
    shortlist = sorted(allowed, key=lambda pair: pair[1].outside - PREFERENCE[pair[0].rank])[:SHORTLIST]
    candidates = [(word, word.condition.holds(frame)) for word, _ in shortlist]
    return _NameSoFar(candidates, frozenset(tell), [], labels != position)


def _of_same_words(names: Sequence[_NameSoFar]) -> Iterator[_NameSoFar]:
    """The names whose words another one has too, in whatever order."""
    words = [same_words(name.text) for name in names]
    for name, own in zip(names, words, strict=True):
        if words.count(own) > 1:
            yield name


def same_words(name: str) -> tuple[frozenset[str], str]:
    """What two names have in common that differ in the order of their words at most: the words, and the number."""
    number = re.search(NUMBER, name)
    return frozenset(re.sub(NUMBER, "", name).split(", ")), number[0] if number else ""


def numbered(names: Iterable[str]) -> list[str]:
    """The names, with numbers where earlier ones have the same words."""
    free: list[str] = []
    for name in names:
        free.append(free_name(name, free))
    return free


def free_name(name: str, taken: Collection[str]) -> str:
    """The name, with a number appended if its words are taken: "loyal customers (2)"."""
    used = {same_words(other) for other in taken}
    number, free = 1, name
    while same_words(free) in used:
        number += 1
        free = f"{name} ({number})"
    return free
