"""From a customer's raw values to a standardised point, by plain arrays.

scikit-learn fits the numbers kept here (see `training/encoding.py`); this module only replays them. The steps of a
number are: impute, clip to the range that training saw, transform, standardise, weight. A category becomes a scaled
one-hot block. One customer and a million take the same code, operation by operation, so they get the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]
Flags = NDArray[np.bool_]

MISSING_LEVEL = "(missing)"


class Transform(StrEnum):
    """What happens to a number between clipping and standardising."""

    NONE = "none"
    LOG1P = "log1p"
    YEO_JOHNSON = "yeo-johnson"
    QUANTILE = "quantile"


@dataclass(frozen=True)
class RawCustomers:
    """n customers, checked and in the encoder's column order.

    numbers : (numbers, n), NaN where missing. codes : (categories, n), the position of each value's level in the
    encoder's block, or -1 for one that has none. unseen : (categories, n), true where training never saw the value.
    """

    numbers: Floats
    codes: Indices
    unseen: Flags

    @property
    def size(self) -> int:
        return int(self.numbers.shape[1])

    @cached_property
    def extent(self) -> tuple[Floats, Floats]:
        """The least and the greatest of each row of `numbers`, which the reader, the encoder and novelty look at."""
        return extent(self.numbers)

    def slice(self, start: int, stop: int) -> RawCustomers:
        """Customers start to stop, as contiguous arrays (strided ones may round differently)."""
        return RawCustomers(
            np.ascontiguousarray(self.numbers[:, start:stop]),
            np.ascontiguousarray(self.codes[:, start:stop]),
            self.unseen[:, start:stop],
        )


@dataclass(frozen=True)
class NumberEncoding:
    """How each of p number columns is encoded; every array is (p,), quantiles are (columns using them, edges)."""

    names: tuple[str, ...]
    fill: Floats  # the median, for a missing value
    lower: Floats  # raw values are clipped to lower..upper, so that one extreme customer has little influence
    upper: Floats
    transforms: tuple[Transform, ...]
    power: Floats  # lambda of Yeo-Johnson; 1 elsewhere
    quantiles: Floats
    center: Floats
    factor: Floats  # weight / standard deviation

    @cached_property
    def _steps(self) -> list[tuple[Indices | slice, Callable[[Floats], Floats]]]:
        """Which rows are transformed, and how; neighbours as a slice, since that needs no copy."""
        chosen = np.array(self.transforms, dtype=object)
        logarithmic, powered, ranked = (
            np.flatnonzero(chosen == t) for t in (Transform.LOG1P, Transform.YEO_JOHNSON, Transform.QUANTILE)
        )
        return [
            *([(_as_slice(logarithmic), np.log1p)] if len(logarithmic) else []),
            *((slice(row, row + 1), partial(yeo_johnson, power=self.power[row])) for row in powered.tolist()),
            *(
                (slice(row, row + 1), partial(quantile_rank, edges=edges))
                for row, edges in zip(ranked.tolist(), self.quantiles, strict=True)
            ),
        ]

    def encode(self, numbers: Floats, least: Floats | None = None) -> Floats:
        """(p, n) raw values to (p, n) encoded ones; least : the least of each row, where it is known."""
        # maximum and minimum with one bound a row take twice the time: NumPy vectorises clipping alone
        values = np.clip(numbers, self.lower[:, None], self.upper[:, None])
        for row in np.flatnonzero(np.isnan(extent(numbers)[0] if least is None else least)):
            values[row, np.isnan(numbers[row])] = min(max(self.fill[row], self.lower[row]), self.upper[row])
        return self._scaled(values, self.center[:, None], self.factor[:, None])

    def encode_one(self, values: Floats, inside: bool) -> Floats:
        """As `encode`, in place, for one customer, (p,), without missing values; `inside`: no value needs clipping."""
        if not inside:
            np.maximum(values, self.lower, out=values)
            np.minimum(values, self.upper, out=values)
        return self._scaled(values, self.center, self.factor)

    def _scaled(self, values: Floats, center: Floats, factor: Floats) -> Floats:
        for rows, transformed in self._steps:
            values[rows] = transformed(values[rows])
        values -= center
        values *= factor
        return values


@dataclass(frozen=True)
class CategoryEncoding:
    """How one category column is encoded: a one-hot block over `levels`, scaled by `factor`.

    Levels that training saw too rarely are pooled in `rare` and share the level "(other)", the last one, when there
    are any; a value that training never saw goes there too, or to no level at all.
    """

    name: str
    levels: tuple[str, ...]
    rare: tuple[str, ...]
    factor: float

    OTHER = "(other)"

    @property
    def width(self) -> int:
        return len(self.levels) + bool(self.rare)

    @property
    def level_names(self) -> tuple[str, ...]:
        return (*self.levels, self.OTHER) if self.rare else self.levels

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """Position in the block of every value that training saw."""
        return {level: i for i, level in enumerate(self.levels)} | dict.fromkeys(self.rare, len(self.levels))

    @property
    def unseen_position(self) -> int:
        return len(self.levels) if self.rare else -1


@dataclass(frozen=True)
class Encoder:
    """A customer's basis columns as a point of `width` dimensions: the numbers first, then one block a category."""

    numbers: NumberEncoding
    categories: tuple[CategoryEncoding, ...] = field(default=())

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The basis columns in the encoder's order."""
        return (*self.numbers.names, *(category.name for category in self.categories))

    @cached_property
    def starts(self) -> Indices:
        """The first dimension of each column's block."""
        widths = [1] * len(self.numbers.names) + [category.width for category in self.categories]
        return np.cumsum([0, *widths[:-1]], dtype=np.intp) if widths else np.empty(0, dtype=np.intp)

    @cached_property
    def width(self) -> int:
        return len(self.numbers.names) + sum(category.width for category in self.categories)

    def encode(self, customers: RawCustomers) -> Floats:
        """n customers as (width, n) points, one column a customer."""
        encoded = self.numbers.encode(customers.numbers, customers.extent[0])
        if not self.categories:
            return encoded
        points = np.zeros((self.width, customers.size))
        count = len(self.numbers.names)
        points[:count] = encoded
        everyone = np.arange(customers.size)
        for category, codes, start in zip(self.categories, customers.codes, self.starts[count:], strict=True):
            if category.unseen_position >= 0 or not np.any(codes < 0):
                points[start + codes, everyone] = category.factor
            else:
                known = codes >= 0
                points[start + codes[known], everyone[known]] = category.factor
        return points

    def by_column(self, values: Floats) -> Floats:
        """Sum (width, n) values over each column's block: (columns, n).

        Dimension by dimension, so that one customer's sums are those of the batch to the bit.
        """
        if not self.categories:
            return values
        sums = values[self.starts]
        for position, category in enumerate(self.categories, start=len(self.numbers.names)):
            for dimension in range(self.starts[position] + 1, self.starts[position] + category.width):
                sums[position] += values[dimension]
        return sums

    def to_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Plain values for JSON, and arrays."""
        numbers = self.numbers
        document = {
            "numbers": list(numbers.names),
            "transforms": [str(transform) for transform in numbers.transforms],
            "categories": [
                {"name": c.name, "levels": list(c.levels), "rare": list(c.rare), "factor": c.factor}
                for c in self.categories
            ],
        }
        arrays = {
            name: getattr(numbers, name)
            for name in ("fill", "lower", "upper", "power", "quantiles", "center", "factor")
        }
        return document, arrays

    @classmethod
    def from_state(cls, document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Encoder:
        """The encoder that `to_state` described."""
        numbers = NumberEncoding(
            names=tuple(document["numbers"]),
            transforms=tuple(Transform(name) for name in document["transforms"]),
            **{name: arrays[name] for name in ("fill", "lower", "upper", "power", "quantiles", "center", "factor")},
        )
        categories = tuple(
            CategoryEncoding(c["name"], tuple(c["levels"]), tuple(c["rare"]), float(c["factor"]))
            for c in document["categories"]
        )
        return cls(numbers, categories)


def extent(rows: Floats) -> tuple[Floats, Floats]:
    """The least and the greatest of each row of (p, n); NaN where the row holds one, infinite where n is 0."""
    return np.minimum.reduce(rows, axis=1, initial=np.inf), np.maximum.reduce(rows, axis=1, initial=-np.inf)


def _as_slice(rows: Indices) -> Indices | slice:
    neighbours = len(rows) > 0 and rows[-1] - rows[0] == len(rows) - 1
    return slice(int(rows[0]), int(rows[-1]) + 1) if neighbours else rows


def yeo_johnson(values: Floats, power: float) -> Floats:
    """The power transform of Yeo and Johnson (Biometrika 87, 2000), as SciPy computes it: exact near 0 too."""
    result = np.empty_like(values)
    positive = values >= 0
    if abs(power) < np.spacing(1.0):
        result[positive] = np.log1p(values[positive])
    else:
        result[positive] = np.expm1(power * np.log1p(values[positive])) / power
    if abs(power - 2) > np.spacing(1.0):
        result[~positive] = -np.expm1((2 - power) * np.log1p(-values[~positive])) / (2 - power)
    else:
        result[~positive] = -np.log1p(-values[~positive])
    return result


def quantile_rank(values: Floats, edges: Floats) -> Floats:
    """The share of training customers below each value, 0..1, read off `edges` (evenly spaced quantiles).

    Runs of equal edges take the middle of their run, as in scikit-learn's QuantileTransformer.
    """
    ranks = np.linspace(0, 1, len(edges))
    from_below = np.interp(values, edges, ranks)
    from_above = np.interp(-values, -edges[::-1], -ranks[::-1])
    result = 0.5 * (from_below - from_above)
    result[values == edges[-1]] = 1.0
    result[values == edges[0]] = 0.0
    return result
