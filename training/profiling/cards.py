"""Segment cards: the size, the medians and the strongest differences from all customers, of each segment."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from segment_model.cards import Difference, SegmentCard
from segment_model.contract import Role, VectorContract
from segment_model.encoding.encoder import Indices
from segment_model.errors import counted
from segment_model.language.wording import plain_number
from training.profiling.differences import differences_of
from training.profiling.naming import name_segments
from training.profiling.rare_levels import with_rare_levels_pooled
from training.profiling.typical_values import typical_value
from training.profiling.words.value_ranges import titled_value, unitless_value
from training.profiling.words.vocabulary import rfm_words, standing_of, standing_words
from training.profiling.words.word import MARGIN

MOST_DIFFERENCES = 8
IN_A_SENTENCE = 3  # differences


def make_cards(
    frame: pd.DataFrame,
    contract: VectorContract,
    labels: Indices,
    ids: Sequence[str],
    allow_sensitive: bool = False,
) -> tuple[SegmentCard, ...]:
    """One card a segment, in the order of `ids`.

    frame : (n rows) customer vectors. labels : (n,) positions, -1 where unassigned. allow_sensitive : whether cards
    show columns marked sensitive.
    """
    columns = [column for column in contract.columns if allow_sensitive or not column.sensitive]
    frame = with_rare_levels_pooled(frame, columns)
    members = [labels == position for position in range(len(ids))]
    standing = {column.name: standing_words(column, frame, labels, len(ids), MARGIN) for column in columns}
    medians = [
        {column.name: typical_value(frame.loc[chosen, column.name], column) for column in columns} for chosen in members
    ]
    differences = differences_of(frame, columns, members, medians, standing)
    standing[""] = standing_of(rfm_words(contract, frame), frame, labels, len(ids), MARGIN)
    names = name_segments(standing, contract, frame, labels)
    cards = []
    for segment_id, chosen, typical, own, name in zip(ids, members, medians, differences, names, strict=True):
        size = int(chosen.sum())
        share = size / len(frame) if len(frame) else 0.0
        sentence = _sentence(size, share, own, contract)
        cards.append(SegmentCard(segment_id, name, sentence, size, share, typical, tuple(own[:MOST_DIFFERENCES])))
    return tuple(cards)


def _sentence(size: int, share: float, differences: Sequence[Difference], contract: VectorContract) -> str:
    start = f"{counted(size, 'customer')} ({plain_number(100 * share)} %)"
    parts = []
    shaping_first = sorted(differences, key=lambda difference: contract[difference.column].role is not Role.BASIS)
    for difference in shaping_first[:IN_A_SENTENCE]:
        column = contract[difference.column]
        typical = titled_value(difference.typical, column)
        overall = unitless_value(difference.overall, column)
        differs = unitless_value(difference.typical, column) != overall
        parts.append(typical + (f" (all: {overall})" if differs else ""))
    return f"{start}; typically {', '.join(parts)}." if parts else f"{start}."
