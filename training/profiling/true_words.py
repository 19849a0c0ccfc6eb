"""Checks the words that a sample of the customers suggests against all customers: untrue words are left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from training.profiling.naming import Standing
from training.profiling.profile import Population
from training.profiling.words.word import MARGIN, Settled, Truth, Word


@dataclass(frozen=True)
class CheckedWords:
    """The words that stand among all customers; asked : how many were suggested, untrue : how many of them do not."""

    standing: Standing
    asked: int
    untrue: int


def asked_of_all(words: Iterable[Word], population: Population) -> Mapping[Word, Sequence[Truth]]:
    """The truth of words in each segment of the population; names of the RFM grid, which it cannot say, are absent."""
    askable = list(dict.fromkeys(word for word in words if not isinstance(word.condition, Settled)))
    return dict(zip(askable, population.truths(askable), strict=True))


def only_true(standing: Standing, population: Population) -> CheckedWords:
    """Leave out the words that are untrue of the population.

    standing : by column, the words that stand in each segment of the sample, by a margin; the population needs none.
    A word that no longer tells a segment from the others keeps the truth that says so. The names of the RFM grid rest
    on ranks among the customers of the sample, and stay as they are.
    """
    places = [
        (column, position, word, truth)
        for column, of_segments in standing.items()
        for position, own in enumerate(of_segments)
        for word, truth in own
    ]
    answers = asked_of_all([word for _, _, word, _ in places], population)
    kept: dict[str, list[list[tuple[Word, Truth]]]] = {
        column: [[] for _ in of_segments] for column, of_segments in standing.items()
    }
    asked = untrue = 0
    for column, position, word, truth in places:
        whole = truth
        if word in answers:
            asked += 1
            whole = answers[word][position]
        if not whole.stands():
            untrue += 1
            continue
        kept[column][position].append((word, whole if truth.tells(MARGIN) and not whole.tells() else truth))
    return CheckedWords(kept, asked, untrue)
