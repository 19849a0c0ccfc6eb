"""The encoder as steps: fill, clip, transform, standardise; a category becomes its scaled one-hot block."""

from __future__ import annotations

from sqlglot import exp

from segment_model.encoding.encoder import Encoder, NumberEncoding
from warehouse.expressions import (
    LARGEST,
    NEGLIGIBLE,
    at_most,
    both,
    choose,
    column,
    difference,
    double,
    equal,
    less,
    number,
    product,
    whole,
)
from warehouse.steps import Step
from warehouse.transforms import transform_stages

FLUSHED = 1e-200  # a number below it is 0 in the arithmetic of transforms


def clipped_columns(numbers: NumberEncoding) -> dict[str, exp.Expression]:
    """w0, w1, ...: each number filled where it is missing, and clipped."""
    columns = {}
    for position in range(len(numbers.names)):
        lower, upper = float(numbers.lower[position]), float(numbers.upper[position])
        fill = min(max(float(numbers.fill[position]), lower), upper)
        stored = column(f"n{position}")
        cases = [
            (less(stored, number(lower)), number(lower)),
            (at_most(stored, number(upper)), stored),
            (at_most(stored, number(LARGEST)), number(upper)),
        ]
        columns[f"w{position}"] = choose(cases, number(fill))
    return columns


def encoding_steps(encoder: Encoder) -> list[Step]:
    """z0, z1, ... of w0, w1, ... and c0, c1, ...: the coordinates of the encoded point."""
    numbers = encoder.numbers
    count = len(numbers.names)
    stages = transform_stages(numbers)
    flushed = {f"v{n}": _without_negligible(column(f"w{n}"), FLUSHED) for n in range(count)}
    centred: dict[str, exp.Expression] = {
        f"s{n}": difference(column(f"f{n}"), number(center)) for n, center in enumerate(numbers.center.tolist())
    }
    points = {f"z{n}": _scaled(column(f"s{n}"), factor) for n, factor in enumerate(numbers.factor.tolist())}
    for position, (category, start) in enumerate(zip(encoder.categories, encoder.starts[count:].tolist(), strict=True)):
        for level in range(category.width):
            is_level = equal(column(f"c{position}"), whole(level))
            points[f"z{start + level}"] = double(choose([(is_level, number(category.factor))], number(0.0)))
    transformed = [Step(f"rows_transformed_{n}", stage) for n, stage in enumerate(stages, start=1)]
    return [Step("rows_flushed", flushed), *transformed, Step("rows_shifted", centred), Step("rows_encoded", points)]


def _scaled(centred: exp.Expression, factor: float) -> exp.Expression:
    """The product with the factor, or 0 where it is negligible, which the number alone decides: it may underflow."""
    if factor == 0.0:
        return double(number(0.0))
    return choose([(_is_within(centred, NEGLIGIBLE / abs(factor)), number(0.0))], product(centred, number(factor)))


def _without_negligible(expression: exp.Expression, least: float) -> exp.Expression:
    """The number, or 0 where it is nearer to 0 than `least`."""
    return choose([(_is_within(expression, least), number(0.0))], expression)


def _is_within(expression: exp.Expression, distance: float) -> exp.Expression:
    """Whether the number is nearer to 0 than the distance."""
    return both(less(number(-distance), expression), less(expression, number(distance)))
