"""The differences of each segment from all customers, each with a word that is true of the segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from segment_model.cards import Difference
from segment_model.contract import Column, Role
from segment_model.encoding.encoder import Flags
from training.profiling.naming import PREFERENCE, Standing
from training.profiling.profile import Profile
from training.profiling.segment_effects import column_effects
from training.profiling.words.word import Between, Unknown, Word

LEAST_EFFECT = 0.3  # standard deviations; smaller differences are not worth a word
SAME_STORY = 0.75  # correlation of the truth of two words; above it, a second one adds nothing
COMPARED = 10_000  # customers among whom two words are compared


def differences_of(
    frame: pd.DataFrame,
    columns: Sequence[Column],
    members: Sequence[Flags],
    profile: Profile,
    standing: Standing,
) -> list[list[Difference]]:
    """The differences of each segment from all customers, strongest first.

    A difference has the word that tells most of those that stand in its column; without one it is left out, as it is
    where its word is true of the same customers as that of a stronger difference.
    """
    differences: list[list[tuple[Difference, Word]]] = [[] for _ in members]
    for column in columns:
        typical_of = [own[column.name] for own in profile.typical]
        effects = column_effects(frame[column.name], column, members, typical_of)
        overall = profile.overall[column.name]
        of_segments = zip(differences, effects, typical_of, standing[column.name], strict=True)
        for own, effect, typical, words in of_segments:
            toward = [(word, truth) for word, truth in words if _points(word, effect)]
            if not toward or abs(effect) < LEAST_EFFECT or _contradicts(effect, typical, overall):
                continue
            word, _ = min(toward, key=lambda pair: pair[1].outside - PREFERENCE[pair[0].rank])
            own.append((Difference(column.name, effect, typical, overall, word.text), word))
    sample = frame.iloc[:: max(1, len(frame) // COMPARED)]
    return [_without_echoes(own, {column.name: column.role for column in columns}, sample) for own in differences]


def _without_echoes(
    differences: Sequence[tuple[Difference, Word]], roles: Mapping[str, Role], frame: pd.DataFrame
) -> list[Difference]:
    """Leave out differences that repeat a stronger one, and descriptors that repeat a basis; strongest first."""
    kept: list[Difference] = []
    stories: list[Flags] = []

    def basis_first(pair: tuple[Difference, Word]) -> tuple[bool, float]:
        return roles[pair[0].column] is not Role.BASIS, -abs(pair[0].effect)

    for difference, word in sorted(differences, key=basis_first):
        holds = word.condition.holds(frame)
        if any(difference.words == other.words for other in kept) or any(_same(holds, story) for story in stories):
            continue
        kept.append(difference)
        stories.append(holds)
    return sorted(kept, key=lambda difference: -abs(difference.effect))


def _same(holds: Flags, other: Flags) -> bool:
    """Whether two words are true of the same customers, except a few, by their correlation."""
    either = (holds.mean() * (1 - holds.mean()) * other.mean() * (1 - other.mean())) ** 0.5
    both = float((holds & other).mean() - holds.mean() * other.mean())
    return bool(abs(both) > SAME_STORY * either)


def _points(word: Word, effect: float) -> bool:
    """Whether a word speaks of the difference: a bound from above says nothing of a high value, no word of a missing
    one.
    """
    if isinstance(word.condition, Unknown):
        return False
    if not isinstance(word.condition, Between):
        return True
    return word.condition.least > -np.inf if effect > 0 else word.condition.most < np.inf


def _contradicts(effect: float, typical: float | str | None, overall: float | str | None) -> bool:
    """Whether the mean rank and the median of a number point apart, or the median does not differ."""
    if isinstance(typical, float) and isinstance(overall, float):
        return (typical - overall) * effect <= 0
    return effect < 0
