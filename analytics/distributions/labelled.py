"""The members of each segment among the rows of a table of customers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.history import EVERYONE
from segment_model.contract import Column, VectorContract


@dataclass(frozen=True)
class Labelled:
    """Customers with the segment of each.

    frame : (n rows) vectors. codes : (n,) the place of each customer's segment in `groups`. groups : the segments that
    occur, those of the model first. A group's place in `everyone_and_groups` is its code + 1.
    """

    frame: pd.DataFrame
    codes: npt.NDArray[np.intp]
    groups: tuple[str, ...]

    @classmethod
    def of(cls, frame: pd.DataFrame, labels: pd.Series[str], segments: Sequence[str]) -> Labelled:
        """labels : (n,) the segment of each row of `frame`, in its order; segments : the ids of the model."""
        present = labels.drop_duplicates()
        groups = (*segments, *sorted(set(present) - set(segments)))
        places = {name: place for place, name in enumerate(groups)}
        return cls(frame, np.asarray(labels.map(places), dtype=np.intp), groups)

    @property
    def everyone_and_groups(self) -> tuple[str, ...]:
        return EVERYONE, *self.groups

    def counts(self, chosen: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        """(1 + groups,) of the chosen rows: all, then those of each group."""
        by_group = np.bincount(self.codes[chosen], minlength=len(self.groups))
        return np.append(by_group.sum(), by_group).astype(np.int64)


def shown_columns(contract: VectorContract, allow_sensitive: bool = False) -> tuple[Column, ...]:
    """The columns that a record may show."""
    return tuple(column for column in contract.columns if allow_sensitive or not column.sensitive)
