"""The conditions that rules may consist of: bounds at round numbers, sets of levels, missing or not."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from segment_model.contract import Column
from segment_model.encoding.encoder import Flags, Floats
from segment_model.rules import Between, Condition, Missing, OneOf
from training.profiling.rare_levels import usual_levels

EVERYWHERE = np.linspace(0, 1, 13)  # quantiles of all customers; thresholds lie between neighbouring ones
AT_THE_ENDS = np.array([0.0, 0.02, 0.05, 0.1, 0.9, 0.95, 0.98, 1.0])  # quantiles of the segment, likewise
MOST_LEVELS = 3
MOST_EXCLUDED = 2
STEPS = 3  # powers of ten to try; a gap holds a multiple of every step that is not wider than itself


def conditions_for(column: Column, values: pd.Series[Any], members: Flags) -> Iterator[Condition]:
    """Every condition on a column that a rule may use for the segment whose customers are `members` (n,)."""
    missing = values.isna().to_numpy()
    tolerant = (False, True) if missing.any() else (False,)
    if missing.any() and not missing.all():
        yield Missing(column.name)
        yield Missing(column.name, negated=True)
    known = values[~missing]
    if column.is_category:
        yield from _level_sets(column.name, known.astype(str), members[~missing], tolerant)
        return
    for threshold in thresholds(known.to_numpy(dtype=np.float64), members[~missing]):
        for or_missing in tolerant:
            yield Between(column.name, at_least=threshold, or_missing=or_missing)
            yield Between(column.name, below=threshold, or_missing=or_missing)


def thresholds(values: Floats, members: Flags) -> list[float]:
    """The roundest number in each gap between quantiles of everyone and of the segment, and just beyond its ends.

    The roundest come first, because the search prefers the first of equally good conditions.
    """
    if not len(values):
        return []
    grid = [np.quantile(values, EVERYWHERE, method="lower")]
    if members.any():
        own = values[members]
        grid.append(np.quantile(own, AT_THE_ENDS, method="lower"))
        lower, higher = values[values < own.min()], values[values > own.max()]
        grid += [lower.max(keepdims=True)] if len(lower) else []
        grid += [higher.min(keepdims=True)] if len(higher) else []
    edges = np.unique(np.concatenate(grid))
    numbers = {roundest(float(low), float(high)) for low, high in pairwise(edges)}
    return sorted(numbers, key=lambda number: (len(Decimal(repr(number)).normalize().as_tuple().digits), number))


def roundest(low: float, high: float) -> float:
    """The roundest number t with low < t <= high: the longest step of 5, 2 or 1 times a power of ten that has one.

    Of several multiples the one nearest to the middle.
    """
    bottom, top = Decimal(repr(low)), Decimal(repr(high))
    first = (top - bottom).adjusted() + 1
    for exponent in range(first, first - STEPS, -1):
        for digit in (5, 2, 1):
            step = Decimal(digit).scaleb(exponent)
            most = top // step - (top < 0 and top % step != 0)  # // rounds toward zero; this rounds down
            least = bottom // step - (bottom < 0 and bottom % step != 0) + 1
            if least <= most:
                middle = ((bottom + top) / 2 / step).to_integral_value()
                candidate = float(min(max(middle, least), most) * step)
                if low < candidate <= high:
                    return candidate
    return high


def _level_sets(name: str, known: pd.Series[str], members: Flags, tolerant: tuple[bool, ...]) -> Iterator[Condition]:
    """Sets of the levels with the largest share of members, and of all but those with the smallest.

    Ordered by the share of a level's customers that the segment holds, the best set is a leading part of the order
    (Breiman et al. 1984, theorem 4.5).
    """
    shares = pd.Series(members, index=known.to_numpy()).groupby(level=0).mean()
    shares = shares[shares.index.isin(usual_levels(known))]  # the members' share of a rare level is chance
    order = sorted((level for level in shares.index if "\0" not in level), key=lambda level: (-shares[level], level))
    for count in range(1, min(MOST_LEVELS, len(order)) + 1):
        for or_missing in tolerant:
            yield OneOf(name, tuple(order[:count]), or_missing=or_missing)
    for count in range(1, min(MOST_EXCLUDED, len(order) - 1) + 1):
        for or_missing in tolerant:
            yield OneOf(name, tuple(order[-count:]), negated=True, or_missing=or_missing)
