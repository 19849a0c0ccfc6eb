"""Effect sizes: how far each segment differs from all customers, column by column."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from segment_model.cards import SegmentCard
from segment_model.contract import Column
from segment_model.encoding.encoder import Flags, Floats, Indices
from training.profiling.cards import standardised_ranks
from training.profiling.rare_levels import with_rare_levels_pooled


def segment_effects(
    frame: pd.DataFrame, columns: Sequence[Column], labels: Indices, cards: Sequence[SegmentCard]
) -> Floats:
    """(columns, segments) differences between a segment's members and everyone, in standard deviations.

    Of a number: the mean standardised rank. Of a category: the share of the segment's commonest level. 0 where a
    segment has no customer.
    """
    frame = with_rare_levels_pooled(frame, columns)
    effects = np.zeros((len(columns), len(cards)))
    for row, column in enumerate(columns):
        for position, card in enumerate(cards):
            members = labels == position
            if members.any():
                effects[row, position] = _effect(frame[column.name], column, members, card)
    return effects


def _effect(values: pd.Series[float], column: Column, members: Flags, card: SegmentCard) -> float:
    if not column.is_category:
        return float(standardised_ranks(values)[members].mean())
    level = card.medians[column.name]
    if level is None:
        return 0.0
    known = values.notna().to_numpy()
    here, everywhere = float((values[members & known] == level).mean()), float((values[known] == level).mean())
    deviation = math.sqrt(everywhere * (1 - everywhere))
    return (here - everywhere) / deviation if deviation else 0.0
