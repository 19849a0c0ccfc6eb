"""Whether segments only repeat an attribute of the customers: a level of one column tells the segment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from segment_model.contract import Column, Kind, VectorContract
from segment_model.encoding.encoder import Indices
from segment_model.language.wording import plain_value

REPEATS = 0.95  # of the assigned customers, whose segment the level tells
OF_EACH = 0.9  # of the customers of each segment
MOST_LEVELS = 12  # of a column; the values of a longer one are no levels
SHOWN = 4  # levels of a segment, and other columns


@dataclass(frozen=True)
class Repetition:
    """A column whose levels tell the segments: of each segment its levels, and of what share of customers they do."""

    column: Column
    levels: tuple[tuple[str, ...], ...]
    share: float

    @property
    def in_words(self) -> str:
        """The column with the levels of each segment: "InternetService (No | DSL, Fiber optic)"."""
        return f"{self.column.title} ({' | '.join(_listed(own) for own in self.levels)})"


def repetition_reason(frame: pd.DataFrame, contract: VectorContract, labels: Indices) -> tuple[str, ...]:
    """A sentence for the verdict if the segments repeat an attribute, with what to do; else none.

    frame : (n rows) raw values. labels : (n,) positions, -1 where unassigned.
    """
    repeated = repeated_attributes(frame, contract, labels)
    if not repeated:
        return ()
    first, *others = repeated
    too = f", and of {_listed([other.column.title for other in others])}" if others else ""
    make = "make these descriptors" if others else "make it a descriptor"
    return (
        f"the segments are the levels of {first.in_words}{too}: {make} to look further "
        f"(`features: {{roles: {{{first.column.name}: descriptor}}}}`)",
    )


def repeated_attributes(frame: pd.DataFrame, contract: VectorContract, labels: Indices) -> list[Repetition]:
    """The basis columns of levels (categories, flags, short counts) that tell the segments, the surest first."""
    columns = [column for column in contract.basis if column.kind in (Kind.CATEGORY, Kind.FLAG, Kind.COUNT)]
    repetitions = [_repetition(column, frame[column.name], labels) for column in columns]
    return sorted((own for own in repetitions if own is not None), key=lambda own: (-own.share, _count(own)))


def _repetition(column: Column, values: pd.Series[Any], labels: Indices) -> Repetition | None:
    codes, levels = pd.factorize(values, sort=True, use_na_sentinel=False)
    segments = int(labels.max()) + 1
    if not 2 <= segments <= len(levels) <= MOST_LEVELS:
        return None
    assigned = labels >= 0
    counts = np.zeros((len(levels), segments), dtype=np.intp)
    np.add.at(counts, (codes[assigned], labels[assigned]), 1)
    segment_of = counts.argmax(axis=1)
    right = np.bincount(segment_of, counts.max(axis=1), minlength=segments)
    sizes = counts.sum(axis=0)
    share = float(right.sum() / max(sizes.sum(), 1))
    if share < REPEATS or np.any(right < OF_EACH * sizes):
        return None
    shown = np.array([plain_value(None if pd.isna(level) else level, column) for level in levels], dtype=object)
    return Repetition(column, tuple(tuple(shown[segment_of == segment]) for segment in range(segments)), share)


def _count(repetition: Repetition) -> int:
    return sum(map(len, repetition.levels))


def _listed(words: Sequence[str]) -> str:
    more = [f"{len(words) - SHOWN} more"] if len(words) > SHOWN else []
    return ", ".join([*words[:SHOWN], *more])
