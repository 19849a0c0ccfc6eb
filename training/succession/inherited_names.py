"""Inherited names: a segment that inherits an id also inherits the name, if it is still true of the new customers."""

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
    """The cards, each with the name of its former card if that is still true; all names differ.

    former : of each card, the incumbent's card whose id it inherits. frame : (n rows) the new customers. segment : (n,)
    the position of each customer's card, -1 for none. custom : names that people chose, by the position of the card; no
    other card gets one of them.
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
    """The marketing names that are true of the members; none if a column of recency, frequency or money is absent."""
    if not set(frame.columns) >= BASES:
        return frozenset()
    values = {name: frame[name].to_numpy(dtype=np.float64) for name in BASES}
    return names_near(values, np.asarray(members, dtype=np.bool_))


def still_true(name: str, before: SegmentCard, now: SegmentCard, usual: Collection[str] = ()) -> bool:
    """Whether every phrase of an inherited name is still true of the segment.

    usual : the marketing names that are true of it now. A phrase that is the words of a former difference is true if
    that difference persists, in the same direction or at the same level. A marketing name is true if it is in `usual`.
    Any other phrase must also stand in the new name of the segment, and hold no digit, because a digit belongs to an
    old median.
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
