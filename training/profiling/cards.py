"""Segment cards: the size, the medians and the strongest differences from all customers, of each segment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from segment_model.cards import Difference, SegmentCard
from segment_model.contract import Column, Role, VectorContract
from segment_model.encoding.encoder import Flags, Floats, Indices
from segment_model.errors import counted
from segment_model.language.wording import direction, plain_number
from training.profiling.naming import echoes, name_segments, titled_value, unitless_value
from training.profiling.rare_levels import OTHER, with_rare_levels_pooled
from training.profiling.rfm_names import grid_name, is_rfm_only

LEAST_EFFECT = 0.3  # standard deviations; smaller differences are not worth a word
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
    ranks = {column.name: standardised_ranks(frame[column.name]) for column in columns if not column.is_category}
    members = [labels == position for position in range(len(ids))]
    differences = [_differences(frame, columns, ranks, chosen) for chosen in members]
    usual: list[str] = []
    if is_rfm_only(contract):
        numbers = {column.name: frame[column.name].to_numpy(dtype=np.float64) for column in contract.basis}
        usual = [grid_name(numbers, chosen) for chosen in members]
    names = name_segments(differences, contract, ranks, usual)
    cards = []
    for segment_id, chosen, own, name in zip(ids, members, differences, names, strict=True):
        size = int(chosen.sum())
        share = size / len(frame) if len(frame) else 0.0
        medians = {column.name: typical_value(frame.loc[chosen, column.name], column) for column in columns}
        sentence = _sentence(size, share, own, contract)
        cards.append(SegmentCard(segment_id, name, sentence, size, share, medians, tuple(own[:MOST_DIFFERENCES])))
    return tuple(cards)


def standardised_ranks(values: pd.Series[float]) -> Floats:
    """Each value's rank among the known ones, standardised to mean 0 and variance 1; a missing one counts 0."""
    known = values.rank(method="average", pct=True).to_numpy(dtype=np.float64)
    spread = float(np.nanstd(known)) if np.any(~np.isnan(known)) else 0.0
    if spread == 0:
        return np.zeros(len(values))
    return np.nan_to_num((known - np.nanmean(known)) / spread, nan=0.0)


def typical_value(values: pd.Series[Any], column: Column) -> float | str | None:
    """The median, or the commonest level (of equally common ones the first by name); None where no value is known."""
    known = values.dropna()
    if known.empty:
        return None
    if column.is_category:
        counts = known.astype(str).value_counts()
        return str(min(counts[counts == counts.max()].index))
    return float(np.median(known.to_numpy(dtype=np.float64)))


def _differences(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    ranks: dict[str, Floats],
    chosen: Flags,
) -> list[Difference]:
    """The differences of the chosen customers from all, in basis and descriptor columns, strongest first."""
    differences = []
    for column in columns:
        if column.is_category:
            differences += _level_differences(frame[column.name], column, chosen)
            continue
        effect = float(ranks[column.name][chosen].mean()) if chosen.any() else 0.0
        typical, overall = (
            typical_value(frame.loc[chosen, column.name], column),
            typical_value(frame[column.name], column),
        )
        if abs(effect) < LEAST_EFFECT or not isinstance(typical, float) or not isinstance(overall, float):
            continue
        if (typical - overall) * effect <= 0:  # words must not contradict the medians
            continue
        differences.append(Difference(column.name, effect, typical, overall, direction(column, effect > 0)))
    strongest_first = sorted(differences, key=lambda difference: -abs(difference.effect))
    return _without_echoes(strongest_first, columns, ranks)


def _without_echoes(
    differences: Sequence[Difference], columns: Sequence[Column], ranks: dict[str, Floats]
) -> list[Difference]:
    """Leave out descriptors that only repeat a basis or a stronger descriptor."""
    basis = {column.name for column in columns if column.role is Role.BASIS}
    kept = [difference for difference in differences if difference.column in basis]
    for difference in differences:
        if difference.column not in basis and not any(echoes(difference, other, ranks) for other in kept):
            kept.append(difference)
    return sorted(kept, key=lambda difference: -abs(difference.effect))


def _level_differences(values: pd.Series[Any], column: Column, chosen: Flags) -> list[Difference]:
    known = values.notna().to_numpy()
    inside = values[chosen & known].value_counts(normalize=True).to_dict()
    known_share = float(np.mean(known[chosen])) if chosen.any() else 0.0
    everyone = values[known].value_counts(normalize=True).to_dict()
    overall = typical_value(values, column)
    differences = []
    for level, share in inside.items():
        expected = everyone[level]
        spread = np.sqrt(expected * (1 - expected))
        effect = (float(share) - expected) / spread if spread > 0 else 0.0
        # a word about the segment must be true of most of its customers, those with an unknown level included
        if level != OTHER and effect >= LEAST_EFFECT and share * known_share >= 0.5:
            words = f"mostly {level} ({column.title})"
            differences.append(Difference(column.name, float(effect), str(level), overall, words))
    return differences


def _sentence(size: int, share: float, differences: Sequence[Difference], contract: VectorContract) -> str:
    start = f"{counted(size, 'customer')} ({plain_number(100 * share)} %)"
    parts = []
    for difference in differences[:IN_A_SENTENCE]:
        column = contract[difference.column]
        typical = titled_value(difference.typical, column)
        overall = unitless_value(difference.overall, column)
        differs = difference.typical != difference.overall
        parts.append(typical + (f" (all: {overall})" if differs else ""))
    return f"{start}; typically {', '.join(parts)}." if parts else f"{start}, close to the average in everything."
