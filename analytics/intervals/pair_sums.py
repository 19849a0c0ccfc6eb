"""Sums over customers of two measures x and y, from which intervals of sum(x) / sum(y) follow.

The engine computes them, so that no customer leaves it. Customers are the sampling unit: each counts once, with the
sums of its own x and y.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Self

import ibis.expr.types as ir
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class PairSums:
    """The number of customers, and their sums of x, y and products of them; each an array with one element a group."""

    n: Numbers
    x: Numbers
    y: Numbers
    xx: Numbers
    xy: Numbers
    yy: Numbers
    xxx: Numbers
    xxy: Numbers
    xyy: Numbers
    yyy: Numbers

    @classmethod
    def of_sample(cls, numerators: ArrayLike, denominators: ArrayLike) -> Self:
        """The sums of one group out of its customers' own x and y."""
        a, b = np.asarray(numerators, dtype=float), np.asarray(denominators, dtype=float)
        products = (np.ones_like(a), a, b, a * a, a * b, b * b, a**3, a * a * b, a * b * b, b**3)
        return cls(*(np.array([product.sum()]) for product in products))

    @classmethod
    def of_counts(cls, successes: Numbers, customers: Numbers) -> Self:
        """The sums of customers who each count once (y is 1), x being 1 for the successes and else 0."""
        a, b = successes, customers
        return cls(b, a, b, a, a, b, a, a, a, b)

    @classmethod
    def of_frame(cls, frame: pd.DataFrame, name: str) -> Self:
        """The sums that `pair_aggregates` computed under a name, a group a row; those left out are 0."""
        none = pd.Series(0.0, index=frame.index)
        columns = (frame.get(f"{name} {field.name}", none) for field in fields(cls))
        return cls(*(np.asarray(column.fillna(0), dtype=np.float64) for column in columns))

    def plus(self, other: PairSums) -> PairSums:
        """The sums of both's customers together, none of whom is in both."""
        return PairSums(*(getattr(self, field.name) + getattr(other, field.name) for field in fields(self)))

    def minus(self, other: PairSums) -> PairSums:
        """The sums of the customers that the other sums leave out."""
        return PairSums(*(getattr(self, field.name) - getattr(other, field.name) for field in fields(self)))

    def total(self) -> PairSums:
        """The sums of all groups together."""
        return PairSums(*(getattr(self, field.name).sum(keepdims=True) for field in fields(self)))

    def at(self, rows: Any) -> PairSums:
        """The groups at these places."""
        return PairSums(*(getattr(self, field.name)[rows] for field in fields(self)))


def pair_aggregates(
    name: str,
    numerator: ir.NumericValue,
    denominator: ir.NumericValue,
    is_counted: ir.BooleanValue,
    thirds: bool = False,
) -> dict[str, ir.Value]:
    """The aggregates of `PairSums` over rows of one customer each.

    numerator, denominator : a customer's own x and y. is_counted : whether a row is a customer of the pair; x and y
    of others are 0. thirds : also those of third order,
    which `RatioOfSums` needs.
    """
    a, b = numerator.cast("float64"), denominator.cast("float64")
    products = {"x": a, "y": b, "xx": a * a, "xy": a * b, "yy": b * b}
    if thirds:
        products |= {"xxx": a * a * a, "xxy": a * a * b, "xyy": a * b * b, "yyy": b * b * b}
    return {
        f"{name} n": is_counted.ifelse(1, 0).sum().cast("float64"),
        **{f"{name} {key}": product.sum() for key, product in products.items()},
    }
