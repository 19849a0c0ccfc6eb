"""A customer who is the sum of all others: the row of totals of an export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEWEST = 10  # other customers with a value in a column: fewer add up to a value by chance
ROUNDED = 1e-4  # relative difference that a total of numbers not yet rounded may have


@dataclass(frozen=True, slots=True)
class ColumnSums:
    """Of the known values of a column: how many are not 0, the least, the largest, and their sum."""

    nonzero: int
    least: float
    largest: float
    total: float

    @property
    def holds_total(self) -> bool:
        """Whether the largest value is the sum of all others.

        A column with negative values, whose sum may be any customer's value, shows nothing.
        """
        if self.nonzero <= FEWEST or self.least < 0:
            return False
        return abs(self.total - 2 * self.largest) <= ROUNDED * self.largest


@dataclass(frozen=True, slots=True)
class RowOfTotals:
    """place : of the customer. columns : in which it is the sum of all others."""

    place: int
    columns: tuple[str, ...]


def row_of_totals(numbers: Mapping[str, Floats]) -> RowOfTotals | None:
    """The customer who in at least two columns holds the sum of all others; None without such a customer.

    numbers : (customers,) values by column, NaN where missing.
    """
    filled = {name: np.where(np.isfinite(values), values, 0.0) for name, values in numbers.items()}
    return largest_in_columns({name: values for name, values in filled.items() if _sums(values).holds_total})


def largest_in_columns(numbers: Mapping[str, Floats]) -> RowOfTotals | None:
    """The customer with the largest value of the most columns; None where no customer has it in two.

    numbers : (customers,) values of the columns whose largest value is the sum of all others, 0 where missing.
    """
    columns: dict[int, list[str]] = {}
    for name, values in numbers.items():
        columns.setdefault(int(values.argmax()), []).append(name)
    most = max(columns, key=lambda place: len(columns[place]), default=None)
    return None if most is None or len(columns[most]) < 2 else RowOfTotals(most, tuple(columns[most]))


def _sums(values: Floats) -> ColumnSums:
    if not len(values):
        return ColumnSums(0, 0.0, 0.0, 0.0)
    with np.errstate(over="ignore"):  # an infinite sum is no customer's value
        total = float(values.sum())
    return ColumnSums(int(np.count_nonzero(values)), float(values.min()), float(values.max()), total)
