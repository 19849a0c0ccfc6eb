"""HDBSCAN's explanations against Shapley's formula, over all coalitions, by the assigner's own distance."""

from __future__ import annotations

from collections.abc import Callable
from math import factorial

import numpy as np
import pytest

from segment_model.assigners.nearest_core import NearestCore
from segment_model.encoding.encoder import CategoryEncoding, Encoder, Floats, NumberEncoding, Transform
from segment_model.explanation.coalitions import Coalitions, complete, sampled
from segment_model.explanation.core import CoreExplainer


def shapley(explainer: CoreExplainer, point: Floats, toward: int, against: int) -> Floats:
    """Σ over coalitions S without j of |S|! (p − |S| − 1)! / p! (v(S ∪ j) − v(S))."""
    columns = len(explainer.encoder.columns)
    coalitions = np.array([[number >> j & 1 for j in range(columns)] for number in range(2**columns)], dtype=bool)
    values = np.zeros(len(coalitions))
    for prototype, weight in zip(explainer.background, explainer.weights, strict=True):
        mixed = np.where(coalitions[:, explainer._column_of], point, prototype)
        values += weight * explainer.margin(np.ascontiguousarray(mixed.T), toward, against)
    result = np.zeros(columns)
    for number, coalition in enumerate(coalitions):
        size = int(coalition.sum())
        for j in np.flatnonzero(~coalition):
            share = factorial(size) * factorial(columns - size - 1) / factorial(columns)
            result[j] += share * (values[number | 1 << int(j)] - values[number])
    return result


def make_explainer(columns: int, seed: int = 0, levels: int = 0) -> CoreExplainer:
    """Three curved segments in `columns` numbers, and a category of so many levels where asked for."""
    generator = np.random.default_rng(seed)
    names = tuple(f"x{j}" for j in range(columns))
    encoder = make_encoder(names, levels)
    owner = np.repeat([0, 1, 2, -1], [60, 40, 20, 10])
    places = generator.normal(0, 2, (4, encoder.width))
    exemplars = places[owner] + generator.normal(size=(len(owner), encoder.width))
    assigner = NearestCore(exemplars, generator.uniform(0.5, 2, len(owner)), owner, np.full(3, 3.0))
    background = generator.normal(0, 2, (6, encoder.width))
    return CoreExplainer(encoder, assigner, background, np.array([0.3, 0.2, 0.2, 0.1, 0.1, 0.1]))


def make_encoder(names: tuple[str, ...], levels: int) -> Encoder:
    """Numbers encoded as they are; explanations only ask which dimensions belong to which column."""
    count = len(names)
    numbers = NumberEncoding(
        names=names,
        fill=np.zeros(count),
        lower=np.full(count, -np.inf),
        upper=np.full(count, np.inf),
        transforms=(Transform.NONE,) * count,
        power=np.ones(count),
        quantiles=np.empty((0, 0)),
        center=np.zeros(count),
        factor=np.ones(count),
    )
    category = CategoryEncoding("plan", tuple(f"level {number}" for number in range(levels)), (), 1.0)
    return Encoder(numbers, (category,) if levels else ())


def points_of(explainer: CoreExplainer, count: int) -> Floats:
    generator = np.random.default_rng(5)
    return np.ascontiguousarray(generator.normal(0, 2, (explainer.encoder.width, count)))


@pytest.mark.parametrize(("columns", "levels"), [(1, 0), (2, 0), (3, 4), (6, 0), (7, 0)])
def test_few_columns_are_explained_exactly(columns: int, levels: int) -> None:
    explainer = make_explainer(columns, levels=levels)
    points = points_of(explainer, 4)
    near = explainer.assigner.nearest(points)
    explanations = explainer.explain(points, near.segment, near.runner_up)
    for position in range(4):
        a, b = int(near.segment[position]), int(near.runner_up[position])
        expected = shapley(explainer, points[:, position], a, b)
        np.testing.assert_allclose(explanations.contributions[position], expected, atol=1e-10)


def test_many_columns_are_explained_nearly() -> None:
    explainer = make_explainer(9)
    points = points_of(explainer, 8)
    near = explainer.assigner.nearest(points)
    explanations = explainer.explain(points, near.segment, near.runner_up)
    errors = []
    for position in range(8):
        exact = shapley(explainer, points[:, position], int(near.segment[position]), int(near.runner_up[position]))
        errors.append(np.abs(explanations.contributions[position] - exact).sum() / np.abs(exact).sum())
    assert np.mean(errors) < 0.1


