"""A segment that keeps its id keeps its name, as long as the name is true of today's customers."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from segment_model.cards import SegmentCard
from segment_model.encoding.encoder import Indices
from training.profiling.naming import unlike
from training.profiling.rfm_names import BASES, NAMES, names_near

_NUMBERED = re.compile(r" \(\d+\)$")


def named(
    cards: Sequence[SegmentCard],
    former: Sequence[SegmentCard | None],
    frame: pd.DataFrame,
    segment: Indices,
    given: Mapping[int, str] | None = None,
) -> tuple[SegmentCard, ...]:
    """The cards, those with a former one under its name while it is true; no two bear the same.

    frame : (n rows) today's customers; segment : (n,) the position of each one's card, -1 for none. given : the names
    that people gave, by the position of the card; no other card bears one of them by chance.
    """
    names: dict[int, str] = {}

    def taken(position: int) -> list[str]:
        """What the others bear: names found for them, and names given to them."""
        return [*names.values(), *(name for other, name in (given or {}).items() if other != position)]

    for position, (card, before) in enumerate(zip(cards, former, strict=True)):
        if before is None or before.name in taken(position):
            continue
        if still_true(before.name, before, card, usual_names(frame, segment == position)):
            names[position] = before.name
    for position, card in enumerate(cards):
        if position not in names:
            names[position] = unlike(card.name, taken(position))
    return tuple(replace(card, name=names[position]) for position, card in enumerate(cards))


def usual_names(frame: pd.DataFrame, members: Indices) -> frozenset[str]:
    """The marketing names that are true of the members; none where recency, frequency or monetary value is unknown."""
    if not set(frame.columns) >= BASES:
        return frozenset()
    values = {name: frame[name].to_numpy(dtype=np.float64) for name in BASES}
    return names_near(values, np.asarray(members, dtype=np.bool_))


def still_true(name: str, before: SegmentCard, now: SegmentCard, usual: Collection[str] = ()) -> bool:
    """Whether all that a discovered name says of a segment holds for its new medians too.

    usual : the marketing names that are true of the segment today. Each phrase of the name must be one of them; or a
    difference that is there still, on the same side of everyone's median; or, where it is neither a marketing name nor
    a difference of old, what today's own name says. A name that tells a number of customers' doings never passes on:
    the number was the old median.
    """
    there = {one.column: one for one in now.differences}
    of_old = {one.words: one for one in before.differences if one.words}
    own = _phrases(now.name)
    for phrase in _phrases(name):
        if phrase in of_old:
            one = of_old[phrase]
            today = there.get(one.column)
            if today is None or today.effect * one.effect <= 0:
                return False
            if isinstance(one.typical, str) and today.typical != one.typical:
                return False
        elif phrase not in (usual if phrase in NAMES else own) or any(letter.isdigit() for letter in phrase):
            return False
    return True


def _phrases(name: str) -> list[str]:
    return [_NUMBERED.sub("", phrase) for phrase in name.split(", ")]
