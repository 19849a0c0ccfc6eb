"""Why the nearest segment and not the runner-up, as steps: base, each column's contribution, and the score."""

from __future__ import annotations

import numpy as np
from sqlglot import exp

from segment_model.encoding.encoder import Encoder
from segment_model.explanation.explainer import SegmentParts
from warehouse.distances import NEAREST, RUNNER_UP, batches, by_segment, weighted_sum
from warehouse.expressions import (
    coefficient,
    column,
    difference,
    double,
    number,
    product,
    switch,
    total,
    whole,
)
from warehouse.steps import Step

BASE, SCORE = "base", "score"


def explanation_steps(parts: SegmentParts, encoder: Encoder) -> list[Step]:
    """base, score and k0, k1, ... (the contribution of each column of the encoder) of the coordinates z0, z1, ..."""
    count = len(parts.slopes)
    if count == 1:
        names = (BASE, SCORE, *(f"k{position}" for position in range(len(encoder.columns))))
        return [Step("rows_explained", {name: double(number(0.0)) for name in names})]
    deviations: dict[str, exp.Expression] = {
        f"h{n}": difference(column(f"z{n}"), coefficient(mean)) for n, mean in enumerate(parts.mean.tolist())
    }
    base = by_segment(
        NEAREST,
        [
            by_segment(RUNNER_UP, [number(margin) for margin in margins]) if np.any(margins) else number(0.0)
            for margins in parts.base.tolist()
        ],
    )
    width = len(parts.mean)
    pulls, pulled_of = _pull_steps(parts)
    shares: dict[str, exp.Expression] = {}
    for dimension in range(width):
        expected = _expected(parts, dimension)
        pulled = product(pulled_of[dimension], column(f"h{dimension}"))
        shares[f"r{dimension}"] = pulled if expected is None else exp.Sub(this=pulled, expression=expected)
    ends = [*encoder.starts.tolist()[1:], width]
    contributions = {
        f"k{position}": total(column(f"r{n}") for n in range(start, end))
        for position, (start, end) in enumerate(zip(encoder.starts.tolist(), ends, strict=True))
    }
    score = total([column(BASE), *(column(name) for name in contributions)])
    return [
        Step("rows_centred", {BASE: double(base), **deviations}),
        *pulls,
        Step("rows_shared", shares),
        Step("rows_summed", contributions),
        Step("rows_explained", {SCORE: score}),
    ]


def _pull_steps(parts: SegmentParts) -> tuple[list[Step], list[exp.Expression]]:
    """For each dimension what its deviation is multiplied with, and the steps that this needs.

    It is the nearest segment's slope_i + the sum of quadratic_ij u_j, minus that of the runner-up.
    """
    keys = {"a": NEAREST, "b": RUNNER_UP}
    dimensions = range(len(parts.mean))
    if parts.quadratics is None:
        slopes = [[coefficient(slope) for slope in parts.slopes[:, n].tolist()] for n in dimensions]
        pairs = [[by_segment(key, outcomes) for key in keys.values()] for outcomes in slopes]
        return [], [difference(*pair) for pair in pairs]
    steps = []
    for segments in batches(*parts.slopes.shape):
        pulls = {
            f"p{s}_{n}": total([coefficient(float(parts.slopes[s, n])), weighted_sum("h", parts.quadratics[s][n])])
            for s in segments
            for n in dimensions
        }
        chosen = {
            f"{letter}{n}": switch(
                column(key),
                [(whole(s), column(f"p{s}_{n}")) for s in segments],
                column(f"{letter}{n}") if segments.start else None,
            )
            for letter, key in keys.items()
            for n in dimensions
        }
        steps += [Step(f"rows_pulled_{segments.start}", pulls), Step(f"rows_chosen_{segments.start}", chosen)]
    return steps, [difference(column(f"a{n}"), column(f"b{n}")) for n in dimensions]


def _expected(parts: SegmentParts, dimension: int) -> exp.Expression | None:
    """What the training customers' mean share of the dimension is; None where it is 0 for every segment."""
    expected = parts.expected[:, dimension].tolist()
    if not any(expected):
        return None
    of_nearest, of_runner_up = (by_segment(key, [number(mean) for mean in expected]) for key in (NEAREST, RUNNER_UP))
    return difference(of_nearest, of_runner_up)
