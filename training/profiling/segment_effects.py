"""Effect sizes: how far each segment differs from all customers, column by column."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from segment_model.cards import SegmentCard
from segment_model.contract import Column
from segment_model.encoding.encoder import Flags, Floats, Indices
from training.profiling.rare_levels import with_rare_levels_pooled


def segment_effects(
    frame: pd.DataFrame, columns: Sequence[Column], labels: Indices, cards: Sequence[SegmentCard]
) -> Floats:
    """(columns, segments) differences between a segment's members and everyone, in standard deviations.

    Of a number: the mean standardised rank. Of a category: the share of the segment's commonest level. 0 where a
    segment has no customer.
    """
    frame = with_rare_levels_pooled(frame, columns)
    members = [labels == position for position in range(len(cards))]
    effects = np.zeros((len(columns), len(cards)))
    for row, column in enumerate(columns):
        typical = [card.medians[column.name] for card in cards]
        effects[row] = column_effects(frame[column.name], column, members, typical)
    return effects


def column_effects(
    values: pd.Series[float], column: Column, members: Sequence[Flags], typical: Sequence[float | str | None]
) -> list[float]:
    """The effect of each segment in one column; typical : its median or commonest level."""
    if column.is_category:
        return [_level_effect(values, chosen, level) for chosen, level in zip(members, typical, strict=True)]
    ranks = standardised_ranks(values)
    return [float(ranks[chosen].mean()) if chosen.any() else 0.0 for chosen in members]


def standardised_ranks(values: pd.Series[float]) -> Floats:
    """Each value's rank among the known ones, standardised to mean 0 and variance 1; a missing one counts 0."""
    if values.nunique() < 2:  # the spread of equal ranks may be a rounding error instead of 0
        return np.zeros(len(values))
    known = values.rank(method="average", pct=True).to_numpy(dtype=np.float64)
    return np.nan_to_num((known - np.nanmean(known)) / float(np.nanstd(known)), nan=0.0)


def _level_effect(values: pd.Series[float], members: Flags, level: float | str | None) -> float:
    if level is None:
        return 0.0
    known = values.notna().to_numpy()
    here, everywhere = float((values[members & known] == level).mean()), float((values[known] == level).mean())
    deviation = math.sqrt(everywhere * (1 - everywhere))
    return (here - everywhere) / deviation if deviation else 0.0
