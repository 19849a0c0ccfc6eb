"""Inherited names: a segment that inherits an id also inherits the name, if it is still true of the new customers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from segment_model.cards import SegmentCard
from segment_model.contract import VectorContract
from segment_model.encoding.encoder import Flags, Indices
from segment_model.explanation.name_misfits import Claim
from training.profiling.naming import NUMBER, free_name, same_words
from training.profiling.profile import Population
from training.profiling.true_words import asked_of_all
from training.profiling.words.claims import claims_of
from training.profiling.words.vocabulary import Vocabulary
from training.profiling.words.word import Truth, Word, truths


def inherit_names(
    cards: Sequence[SegmentCard],
    former: Sequence[SegmentCard | None],
    contract: VectorContract,
    frame: pd.DataFrame,
    segment: Indices,
    custom: Mapping[int, str] | None = None,
    population: Population | None = None,
) -> tuple[SegmentCard, ...]:
    """The cards, each with the name of its former card if that is still true; no two names have the same words.

    former : of each card, the incumbent's card whose id it inherits. contract, frame : the new customers (n rows).
    segment : (n,) the position of each customer's card, -1 for none. custom : names that people chose, by the position
    of the card; no other card gets one of them. population : all customers, of whom the n are a sample, in the segments
    of the cards; names must be true of them.
    """
    names: dict[int, str] = {}

    def taken(position: int) -> list[str]:
        """The names of the other cards: inherited or new ones, and custom ones."""
        return [*names.values(), *(name for other, name in (custom or {}).items() if other != position)]

    vocabulary = vocabulary_of(cards, contract, frame, population)
    for position, (card, before) in enumerate(zip(cards, former, strict=True)):
        if before is None or free_name(before.name, taken(position)) != before.name:
            continue
        of_all = None if population is None else partial(_truths_of_all, population, position)
        if still_true(before.name, card.name, vocabulary, frame, segment == position, of_all):
            names[position] = before.name
    for position, card in enumerate(cards):
        if position not in names:
            names[position] = free_name(card.name, taken(position))
    return tuple(replace(card, name=names[position]) for position, card in enumerate(cards))


def vocabulary_of(
    cards: Sequence[SegmentCard], contract: VectorContract, frame: pd.DataFrame, population: Population | None
) -> Vocabulary:
    """The words of the columns that the cards show, as of these customers."""
    shown = [name for name in frame.columns if cards and name in cards[0].medians]
    return Vocabulary(contract, frame[shown], None if population is None else population.spread)


def inherited_claims(
    cards: Sequence[SegmentCard],
    fresh: Sequence[SegmentCard],
    contract: VectorContract,
    frame: pd.DataFrame,
    population: Population | None = None,
) -> dict[int, list[Claim] | None]:
    """What the words of the inherited names claim of today's customers, by position, where they differ from the new.

    cards : with the final names. fresh : the same with the new names. None where a name has a part that is no word.
    """
    inherited = {
        position: card.name
        for position, (card, new) in enumerate(zip(cards, fresh, strict=True))
        if same_words(_unnumbered(card.name))[0] != same_words(_unnumbered(new.name))[0]
    }
    if not inherited:
        return {}
    vocabulary = vocabulary_of(fresh, contract, frame, population)
    shown = frozenset(fresh[0].medians)
    words = {position: words_in(name, vocabulary) for position, name in inherited.items()}
    return {position: None if own is None else claims_of(own, shown) for position, own in words.items()}


def words_in(name: str, vocabulary: Vocabulary) -> list[Word] | None:
    """The words of a name, its number apart; None where a part of it is no word."""
    words = vocabulary.words(name)
    return vocabulary.words(_unnumbered(name)) if words is None else words


def _unnumbered(name: str) -> str:
    return re.sub(NUMBER, "", name)


def still_true(
    name: str,
    today: str,
    vocabulary: Vocabulary,
    frame: pd.DataFrame,
    members: Flags,
    of_all: Callable[[Sequence[Word]], Mapping[Word, Truth]] | None = None,
) -> bool:
    """Whether an inherited name is still true: each of its words stands today, and one tells.

    today : the new name of the segment, which needs no further truth. members : (n,) who is in the segment. of_all :
    the truth of words in the segment among all customers, of whom those of the frame are a sample.
    """
    plain = name if vocabulary.words(name) is not None else _unnumbered(name)
    if same_words(plain) == same_words(today):
        return True
    words = vocabulary.words(plain)
    if words is None or not members.any():
        return False
    whole = {} if of_all is None else of_all(words)
    truth = [
        whole[word] if word in whole else truths(word.condition.holds(frame), np.where(members, 0, 1), 2)[0]
        for word in words
    ]
    return all(own.stands() for own in truth) and any(own.tells() for own in truth)


def _truths_of_all(population: Population, position: int, words: Sequence[Word]) -> Mapping[Word, Truth]:
    """The truth of words in one segment of the population, as far as it can say."""
    return {word: of_segments[position] for word, of_segments in asked_of_all(words, population).items()}
