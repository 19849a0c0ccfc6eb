"""The customers whom a model can read, and those who lack a value that no training customer lacked."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from segment_model.errors import counted
from segment_model.model import SegmentModel

LISTED = 5  # customer ids that a message lists


class LeftOut:
    """Counts, over frames that come one after another, the customers whom a model cannot read, and names a few."""

    def __init__(self, model: SegmentModel) -> None:
        self._needed = [column.name for column in model.contract.basis if not column.nullable]
        self._counts: Counter[str] = Counter()
        self._first: dict[str, list[str]] = {}

    def complete(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The customers who have every value that the model needs; the others are counted."""
        missing = frame[[name for name in self._needed if name in frame.columns]].isna()
        for name in missing.columns[missing.any()]:
            ids = frame.index[missing[name]]
            self._counts[name] += len(ids)
            first = self._first.setdefault(name, [])
            first.extend(ids[: LISTED - len(first)])
        return frame[~missing.any(axis=1)]

    @property
    def lines(self) -> list[str]:
        """A line a column on those left out for want of it."""
        return [
            f"left out {counted(self._counts[name], 'customer')} whose {name} is missing, as no training customer's "
            f"was: {', '.join(self._first[name])}{', ...' if self._counts[name] > LISTED else ''}"
            for name in self._needed
            if name in self._counts
        ]


def complete(model: SegmentModel, frame: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The customers who have every value that the model needs, and a line a column on those left out for want of it."""
    left_out = LeftOut(model)
    return left_out.complete(frame), left_out.lines
