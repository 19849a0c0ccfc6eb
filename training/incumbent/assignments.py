"""Assigns customer vectors that were made for another model, as the incumbent does in a retrain."""

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
    """A model's assignments of n customers: `segment` (n,) are positions in its cards, -1 where unassigned.

    readable : (n,) False where the customer lacks a value that the model needs; `segment` is -1 there too.
    """

    segment: Indices
    readable: Flags


def assign_vectors(model: SegmentModel, frame: pd.DataFrame, columns: Sequence[Column] = ()) -> Reading:
    """Assign customer vectors that were made for another model; columns that this model does not know are ignored.

    columns : the columns of the vectors' contract, if known; with them, another kind or unit than the model's is an
    error.

    Raises
    ------
    ContractError
        If the vectors lack a column that the model needs, or hold something else under its name.
    """
    needed = model.contract.basis
    missing = [column.name for column in needed if column.name not in frame.columns]
    if missing:
        raise ContractError(f"the vectors lack {', '.join(missing)}, which the model needs")
    by_name = {column.name: column for column in columns}
    for column in needed:
        present = by_name.get(column.name, column)
        if present.measure != column.measure:
            raise ContractError(
                f"{column.name} is {present.expected} in the vectors, and {column.expected} to the model: "
                "another column under the same name"
            )
    names = [column.name for column in needed]
    required = [column.name for column in needed if not column.nullable]
    readable = frame[required].notna().all(axis=1).to_numpy()
    segment = np.full(len(frame), -1, dtype=np.intp)
    assignments = model.assign_records(frame.loc[readable, names])
    segment[readable] = np.where(assignments.unassigned, -1, assignments.nearest)
    return Reading(segment, readable)


def transforms_of(model: SegmentModel | None) -> dict[str, Transform]:
    """The transform of each number column in a model, by name; empty without a model."""
    if model is None:
        return {}
    numbers = model.encoder.numbers
    return dict(zip(numbers.names, numbers.transforms, strict=True))
