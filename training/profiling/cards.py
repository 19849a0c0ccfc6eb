"""Segment cards: the size, the medians and the strongest differences from all customers, of each segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from segment_model.cards import Difference, SegmentCard
from segment_model.contract import Role, VectorContract
from segment_model.encoding.encoder import Indices
from segment_model.errors import counted
from segment_model.explanation.name_misfits import Claim
from segment_model.language.wording import plain_number, unitless_value
from training.profiling.differences import differences_of
from training.profiling.naming import Standing, name_segments
from training.profiling.profile import Population, Profile, profile_of
from training.profiling.rare_levels import with_rare_levels_pooled
from training.profiling.true_words import only_true
from training.profiling.words.claims import claims_of
from training.profiling.words.value_ranges import titled_value
from training.profiling.words.vocabulary import rfm_words, standing_of, standing_words
from training.profiling.words.word import MARGIN

MOST_DIFFERENCES = 8
IN_A_SENTENCE = 3  # differences


@dataclass(frozen=True)
class Described:
    """The cards of segments with the profile that they show.

    claims : by segment id, what the words of its name claim. asked, untrue : words that the customers in memory
    suggest, and those of them that are not true of all customers.
    """

    cards: tuple[SegmentCard, ...]
    profile: Profile
    claims: Mapping[str, Sequence[Claim]]
    asked: int = 0
    untrue: int = 0


def make_cards(
    frame: pd.DataFrame,
    contract: VectorContract,
    labels: Indices,
    ids: Sequence[str],
    allow_sensitive: bool = False,
) -> tuple[SegmentCard, ...]:
    """One card a segment, in the order of `ids`; as `describe`."""
    return describe(frame, contract, labels, ids, allow_sensitive).cards


def describe(
    frame: pd.DataFrame,
    contract: VectorContract,
    labels: Indices,
    ids: Sequence[str],
    allow_sensitive: bool = False,
    population: Population | None = None,
) -> Described:
    """One card a segment, in the order of `ids`.

    frame : (n rows) customer vectors. labels : (n,) positions, -1 where unassigned. allow_sensitive : whether cards
    show columns marked sensitive. population : all customers, of whom those of the frame are a sample. Then sizes and
    typical values are theirs, and no word is said that is untrue of them; the sample suggests the words, and how
    strong a difference is.
    """
    columns = [column for column in contract.columns if allow_sensitive or not column.sensitive]
    profile = profile_of(frame, columns, labels, len(ids)) if population is None else population.profile(columns)
    frame = with_rare_levels_pooled(frame, columns)
    spread_of = None if population is None else population.spread
    standing: Standing = {
        **{c.name: standing_words(c, frame, labels, len(ids), MARGIN, spread_of) for c in columns},
        "": standing_of(rfm_words(contract, frame), frame, labels, len(ids), MARGIN),
    }
    asked = untrue = 0
    if population is not None:
        checked = only_true(standing, population)
        standing, asked, untrue = checked.standing, checked.asked, checked.untrue
    members = [labels == position for position in range(len(ids))]
    differences = differences_of(frame, columns, members, profile, standing)
    names = name_segments(standing, contract, frame, labels)
    cards = []
    for position, (segment_id, own, name) in enumerate(zip(ids, differences, names, strict=True)):
        size, share = profile.sizes[position], profile.share(position)
        sentence = _sentence(size, share, own, contract)
        typical = dict(profile.typical[position])
        cards.append(SegmentCard(segment_id, name.text, sentence, size, share, typical, tuple(own[:MOST_DIFFERENCES])))
    shown = {column.name for column in columns}
    claims = {segment_id: claims_of(name.words, shown) for segment_id, name in zip(ids, names, strict=True)}
    return Described(tuple(cards), profile, claims, asked, untrue)


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
