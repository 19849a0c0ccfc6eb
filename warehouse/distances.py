"""The assigner as steps: squared distances, the nearest segment, the runner-up, and the strength."""

from __future__ import annotations

from sqlglot import exp

from segment_model.assigners.quadratic_distances import QuadraticDistances
from segment_model.encoding.encoder import Floats
from warehouse.expressions import (
    LARGEST,
    both,
    call,
    choose,
    coefficient,
    column,
    difference,
    double,
    equal,
    number,
    product,
    quotient,
    switch,
    total,
    whole,
)
from warehouse.steps import Step

NEAREST, RUNNER_UP, STRENGTH = "nearest", "runner_up", "strength_of_nearest"
MOST_COLUMNS = 800  # columns of one step; PostgreSQL allows 1,664


def distance_steps(distances: QuadraticDistances) -> list[Step]:
    """nearest and runner_up (positions; -1 for none) and their strength, of the coordinates z0, z1, ..."""
    means, factors = distances.means, distances.factors
    squares = _euclidean(means) if factors is None else _mahalanobis(means, factors, distances.penalties)
    segments = range(len(distances.means))
    all_squares = [column(f"d{segment}") for segment in segments]
    if len(all_squares) == 1:
        alone = {NEAREST: whole(0), RUNNER_UP: whole(-1), STRENGTH: double(number(1.0))}
        return [*squares, Step("rows_assigned", alone)]
    is_nearest = [(equal(column(f"d{s}"), column("first_square")), whole(s)) for s in segments]
    others = [choose([(equal(column(NEAREST), whole(s)), number(LARGEST))], column(f"d{s}")) for s in segments]
    is_second = [
        (both(_differs(column(NEAREST), s), equal(column(f"d{s}"), column("second_square"))), whole(s))
        for s in segments
    ]
    first, second = column("first_distance"), column("second_distance")
    apart = choose(
        [(equal(total([first, second]), number(0.0)), number(0.0))],
        quotient(difference(second, first), exp.Paren(this=total([first, second]))),
    )
    return [
        *squares,
        Step("rows_measured", {"first_square": call("LEAST", *all_squares)}),
        Step("rows_nearest", {NEAREST: choose(is_nearest, whole(-1))}),
        Step("rows_others", {"second_square": call("LEAST", *others)}),
        Step(
            "rows_second",
            {
                RUNNER_UP: choose(is_second, whole(-1)),
                "first_distance": call("SQRT", column("first_square")),
                "second_distance": call("SQRT", column("second_square")),
            },
        ),
        Step("rows_assigned", {STRENGTH: apart}),
    ]


def by_segment(key: str, outcomes: list[exp.Expression]) -> exp.Expression:
    """The outcome of the segment at the position `key`."""
    return switch(column(key), [(whole(position), outcome) for position, outcome in enumerate(outcomes)])


def _differs(key: exp.Expression, segment: int) -> exp.Expression:
    return exp.NEQ(this=key, expression=whole(segment))


def _euclidean(means: Floats) -> list[Step]:
    """d0, d1, ...: squared distances, dimension by dimension as the assigner adds them."""
    squares = {}
    for segment, centre in enumerate(means.tolist()):
        gaps = [(difference(coefficient(place), column(f"z{n}"))) for n, place in enumerate(centre)]
        squares[f"d{segment}"] = total(product(gap, gap.copy()) for gap in gaps)
    return [Step("rows_compared", squares)]


def _mahalanobis(means: Floats, factors: Floats, penalties: Floats) -> list[Step]:
    """d0, d1, ...: squared factored deviations and the penalty, a few segments a step."""
    steps: list[Step] = []
    for segments in batches(*means.shape):
        deviations, factored, squares = {}, {}, {}
        for segment in segments:
            for n, place in enumerate(means[segment].tolist()):
                deviations[f"m{segment}_{n}"] = difference(column(f"z{n}"), coefficient(place))
                factored[f"g{segment}_{n}"] = weighted_sum(f"m{segment}_", factors[segment][:, n])
            parts = [column(f"g{segment}_{n}") for n in range(means.shape[1])]
            terms = [product(part, part.copy()) for part in parts]
            squares[f"d{segment}"] = total([*terms, number(float(penalties[segment]))])
        start = segments.start
        steps.append(Step(f"rows_deviating_{start}", deviations))
        steps += [Step(f"rows_factored_{start}", factored), Step(f"rows_compared_{start}", squares)]
    return steps


def batches(segments: int, width: int) -> list[range]:
    """The segments a few at a time, so that a column for each of their dimensions fits a step."""
    at_once = max(1, MOST_COLUMNS // width)
    return [range(start, min(start + at_once, segments)) for start in range(0, segments, at_once)]


def weighted_sum(prefix: str, weights: Floats) -> exp.Expression:
    """The sum of the columns prefix0, prefix1, ..., each times its weight; a weight of 0 adds nothing."""
    return total(product(column(f"{prefix}{n}"), coefficient(w)) for n, w in enumerate(weights.tolist()) if w != 0)
