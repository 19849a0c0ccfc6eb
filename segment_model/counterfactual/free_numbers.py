"""Numbers that may change: their conversion between the user's units and encoded ones, and round values near them."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from segment_model.contract import Column, Kind
from segment_model.encoding.column_values import kind_bounds
from segment_model.encoding.encoder import Floats, NumberEncoding, Transform

SAME = 1e-9  # encoded units; a smaller move counts as none
FINEST = 5  # step sizes that are tried, each a tenth of the one before
NARROWEST = 10  # times that a step is made finer where a narrow range holds none of its multiples
CENT, PERCENT = 0.01, 0.01
_CURRENCY = re.compile(r"^[A-Z]{3}\b|[$€£¥₹]")


@dataclass(frozen=True)
class FreeNumber:
    """One number of one customer that may change.

    row : where the number stands in `encoding`; now : all the customer's numbers, (p,), NaN where missing.
    """

    encoding: NumberEncoding
    column: Column
    row: int
    now: Floats

    @property
    def value(self) -> float:
        """The customer's value, in the user's units; NaN where missing."""
        return float(self.now[self.row])

    @property
    def whole(self) -> bool:
        """Whether the value must be a whole number."""
        return self.column.kind in (Kind.COUNT, Kind.FLAG)

    @property
    def limits(self) -> tuple[float, float]:
        """The least and the greatest value that the column's kind allows."""
        return kind_bounds(self.column.kind)

    @cached_property
    def reach(self) -> tuple[float, float]:
        """The least and the greatest value that training looked at, within what the kind allows."""
        lowest, highest = self.limits
        return max(float(self.encoding.lower[self.row]), lowest), min(float(self.encoding.upper[self.row]), highest)

    @cached_property
    def possible(self) -> tuple[float, float]:
        """The least and the greatest value that a change may lead to: within reach, of whole numbers the whole ones.

        Where a reach holds no whole number, those next to it.
        """
        low, high = self.reach
        if not self.whole:
            return low, high
        least, most = math.ceil(low - SAME), math.floor(high + SAME)
        if least > most:
            least, most = math.floor(low), math.ceil(high)
        return max(float(least), self.limits[0]), min(float(most), self.limits[1])

    @cached_property
    def encoded_reach(self) -> tuple[float, float]:
        """`possible` and the customer's own value, encoded; both ends are equal where training saw one value only."""
        low, high = self.encode(np.array(self.possible))
        return min(float(low), self.encoded), max(float(high), self.encoded)

    @cached_property
    def encoded(self) -> float:
        """The customer's value, encoded."""
        return float(self.encode(np.array([self.value]))[0])

    def encode(self, values: Floats) -> Floats:
        """(n,) values in the user's units to encoded ones."""
        numbers = np.repeat(self.now[:, None], len(values), axis=1)
        numbers[self.row] = values
        result: Floats = self.encoding.encode(numbers)[self.row]
        return result

    def decode(self, encoded: Floats) -> Floats:
        """(n,) encoded values back to the user's units, within reach.

        Clipping, the logarithm, the power and the ranks are monotonic, so each step is undone by its inverse. Where the
        ranks jump (many customers have one value), the value at the jump is the answer.
        """
        low, high = self.encoded_reach
        factor = float(self.encoding.factor[self.row])
        measured = np.clip(encoded, low, high) / factor if factor else np.zeros(len(encoded))
        measured = measured + float(self.encoding.center[self.row])
        transform = self.encoding.transforms[self.row]
        if transform is Transform.LOG1P:
            measured = np.expm1(measured)
        elif transform is Transform.YEO_JOHNSON:
            measured = yeo_johnson_inverse(measured, float(self.encoding.power[self.row]))
        elif transform is Transform.QUANTILE:
            position = self.encoding.transforms[: self.row].count(Transform.QUANTILE)
            edges = self.encoding.quantiles[position]
            measured = np.interp(measured, np.linspace(0, 1, len(edges)), edges)
        return np.clip(measured, *self.reach)

    def step(self, value: float, finer: int = 0) -> float:
        """The distance between the values that people say around `value`: 1, a cent, a percent, else three digits.

        `finer` divides the step by a power of ten where no rounder value will do; counts stay whole.
        """
        if self.whole:
            return 1.0
        if _CURRENCY.search(self.column.unit):
            return CENT / 10.0**finer
        if self.column.kind is Kind.SHARE or self.column.unit.startswith("of "):
            return PERCENT / 10.0**finer
        size = max(abs(value), max(map(abs, self.reach)) / 1000) or 1.0
        return 10.0 ** (math.floor(math.log10(size)) - 2 - finer)

    def around(self, encoded: float, finer: int = 0) -> tuple[float, float]:
        """The round values next below and above an encoded one; the same twice if it is itself round.

        Beyond the last round value stands the customer's own, where it lies there.
        """
        value = float(self.decode(np.array([encoded]))[0])
        step, least, most = self._grid(value, finer)
        near = np.clip([spoken(round(value / step) + shift, step) for shift in (-1, 0, 1)], least, most)
        gap = self.encode(near) - encoded
        for position in (1, 0, 2):
            if abs(gap[position]) <= SAME:
                return float(near[position]), float(near[position])
        if gap[2] < 0 and self.encoded >= encoded - SAME:
            return float(near[2]), self.value
        if gap[0] > 0 and self.encoded <= encoded + SAME:
            return self.value, float(near[0])
        below = 0 if gap[1] > 0 else 1
        return float(near[below]), float(near[below + 1])

    def _grid(self, value: float, finer: int) -> tuple[float, float, float]:
        """A step, and its least and greatest multiple that is `possible`; the finest step ends where these end.

        A step that has no multiple in a narrow range is made finer.
        """
        low, high = self.possible
        for fineness in range(finer, finer + NARROWEST):
            step = self.step(value, fineness)
            least, most = math.ceil(low / step - SAME), math.floor(high / step + SAME)
            if least <= most and finer < FINEST - 1:
                return step, spoken(least, step), spoken(most, step)
            if least <= most:
                break
        return step, low, high


def spoken(multiple: float, step: float) -> float:
    """`multiple` steps without the noise of binary fractions: 3 × 0.1 is 0.3."""
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    return round(multiple * step, digits)


def yeo_johnson_inverse(values: Floats, power: float) -> Floats:
    """The inverse of `yeo_johnson`."""
    result = np.empty_like(values)
    positive = values >= 0
    if abs(power) < np.spacing(1.0):
        result[positive] = np.expm1(values[positive])
    else:
        result[positive] = np.power(np.maximum(values[positive] * power + 1, 0), 1 / power) - 1
    if abs(power - 2) > np.spacing(1.0):
        result[~positive] = 1 - np.power(np.maximum(1 - (2 - power) * values[~positive], 0), 1 / (2 - power))
    else:
        result[~positive] = 1 - np.exp(-values[~positive])
    return result
