"""The closed form of the mixture's Shapley values equals the enumeration of every coalition, on the same background."""

from __future__ import annotations

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segment_model.assigners.gaussian_mixture import GaussianMixture
from segment_model.encoding.encoder import CategoryEncoding, Encoder, Floats, NumberEncoding, Transform
from segment_model.explanation.quadratic import QuadraticExplainer

SEGMENTS = 3


class Sample:
    """Encoded customers as a background."""

    def __init__(self, points: Floats) -> None:
        self.points = points

    def prototypes(self) -> tuple[Floats, Floats]:
        return self.points, np.full(len(self.points), 1 / len(self.points))


def an_encoder(numbers: int, levels: int) -> Encoder:
    """So many numbers, and one category of so many levels (none for 0)."""
    rows = np.zeros(numbers)
    encoding = NumberEncoding(
        names=tuple("abcdefgh"[:numbers]),
        transforms=(Transform.NONE,) * numbers,
        fill=rows,
        lower=rows - np.inf,
        upper=rows + np.inf,
        power=rows,
        quantiles=np.zeros((0, 2)),
        center=rows,
        factor=rows + 1,
    )
    names = tuple(f"level {number}" for number in range(levels))
    return Encoder(encoding, (CategoryEncoding("plan", names, (), 0.7),) if levels else ())


def a_mixture(width: int, seed: int) -> tuple[GaussianMixture, Floats]:
    """Full, unequal covariances, and (n, width) training customers who are not even centred."""
    generator = np.random.default_rng(seed)
    lower = np.tril(generator.normal(size=(SEGMENTS, width, width)))
    factors = lower + 2 * np.eye(width)
    heights = generator.normal(size=SEGMENTS)
    mixture = GaussianMixture(generator.normal(size=(SEGMENTS, width)), factors, heights)
    return mixture, generator.normal(1.5, 1.2, size=(40, width)) @ generator.normal(size=(width, width))


def log_odds(mixture: GaussianMixture, points: Floats, toward: int, against: int) -> Floats:
    """The explained function of (n, width) points, from the densities alone."""
    logs = []
    for component in (toward, against):
        gap = points - mixture.means[component]
        precision = mixture.factors[component] @ mixture.factors[component].T
        logs.append(mixture.heights[component] - np.einsum("ni,ij,nj->n", gap, precision, gap) / 2)
    return logs[0] - logs[1]


def enumerated(
    encoder: Encoder, mixture: GaussianMixture, background: Floats, point: Floats, pair: tuple[int, int]
) -> Floats:
    """The Shapley value of each column by its definition: a sum over all coalitions of the other columns."""
    count = len(encoder.columns)
    column_of = np.repeat(np.arange(count), np.diff(np.append(encoder.starts, encoder.width)))

    def worth(coalition: tuple[int, ...]) -> float:
        mixed = np.where(np.isin(column_of, coalition), point, background)
        return float(log_odds(mixture, mixed, *pair).mean())

    values = np.zeros(count)
    for column in range(count):
        others = [other for other in range(count) if other != column]
        for size in range(count):
            share = factorial(size) * factorial(count - size - 1) / factorial(count)
            for coalition in combinations(others, size):
                values[column] += share * (worth((*coalition, column)) - worth(coalition))
    return values


@pytest.mark.parametrize(("numbers", "levels"), [(5, 0), (4, 3), (1, 0), (0, 3)])
def test_closed_form_equals_the_enumeration_of_all_coalitions(numbers: int, levels: int) -> None:
    encoder = an_encoder(numbers, levels)
    for seed in range(5):
        mixture, background = a_mixture(encoder.width, seed)
        explainer = mixture.learn_explainer(encoder, Sample(background))
        points = np.random.default_rng(seed + 100).normal(size=(encoder.width, 4)) * 2
        toward, against = np.array([0, 1, 2, 0]), np.array([1, 2, 0, 2])
        explanations = explainer.explain(points, toward, against)
        for row in range(4):
            pair = (int(toward[row]), int(against[row]))
            expected = enumerated(encoder, mixture, background, points[:, row], pair)
            scale = max(1.0, float(np.abs(expected).max()))
            assert explanations.contributions[row] == pytest.approx(expected, abs=1e-12 * scale)
            assert explanations.base[row] == pytest.approx(log_odds(mixture, background, *pair).mean(), rel=1e-12)


@given(seed=st.integers(0, 10_000))
def test_the_score_is_the_margin_as_served(seed: int) -> None:
    encoder = an_encoder(3, 2)
    mixture, background = a_mixture(encoder.width, seed)
    explainer = mixture.learn_explainer(encoder, Sample(background))
    points = np.random.default_rng(seed).normal(size=(encoder.width, 6)) * 3
    nearest = mixture.nearest(points)
    explanations = explainer.explain(points, nearest.segment, nearest.runner_up)
    served = (nearest.runner_up_distance**2 - nearest.distance**2) / 2
    assert explanations.score == pytest.approx(served, rel=1e-9, abs=1e-9)
    assert (explanations.score >= -1e-9).all()  # the nearest is the most probable


def test_alone_is_as_in_a_batch_to_the_bit_and_a_stored_explainer_says_the_same() -> None:
    encoder = an_encoder(4, 3)
    mixture, background = a_mixture(encoder.width, 1)
    explainer = mixture.learn_explainer(encoder, Sample(background))
    points = np.random.default_rng(2).normal(size=(encoder.width, 50))
    nearest = mixture.nearest(points)
    batch = explainer.explain(points, nearest.segment, nearest.runner_up)
    stored = mixture.stored_explainer(encoder, explainer.arrays())
    for row in range(50):
        alone = stored.explain(np.ascontiguousarray(points[:, [row]]), nearest.segment[[row]], nearest.runner_up[[row]])
        assert np.array_equal(alone.contributions[0], batch.contributions[row])
        assert (alone.base[0], alone.score[0]) == (batch.base[row], batch.score[row])


def test_there_is_nothing_to_explain_without_a_second_segment() -> None:
    encoder = an_encoder(2, 0)
    explainer = QuadraticExplainer(
        encoder, a_mixture(2, 0)[0].learn_explainer(encoder, Sample(np.eye(2))).densities, np.zeros(2), np.eye(2)
    )
    explanations = explainer.explain(np.ones((2, 1)), np.array([0]), np.array([-1]))
    assert explanations.score.tolist() == [0.0]
    assert explanations.contributions.tolist() == [[0.0, 0.0]]


def test_equal_components_differ_by_their_weights_alone() -> None:
    """No column can tell them apart, so no column contributes, and the base is the logarithm of the odds."""
    mixture = GaussianMixture(np.zeros((2, 2)), np.stack([np.eye(2)] * 2), np.log(np.array([0.75, 0.25])))
    explainer = mixture.learn_explainer(an_encoder(2, 0), Sample(np.random.default_rng(0).normal(size=(30, 2))))
    explanations = explainer.explain(np.array([[7.0], [-2.0]]), np.array([0]), np.array([1]))
    assert explanations.contributions.tolist() == [[0.0, 0.0]]
    assert explanations.score[0] == pytest.approx(np.log(3))
