"""A customer who is the sum of all others: the row of totals of an export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEWEST = 10  # other customers with a value in a column: fewer add up to a value by chance
ROUNDED = 1e-4  # relative difference that a total of numbers not yet rounded may have


@dataclass(frozen=True, slots=True)
class RowOfTotals:
    """place : of the customer. columns : in which it is the sum of all others."""

    place: int
    columns: tuple[str, ...]


def row_of_totals(numbers: Mapping[str, NDArray[np.float64]]) -> RowOfTotals | None:
    """The customer who in at least two columns holds the sum of all others; None without such a customer.

    numbers : (customers,) values by column, NaN where missing. A column with negative values, whose sum may be any
    customer's value, shows nothing.
    """
    columns: dict[int, list[str]] = {}
    for name, values in numbers.items():
        known = np.where(np.isfinite(values), values, 0.0)
        if np.count_nonzero(known) <= FEWEST or known.min() < 0:
            continue
        place = int(known.argmax())
        largest = float(known[place])
        if abs(float(known.sum()) - 2 * largest) <= ROUNDED * largest:
            columns.setdefault(place, []).append(name)
    most = max(columns, key=lambda place: len(columns[place]), default=None)
    return None if most is None or len(columns[most]) < 2 else RowOfTotals(most, tuple(columns[most]))
