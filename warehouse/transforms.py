"""The transforms of numbers as SQL, exact near 0 too.

No engine but Spark and Databricks has log1p and expm1. Kahan's formulas compute them of ln and exp: the rounding error
of u = 1 + v cancels in ln(u) · v / (u - 1), and that of u = exp(y) in (u - 1) · y / ln(u) (Higham, Accuracy and
Stability of Numerical Algorithms, 2nd edition, section 1.14.1). The quotient comes first: it is near 1, where the
product may exceed the largest double.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from sqlglot import exp

from segment_model.encoding.encoder import Floats, NumberEncoding, Transform
from warehouse.expressions import (
    NEGLIGIBLE,
    at_most,
    bracket,
    call,
    choose,
    coefficient,
    column,
    difference,
    double,
    equal,
    less,
    number,
    product,
    quotient,
    total,
)

GREATEST_POWER = 709.0  # exp of more overflows
LEAST_POWER = -700.0  # exp of less underflows
TINY = 2.0**-52  # np.spacing(1.0), below which the power counts as 0
Stage = Mapping[str, exp.Expression]


def transform_stages(numbers: NumberEncoding) -> list[Stage]:
    """The columns f0, f1, ... of the clipped columns v0, v1, ..., stage by stage.

    w0, w1, ... are the clipped numbers, v0, v1, ... the same without those too small for a product.
    """
    quantiles = iter(numbers.quantiles)
    by_column: list[Sequence[Stage]] = []
    for position, transform in enumerate(numbers.transforms):
        clipped, out = column(f"v{position}"), f"f{position}"
        if transform is Transform.LOG1P:
            by_column.append(_log1p(clipped, f"u{position}", out))
        elif transform is Transform.YEO_JOHNSON:
            by_column.append(_yeo_johnson(clipped, float(numbers.power[position]), position, out))
        elif transform is Transform.QUANTILE:
            by_column.append([{out: quantile_rank(column(f"w{position}"), next(quantiles))}])
        else:
            by_column.append([{out: clipped}])
    depth = max((len(stages) for stages in by_column), default=0)
    return [
        {name: made for stages in by_column if len(stages) > n for name, made in stages[n].items()}
        for n in range(depth)
    ]


def _log1p(argument: exp.Expression, helper: str, out: str) -> list[Stage]:
    """ln(1 + argument); the argument is above -1."""
    u = column(helper)
    accurate = product(call("LN", u), bracket(quotient(argument, difference(u, number(1.0)))))
    return [
        {helper: total([number(1.0), argument])},
        {out: choose([(equal(u, number(1.0)), argument)], accurate)},
    ]


def _yeo_johnson(value: exp.Expression, power: float, position: int, out: str) -> list[Stage]:
    """((1 + v)^power - 1) / power for v of at least 0, else -((1 - v)^(2 - power) - 1) / (2 - power)."""
    size, helper, log, raw, bounded, grown = (f"{letter}{position}" for letter in "ablexy")
    is_positive = at_most(number(0.0), value)
    above, below = power, 2.0 - power
    above_is_log, below_is_log = abs(power) < TINY, abs(power - 2.0) <= TINY
    exponent = choose(
        [(is_positive, product(coefficient(above), column(log)))], product(coefficient(below), column(log))
    )
    within = choose(
        [
            (less(number(GREATEST_POWER), column(raw)), number(GREATEST_POWER)),
            (less(column(raw), number(LEAST_POWER)), number(LEAST_POWER)),
        ],
        column(raw),
    )
    u, y = column(grown), column(bounded)
    accurate = product(difference(u, number(1.0)), bracket(quotient(y, call("LN", u))))
    expm1 = choose([(equal(u, number(1.0)), y)], accurate)
    positive = column(log) if above_is_log else quotient(expm1, number(above))
    negative = column(log) if below_is_log else quotient(expm1, number(below))
    return [
        {size: choose([(is_positive, value)], exp.Neg(this=value))},
        *_log1p(column(size), helper, log),
        {raw: exponent},
        {bounded: within},
        {grown: call("EXP", y)},
        {out: choose([(is_positive, positive)], exp.Neg(this=bracket(negative)))},
    ]


def quantile_rank(clipped: exp.Expression, edges: Floats) -> exp.Expression:
    """The share of training customers below a number, as `encoder.quantile_rank`, by a tree of comparisons."""
    ranks = np.linspace(0, 1, len(edges))
    places, first, counts = np.unique(edges, return_index=True, return_counts=True)
    last = first + counts - 1

    def between(low: int, high: int) -> exp.Expression:
        """The rank of a number between two different edges."""
        if high == low + 1:
            slope = float(ranks[first[high]] - ranks[last[low]]) / float(places[high] - places[low])
            return total([number(float(ranks[last[low]])), _risen(clipped, float(places[low]), slope)])
        middle = (low + high) // 2
        edge = number(float(places[middle]))
        at_edge = number(0.5 * float(ranks[first[middle]] + ranks[last[middle]]))
        return choose(
            [(less(clipped, edge), between(low, middle)), (less(edge, clipped), between(middle, high))], at_edge
        )

    ends = [
        (at_most(clipped, number(float(places[0]))), number(0.0)),
        (at_most(number(float(places[-1])), clipped), number(1.0)),
    ]
    return choose(ends, between(0, len(places) - 1) if len(places) > 1 else double(number(1.0)))


def _risen(above: exp.Expression, place: float, slope: float) -> exp.Expression:
    """How far a line of this slope rises from its place to a number above it; 0 where the product may underflow."""
    gap = difference(above, number(place))
    risen = product(gap, number(slope))
    if float(np.spacing(abs(place))) / 2 * slope >= NEGLIGIBLE:  # the least gap above the place
        return risen
    return choose([(less(gap, number(NEGLIGIBLE / slope)), number(0.0))], risen) if slope > 0 else number(0.0)
