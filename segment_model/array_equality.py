"""Equality of values that hold arrays: NumPy compares two arrays entry by entry, which is no single truth."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np


class ComparedByArrays:
    """Base of dataclasses (`eq=False`) of arrays: equal if all fields are, NaN with NaN. Such a value has no hash."""

    __hash__ = None  # type: ignore[assignment]  # as of any value that is compared by what may be large

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        mine: Any = self
        return all(_same(getattr(mine, part.name), getattr(other, part.name)) for part in fields(mine))


def _same(mine: Any, theirs: Any) -> bool:
    if not isinstance(mine, np.ndarray):
        return bool(mine == theirs)
    return np.array_equal(mine, theirs, equal_nan=mine.dtype.kind == "f")
