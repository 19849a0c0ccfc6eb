"""Columns that tell of a person what may not shape segments: age, gender, religion, health, place of living."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from features.inspection.roles.personal_traits import ColumnValues, tells_of_a_person
from features.learned import LearnedFeatures
from features.notices import Notice
from features.own_vectors.vector_columns import shortened
from features.source_settings import VectorsSource
from segment_model.contract import VectorContract

TABLE = "vectors"


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
        and tells_of_a_person(theirs[column.name], _values(frame[column.name], column.is_category))
    ]
    if telling:
        yield Notice(
            TABLE,
            f"segments are shaped by {shortened(telling)}, which may tell a person's age, gender, origin, health or "
            f"home: to keep what may not out of segments and names, write `sensitive: {telling}`",
            True,
        )


def _values(column: pd.Series, is_category: bool) -> ColumnValues:
    different = column.dropna().unique()
    return ColumnValues(levels=tuple(different)) if is_category else ColumnValues(numbers=tuple(sorted(different)))
