"""Columns that tell of a person what may not shape segments: age, gender, religion, health, place of living."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd

from features.inspection.names.name_words import concepts_of
from features.inspection.names.vocabulary import Concept
from features.learned import LearnedFeatures
from features.notices import Notice
from features.own_vectors.vector_columns import shortened
from features.source_settings import VectorsSource
from segment_model.contract import VectorContract

TABLE = "vectors"
GENDERS = frozenset(
    {"male", "female", "m", "f", "w", "d", "man", "woman", "homme", "femme", "mann", "frau", "other", "unknown"}
)
OF_OTHERS = frozenset({"other", "unknown", "d"})  # which say nothing by themselves
MOST_GENDERS = 4


def tells_of_a_person(name: str, levels: Iterable[str]) -> bool:
    """Whether a column tells something that may not shape segments, by the words of its name or by its levels."""
    if Concept.SENSITIVE in concepts_of(name):
        return True
    lower = {level.strip().lower() for level in levels}
    return 2 <= len(lower) <= MOST_GENDERS and lower <= GENDERS and len(lower & OF_OTHERS) < 2


def sensitive_notices(
    frame: pd.DataFrame, contract: VectorContract, learned: LearnedFeatures, source: VectorsSource
) -> Iterator[Notice]:
    """A warning that names the user's own columns that tell of a person and shape the segments unasked.

    frame : one row a customer. A column whose role the settings say shapes them by the user's will.
    """
    theirs = {own.name: own.theirs for own in learned.own if own.theirs not in source.roles}
    telling = [
        theirs[column.name]
        for column in contract.basis
        if column.name in theirs
        and tells_of_a_person(theirs[column.name], _levels(frame[column.name]) if column.is_category else ())
    ]
    if telling:
        yield Notice(
            TABLE,
            f"segments are shaped by {shortened(telling)}, which may tell a person's age, gender, origin, health or "
            f"home: to keep what may not out of segments and names, write `sensitive: {telling}`",
            True,
        )


def _levels(values: pd.Series) -> Iterable[str]:
    levels: list[str] = values.dropna().unique().tolist()
    return levels[: MOST_GENDERS + 1]
