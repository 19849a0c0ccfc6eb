"""Inherited names: a segment that keeps its id keeps its name, as long as the name is true of today's customers."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from segment_model.cards import SegmentCard
from segment_model.encoding.encoder import Indices
from training.profiling.naming import free_name
from training.profiling.rfm_names import BASES, NAMES, names_near

_NUMBERED = re.compile(r" \(\d+\)$")


def inherit_names(
    cards: Sequence[SegmentCard],
    former: Sequence[SegmentCard | None],
    frame: pd.DataFrame,
    segment: Indices,
    custom: Mapping[int, str] | None = None,
) -> tuple[SegmentCard, ...]:
    """The cards, each under the name of its former card while that is true; all names differ.

    frame : (n rows) today's customers; segment : (n,) the position of each customer's card, -1 for none. custom : names
    that people chose, by the position of the card; no other card gets one of them by chance.
    """
    names: dict[int, str] = {}

    def taken(position: int) -> list[str]:
        """The names of the other cards: inherited or new ones, and custom ones."""
        return [*names.values(), *(name for other, name in (custom or {}).items() if other != position)]

    for position, (card, before) in enumerate(zip(cards, former, strict=True)):
        if before is None or before.name in taken(position):
            continue
        if still_true(before.name, before, card, usual_names(frame, segment == position)):
            names[position] = before.name
    for position, card in enumerate(cards):
        if position not in names:
            names[position] = free_name(card.name, taken(position))
    return tuple(replace(card, name=names[position]) for position, card in enumerate(cards))


def usual_names(frame: pd.DataFrame, members: Indices) -> frozenset[str]:
    """The marketing names that are true of the members; none where recency, frequency or monetary value is unknown."""
    if not set(frame.columns) >= BASES:
        return frozenset()
    values = {name: frame[name].to_numpy(dtype=np.float64) for name in BASES}
    return names_near(values, np.asarray(members, dtype=np.bool_))


def still_true(name: str, before: SegmentCard, now: SegmentCard, usual: Collection[str] = ()) -> bool:
    """Whether every phrase of a discovered name holds for the segment's new medians too.

    usual : the marketing names that are true of the segment today. Each phrase must be one of them; or the words of a
    former difference that persists, on the same side of everyone's median; or, where it is neither a marketing name nor
    a former difference, a phrase of today's own name. A phrase with a number is never inherited, because the number is
    the old median.
    """
    today = {difference.column: difference for difference in now.differences}
    former = {difference.words: difference for difference in before.differences if difference.words}
    own = _phrases(now.name)
    for phrase in _phrases(name):
        if phrase in former:
            old = former[phrase]
            new = today.get(old.column)
            if new is None or new.effect * old.effect <= 0:
                return False
            if isinstance(old.typical, str) and new.typical != old.typical:
                return False
        elif phrase not in (usual if phrase in NAMES else own) or any(letter.isdigit() for letter in phrase):
            return False
    return True


def _phrases(name: str) -> list[str]:
    return [_NUMBERED.sub("", phrase) for phrase in name.split(", ")]
