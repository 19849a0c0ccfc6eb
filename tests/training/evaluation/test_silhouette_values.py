"""Our silhouettes are those of scikit-learn, also of points alone in a segment, and of identical ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import silhouette_samples

from training.evaluation.silhouette_values import AT_ONCE, silhouette_values


@given(st.integers(0, 10_000), st.integers(4, 60), st.integers(1, 4), st.integers(2, 3), st.floats(0.1, 1e3))
def test_silhouettes_are_those_of_scikit_learn(seed: int, count: int, width: int, segments: int, scale: float) -> None:
    generator = np.random.default_rng(seed)
    points = scale * np.round(generator.normal(size=(count, width)), 1)  # some are the same
    labels = np.append(np.arange(segments), generator.integers(0, segments, count - segments)).astype(np.intp)
    assert silhouette_values(points, labels) == pytest.approx(silhouette_samples(points, labels), abs=1e-6)


def test_of_more_points_than_are_measured_at_once() -> None:
    generator = np.random.default_rng(0)
    points = generator.normal(size=(2 * AT_ONCE + 7, 3))
    labels = 5 * generator.integers(0, 4, len(points))
    assert silhouette_values(points, labels) == pytest.approx(silhouette_samples(points, labels), abs=1e-9)


def test_four_points_by_hand() -> None:
    points, labels = np.array([[0.0], [1.0], [4.0], [9.0]]), np.array([0, 0, 1, 2])
    expected = [(4 - 1) / 4, (3 - 1) / 3, 0.0, 0.0]
    assert silhouette_values(points, labels) == pytest.approx(expected)
    assert silhouette_values(np.zeros((4, 2)), np.array([0, 0, 1, 1])).tolist() == [0.0] * 4
