"""Novelty: a customer is novel when one of their numbers lies far outside the training range.

It is tested on the raw numbers, because the encoder clips them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segment_model.encoding.encoder import Flags, Floats, extent

FALSE_ALARM_SHARE = 0.01
SKEW_THAT_NEEDS_LOGS = 1.0


@dataclass(frozen=True)
class NoveltyRule:
    """A customer is novel when one number lies outside lower..upper of its column; both are (numbers,), raw values.

    The range of a column is its mean plus and minus so many standard deviations as leave `FALSE_ALARM_SHARE` of the
    training customers outside in some column, the same number of deviations for all columns. Skewed columns are
    measured in sign(x) log(1 + |x|). Missing values are never novel.
    """

    lower: Floats
    upper: Floats

    @classmethod
    def learn(cls, numbers: Floats) -> NoveltyRule:
        """From (numbers, n) training values."""
        logarithmic = np.array([_is_skewed(row) for row in numbers], dtype=np.bool_)
        measured = numbers.copy()
        measured[logarithmic] = _measured(numbers[logarithmic])
        center, spread = np.zeros(len(numbers)), np.zeros(len(numbers))
        for position, row in enumerate(measured):
            seen = row[~np.isnan(row)]
            if seen.size:
                center[position] = np.mean(seen)
                # a column that never varied: any difference beyond rounding is novel
                spread[position] = max(float(np.std(seen)), 1e-9 * max(1.0, abs(center[position])))
        distance = np.abs(measured - center[:, None]) / np.where(spread > 0, spread, 1.0)[:, None]
        farthest = np.fmax.reduce(distance, axis=0) if len(numbers) else np.zeros(numbers.shape[1])
        farthest = farthest[~np.isnan(farthest)]
        reach = float(np.quantile(farthest, 1 - FALSE_ALARM_SHARE, method="higher")) if farthest.size else 0.0
        bounds = np.stack([center - max(reach, 1.0) * spread, center + max(reach, 1.0) * spread])
        bounds[:, logarithmic] = _raw(bounds[:, logarithmic])
        return cls(bounds[0], bounds[1])

    def flags(self, numbers: Floats, ends: tuple[Floats, Floats] | None = None) -> Flags:
        """True for each of n customers, (numbers, n), with a number outside its column's range.

        ends : the least and the greatest of each column, where they are known.
        """
        outside = np.zeros(numbers.shape[1], dtype=np.bool_)
        low, high = extent(numbers) if ends is None else ends
        # only columns with a value outside or missing are compared value by value
        for position in np.flatnonzero(~((low >= self.lower) & (high <= self.upper))):
            outside |= (numbers[position] < self.lower[position]) | (numbers[position] > self.upper[position])
        return outside

    def arrays(self) -> dict[str, NDArray[Any]]:
        return {"lower": self.lower, "upper": self.upper}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> NoveltyRule:
        return cls(arrays["lower"], arrays["upper"])


def _is_skewed(row: Floats) -> bool:
    seen = row[~np.isnan(row)]
    deviation = float(np.std(seen)) if seen.size else 0.0
    if deviation == 0.0:
        return False
    return bool(abs(np.mean(((seen - np.mean(seen)) / deviation) ** 3)) > SKEW_THAT_NEEDS_LOGS)


def _measured(values: Floats) -> Floats:
    result: Floats = np.sign(values) * np.log1p(np.abs(values))
    return result


def _raw(measured: Floats) -> Floats:
    """The inverse of `_measured`; what exceeds a double ends at the largest one."""
    largest = np.log(np.finfo(np.float64).max)
    return np.sign(measured) * np.expm1(np.minimum(np.abs(measured), largest))
