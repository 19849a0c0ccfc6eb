"""Numbers that may stand for a missing value, such as -1 among amounts or 999 among ages: far from all others.

A column holds them where the program that wrote it had no empty value. Nothing but their place shows them, so they are
told and stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.notices import Notice
from features.own_vectors.vector_columns import VectorColumn
from features.source_settings import Sources
from segment_model.contract import Kind, VectorContract
from segment_model.errors import percent

LEAST_CUSTOMERS, LEAST_SHARE = 5, 0.01  # who have the number
LEAST_OTHERS = 5  # different numbers beside it
FAR = 3.0  # ranges of the others between it and them
VECTORS, CUSTOMERS = "vectors", "customers"  # the raw tables
NUMBERS = frozenset({Kind.NUMBER, Kind.COUNT})

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LoneNumber:
    """A number that a share of the customers with a value have; the least and the largest of all others."""

    number: float
    share: float
    least: float
    largest: float


def lone_number(numbers: Floats) -> LoneNumber | None:
    """The least or the largest number of a column, if many customers have it and it lies far from all others.

    numbers (n,) : NaN where missing. Below zero, where all others are not, it need not lie far. Zero is none: it is the
    count of what did not happen.
    """
    different, counts = np.unique(numbers[np.isfinite(numbers)], return_counts=True)
    if len(different) <= LEAST_OTHERS:
        return None
    least_customers = max(LEAST_CUSTOMERS, LEAST_SHARE * counts.sum())
    for place, others in ((0, different[1:]), (-1, different[:-1])):
        number, customers = float(different[place]), int(counts[place])
        least, largest = float(others[0]), float(others[-1])
        gap = min(abs(number - least), abs(number - largest))
        alone = gap > FAR * (largest - least) or (number < 0 <= least)
        if number != 0 and customers >= least_customers and alone:
            return LoneNumber(number, customers / int(counts.sum()), least, largest)
    return None


def notices_of_lone_numbers(
    frame: pd.DataFrame, contract: VectorContract, own: Iterable[VectorColumn], sources: Sources
) -> Iterator[Notice]:
    """Warnings of the user's columns in which a number may stand for a missing value.

    frame : one row a customer. own : the columns of own vectors. Nothing is said of sensitive columns: reports show the
    warnings, and these columns on no page.
    """
    shown = {column.name for column in contract.columns if column.kind in NUMBERS and not column.sensitive}
    for column in own:
        if column.name in shown:
            yield from _notices(frame[column.name], column.theirs, VECTORS)
    if sources.customers is not None:
        for name, attribute in sources.customers.attributes.items():
            if name in shown:
                yield from _notices(frame[name], attribute.column or name, CUSTOMERS)


def _notices(column: pd.Series[float], theirs: str, table: str) -> Iterator[Notice]:
    lone = lone_number(np.asarray(column, dtype=np.float64))
    if lone is not None:
        number = f"{lone.number:.15g}"
        yield Notice(
            table,
            f"{theirs!r} is {number} for {percent(lone.share, 0)} of the customers, and from {lone.least:.6g} to "
            f"{lone.largest:.6g} for all others: where it stands for a missing value, write `null_values: "
            f"{{{theirs!r}: ['{number}']}}`",
            warning=True,
        )
