"""Is a customer far outside what training saw? Judged on the raw numbers, since the encoder's clipping hides it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segments.encoder import Flags, Floats

FALSE_ALARM_SHARE = 0.01
SKEW_THAT_NEEDS_LOGS = 1.0


@dataclass(frozen=True)
class NoveltyRule:
    """A customer is novel when one number lies more than `threshold` spreads from the middle of its column.

    All arrays are (numbers,). Skewed columns are measured in sign(x) log(1 + |x|). Missing values are never novel.
    """

    center: Floats
    spread: Floats
    logarithmic: Flags
    threshold: float

    @classmethod
    def learn(cls, numbers: Floats) -> NoveltyRule:
        """From (numbers, n) training values; the threshold flags `FALSE_ALARM_SHARE` of customers like them."""
        logarithmic = np.array([_is_skewed(row) for row in numbers], dtype=np.bool_)
        measured = _measure(numbers, logarithmic)
        count = len(numbers)
        center, spread = np.zeros(count), np.ones(count)
        for position, row in enumerate(measured):
            seen = row[~np.isnan(row)]
            if seen.size:
                center[position] = np.median(seen)
                deviation = float(np.std(seen))
                spread[position] = deviation if deviation > 0 else 1e-9 * max(1.0, abs(center[position]))
        rule = cls(center, spread, logarithmic, 0.0)
        scores = rule.scores(numbers)
        if not scores.size:
            return rule
        threshold = float(np.quantile(scores, 1 - FALSE_ALARM_SHARE, method="higher"))
        return cls(center, spread, logarithmic, max(threshold, 1.0))

    @cached_property
    def _any_logarithmic(self) -> bool:
        return bool(self.logarithmic.any())

    def scores(self, numbers: Floats) -> Floats:
        """(numbers, n) raw values to (n,) distances in spreads, of each customer's farthest number."""
        if not len(self.center):
            return np.zeros(numbers.shape[1])
        measured = _measure(numbers, self.logarithmic) if self._any_logarithmic else numbers
        with np.errstate(over="ignore"):  # a huge number over a tiny spread is infinitely far: novel
            distance = np.abs(measured - self.center[:, None]) / self.spread[:, None]
        farthest: Floats = np.fmax.reduce(distance, axis=0)
        return np.where(np.isnan(farthest), 0.0, farthest)

    def flags(self, numbers: Floats) -> Flags:
        """True for each of n customers that lies farther out than the threshold."""
        result: Flags = self.scores(numbers) > self.threshold
        return result

    def to_state(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        arrays = {"center": self.center, "spread": self.spread, "logarithmic": self.logarithmic}
        return {"threshold": self.threshold}, arrays

    @classmethod
    def from_state(cls, document: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> NoveltyRule:
        return cls(arrays["center"], arrays["spread"], arrays["logarithmic"], float(document["threshold"]))


def _is_skewed(row: Floats) -> bool:
    seen = row[~np.isnan(row)]
    deviation = float(np.std(seen)) if seen.size else 0.0
    if deviation == 0.0:
        return False
    return bool(abs(np.mean(((seen - np.mean(seen)) / deviation) ** 3)) > SKEW_THAT_NEEDS_LOGS)


def _measure(numbers: Floats, logarithmic: Flags) -> Floats:
    measured = numbers.copy()
    rows = numbers[logarithmic]
    measured[logarithmic] = np.sign(rows) * np.log1p(np.abs(rows))
    return measured
