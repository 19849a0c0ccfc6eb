"""What a model that serves already says of the customers that a new one is trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from segment_model.contract import Column
from segment_model.encoding.encoder import Flags, Indices, Transform
from segment_model.errors import ContractError
from segment_model.model import SegmentModel


@dataclass(frozen=True)
class Reading:
    """A model's answer for n customers: `segment` (n,) are positions in its cards, -1 where it gives none.

    readable : (n,) false where the customer lacks a value that the model needs; `segment` is -1 there too.
    """

    segment: Indices
    readable: Flags


def read_by(model: SegmentModel, frame: pd.DataFrame, columns: Sequence[Column] = ()) -> Reading:
    """Ask a model about customer vectors that were made for another: columns it does not know are left out.

    columns : what the vectors hold, where known; a column whose kind or unit is not the model's cannot be read.

    Raises
    ------
    ContractError
        If the vectors lack a column that the model needs, or hold something else under its name.
    """
    needed = model.contract.basis
    missing = [column.name for column in needed if column.name not in frame.columns]
    if missing:
        raise ContractError(f"the vectors lack {', '.join(missing)}, which the model needs")
    there = {column.name: column for column in columns}
    for column in needed:
        now = there.get(column.name, column)
        if (now.kind, now.unit) != (column.kind, column.unit):
            raise ContractError(
                f"{column.name} is {now.expected} in the vectors, and {column.expected} to the model: another column "
                "under the same name"
            )
    names = [column.name for column in needed]
    must = [column.name for column in needed if not column.nullable]
    readable = frame[must].notna().all(axis=1).to_numpy()
    segment = np.full(len(frame), -1, dtype=np.intp)
    found = model.assign_records(frame.loc[readable, names])
    segment[readable] = np.where(found.unassigned, -1, found.nearest)
    return Reading(segment, readable)


def transforms_of(model: SegmentModel | None) -> dict[str, Transform]:
    """How a model transforms each number column; nothing where there is none."""
    if model is None:
        return {}
    numbers = model.encoder.numbers
    return dict(zip(numbers.names, numbers.transforms, strict=True))
