"""The transforms as SQL, where floating point is difficult: near 0, far from it, and on edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from segment_model.encoding.encoder import Encoder, NumberEncoding, Transform
from warehouse.encoding import clipped_columns, encoding_steps
from warehouse.expressions import column, double
from warehouse.steps import Step, render

NO_EDGES = np.empty((0, 0))


def encoding_of(transform: Transform, values: Any, power: float = 1.0, edges: Any = None, factor: float = 1.0) -> Any:
    return NumberEncoding(
        names=("spend",),
        fill=np.array([float(np.median(values))]),
        lower=np.array([values.min()]),
        upper=np.array([values.max()]),
        transforms=(transform,),
        power=np.array([power]),
        quantiles=NO_EDGES if edges is None else np.array([edges]),
        center=np.zeros(1),
        factor=np.array([factor]),
    )


def encoded(engine: Any, numbers: NumberEncoding, values: Any) -> Any:
    """(n,) what the engine makes of the values."""
    engine.load(pa.table({"row": pa.array(range(len(values))), "spend": pa.array(values)}), "spends")
    steps = [
        Step("rows_read", {"row_number": column("row"), "n0": double(column("spend"))}),
        Step("rows_clipped", clipped_columns(numbers)),
        *encoding_steps(Encoder(numbers)),
        Step("answers", {"row_number": column("row_number"), "z0": column("z0")}),
    ]
    answers = engine.query(render("spends", steps, engine.dialect, "take fewer"))
    return answers.sort_values("row_number")["z0"].to_numpy(dtype=float)


SMALL = np.array([0.0, 1e-17, 1e-12, 3e-9, 1e-5, 0.1, 1.0])


@pytest.mark.parametrize("values", [SMALL, np.array([0.0, 1.0, 1e6, 1e15, 1e300, np.finfo(float).max])])
def test_logarithms_are_exact_near_0_and_far_from_it(engine: Any, values: Any) -> None:
    numbers = encoding_of(Transform.LOG1P, values)
    np.testing.assert_allclose(encoded(engine, numbers, values), np.log1p(values), rtol=1e-14)


@pytest.mark.parametrize("power", [0.0, 2.0, 1.0, 0.3, -0.7, 1e-9, 1e-300, -300.0, 2.0 + 1e-9])
@pytest.mark.parametrize("values", [SMALL, -SMALL, SMALL * 1e-180, np.array([0.0, 1.0, 7.0, 1e3])])
def test_powers_are_exact_near_0_and_do_not_underflow(engine: Any, power: float, values: Any) -> None:
    numbers = encoding_of(Transform.YEO_JOHNSON, values, power)
    expected = numbers.encode(values[None, :])[0]
    np.testing.assert_allclose(encoded(engine, numbers, values), expected, rtol=1e-13, atol=1e-100)


@pytest.mark.parametrize(("power", "largest"), [(2.0, 1e153), (-0.7, 1e308), (0.5, 1e308), (3.0, 5e101)])
def test_powers_reach_the_largest_doubles(engine: Any, power: float, largest: float) -> None:
    values = largest * np.array([1.0, 0.9, 1e-3, 1e-30])
    numbers = encoding_of(Transform.YEO_JOHNSON, values, power)
    np.testing.assert_allclose(encoded(engine, numbers, values), numbers.encode(values[None, :])[0], rtol=1e-12)


@pytest.mark.parametrize(
    "edges",
    [
        np.linspace(-3, 5, 100),
        np.sort(np.random.default_rng(0).gamma(1, 3, 100)),
        np.array([0.0] * 40 + [1.0] * 20 + list(np.linspace(2, 3, 39)) + [3.0]),
        np.array([7.0, 7.0, 7.0]),
        np.array([1.0, 2.0]),
        np.linspace(-3e150, 5e150, 100),  # a slope that is negligible but for the width of its interval
        np.array([0.0, 1e-290, 1e-250, 1e-120, 1.0, 1e120, 1e250, 8e307]),
    ],
)
def test_ranks_between_on_and_beside_edges(engine: Any, edges: Any) -> None:
    values = np.concatenate(
        [
            edges,
            np.nextafter(edges, np.inf),
            np.nextafter(edges, -np.inf),
            (edges[1:] + edges[:-1]) / 2,
            [5e-324, -5e-324],
        ]
    )
    numbers = encoding_of(Transform.QUANTILE, values, edges=edges)
    expected = numbers.encode(values[None, :])[0]
    np.testing.assert_allclose(encoded(engine, numbers, values), expected, atol=1e-14)


@pytest.mark.parametrize(("width", "factor"), [(1e200, 1e-200), (1e150, -1e-150), (1.0, 1e150), (1.0, 0.0)])
def test_numbers_of_any_width_are_standardised(engine: Any, width: float, factor: float) -> None:
    """By a centre at 0, beside which numbers are so small that their product with the factor underflows."""
    values = width * np.array([0.0, 1.0, -1.0, 0.3, 1e-17, 1e-90, -1e-120])
    numbers = encoding_of(Transform.NONE, values, factor=factor)
    np.testing.assert_allclose(
        encoded(engine, numbers, values), numbers.encode(values[None, :])[0], rtol=1e-15, atol=1e-100
    )