@pytest.mark.parametrize("columns", [3, 12])
def test_base_and_score_are_the_assigners_own_margins(columns: int) -> None:
    explainer = make_explainer(columns, levels=3)
    points = points_of(explainer, 10)
    toward, against = np.arange(10) % 3, (np.arange(10) + 1) % 3
    explanations = explainer.explain(points, toward, against)
    for position in range(10):
        a, b = int(toward[position]), int(against[position])
        margin = explainer.margin(points[:, [position]], a, b)[0]
        before = explainer.margin(np.ascontiguousarray(explainer.background.T), a, b) @ explainer.weights
        assert explanations.score[position] == pytest.approx(margin, abs=1e-12)
        assert explanations.base[position] == pytest.approx(before, abs=1e-9)
        assert explanations.base[position] + explanations.contributions[position].sum() == pytest.approx(
            margin, abs=1e-12
        )


@pytest.mark.parametrize("columns", [4, 10])
def test_a_column_that_nothing_hangs_on_gets_nothing(columns: int) -> None:
    """Customers, background and exemplars all stand at one place in the last column."""
    explainer = make_explainer(columns)
    assigner = explainer.assigner
    exemplars, background = assigner.exemplars.copy(), explainer.background.copy()
    exemplars[:, -1] = background[:, -1] = 0.5
    level = NearestCore(exemplars, assigner.core, assigner.owner, assigner.reach)
    explainer = CoreExplainer(explainer.encoder, level, background, explainer.weights)
    points = points_of(explainer, 3)
    points[-1] = 0.5
    explanations = explainer.explain(points, np.zeros(3, dtype=np.intp), np.ones(3, dtype=np.intp))
    np.testing.assert_allclose(explanations.contributions[:, -1], 0.0, atol=1e-12)


def test_alone_or_in_a_batch_every_bit_is_the_same() -> None:
    explainer = make_explainer(11, levels=4)
    points = points_of(explainer, 6)
    near = explainer.assigner.nearest(points)
    together = explainer.explain(points, near.segment, near.runner_up)
    fresh = CoreExplainer(explainer.encoder, explainer.assigner, explainer.background, explainer.weights)
    for position in range(6):
        alone = fresh.explain(
            np.ascontiguousarray(points[:, [position]]), near.segment[[position]], near.runner_up[[position]]
        )
        assert np.array_equal(alone.contributions[0], together.contributions[position])
        assert alone.base[0] == together.base[position]


def test_the_same_background_point_twice_is_one_of_twice_the_weight() -> None:
    explainer = make_explainer(5)
    twice = CoreExplainer(
        explainer.encoder,
        explainer.assigner,
        np.vstack([explainer.background, explainer.background[:1]]),
        np.array([0.1, 0.2, 0.2, 0.1, 0.1, 0.1, 0.2]),
    )
    points = points_of(explainer, 2)
    segments = np.zeros(2, dtype=np.intp), np.ones(2, dtype=np.intp)
    expected = explainer.explain(points, *segments).contributions
    np.testing.assert_allclose(twice.explain(points, *segments).contributions, expected, atol=1e-12)


def test_where_there_is_no_second_segment_there_is_nothing_to_say() -> None:
    explainer = make_explainer(3)
    explanations = explainer.explain(points_of(explainer, 1), np.array([0]), np.array([-1]))
    assert explanations.score[0] == 0
    assert not explanations.contributions.any()


def test_a_crowded_segment_is_measured_in_several_products() -> None:
    """Tens of thousands of exemplars, on a customer that stands on one of them, with no core distance to soften."""
    explainer = make_explainer(8)
    generator = np.random.default_rng(3)
    exemplars = generator.normal(size=(60_000, 8))
    owner = np.repeat([0, 1], 30_000)
    crowded = NearestCore(exemplars, np.zeros(len(owner)), owner, np.full(2, 3.0))
    explainer = CoreExplainer(explainer.encoder, crowded, explainer.background[:1], np.ones(1))
    point = np.ascontiguousarray(exemplars[[0]].T)
    explanations = explainer.explain(point, np.array([0]), np.array([1]))
    assert explanations.score[0] == pytest.approx(explainer.margin(point, 0, 1)[0], abs=1e-12)
    before = explainer.margin(np.ascontiguousarray(explainer.background.T), 0, 1)[0]
    assert explanations.base[0] == pytest.approx(before, abs=1e-9)


@pytest.mark.parametrize(
    ("plan", "columns"), [(complete, 1), (complete, 2), (complete, 5), (sampled, 2), (sampled, 5), (sampled, 14)]
)
def test_games_of_pairs_are_solved_exactly(plan: Callable[[int, Floats], Coalitions], columns: int) -> None:
    """A sum of columns and of products of two: its Shapley value is known, and antithetic pairs find it."""
    generator = np.random.default_rng(columns)
    single, pair = generator.normal(size=columns), np.triu(generator.normal(size=(columns, columns)), 1)
    weights = np.array([0.75, 0.25])
    looked_at = plan(columns, weights)
    z = looked_at.members.astype(np.float64)
    values = z @ single + np.einsum("ci,ij,cj->c", z, pair, z)
    expected = single + (pair.sum(axis=0) + pair.sum(axis=1)) / 2
    np.testing.assert_allclose(looked_at.shares @ values, expected, atol=1e-10)
