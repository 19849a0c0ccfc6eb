"""Lloyd's steps by sums are those of scikit-learn from the same start."""

from __future__ import annotations

from itertools import count

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans

from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.encoding.encoder import Floats
from training.fitting.lloyd import MOST_STEPS, TOLERANCE, SegmentSums, move_centroids
from training.fitting.single_thread import single_thread


def sums_of(points: Floats, centroids: Floats) -> SegmentSums:
    """Added up by a matrix of who is where, (segments, n)."""
    segment = NearestCentroid(centroids).nearest(np.ascontiguousarray(points.T)).segment
    members = (segment == np.arange(len(centroids))[:, None]).astype(float)
    return SegmentSums(members.sum(axis=1).astype(np.intp), members @ points, (points**2).sum(axis=0))


def customers(size: int, seed: int) -> Floats:
    """Without groups, so that centroids move for many steps; the second column is skewed and far from 0."""
    generator = np.random.default_rng(seed)
    return np.column_stack([generator.normal(size=size), 50 + generator.gamma(2, size=size), generator.random(size)])


@given(st.integers(0, 40), st.integers(2, 9))
def test_steps_and_centroids_are_those_of_scikit_learn(seed: int, segments: int) -> None:
    points = customers(1_200, seed)
    start = points[np.random.default_rng(seed).choice(len(points), segments, replace=False)]
    with single_thread():
        fitted = KMeans(segments, init=start, n_init=1, max_iter=MOST_STEPS, tol=TOLERANCE).fit(points)
    moved = move_centroids(start, lambda centroids: sums_of(points, centroids))
    assert moved.emptied is None
    assert moved.steps == fitted.n_iter_
    np.testing.assert_allclose(moved.centroids, fitted.cluster_centers_, rtol=0, atol=1e-9)
    np.testing.assert_allclose(moved.mean, points.mean(axis=0), rtol=0, atol=1e-12)
    near = NearestCentroid(moved.centroids).nearest(np.ascontiguousarray(points.T))
    no_tie = near.runner_up_distance - near.distance > 1e-9
    assert (near.segment == fitted.labels_)[no_tie].all()


def test_the_variance_is_that_of_numpy() -> None:
    points = customers(500, 3)
    assert sums_of(points, points[:4]).variance == pytest.approx(np.var(points, axis=0).mean(), rel=1e-9)


def test_a_segment_that_loses_its_customers_is_named() -> None:
    points = customers(300, 1)
    start = np.vstack([points[:3], [[0.0, -1e6, 0.0]]])
    moved = move_centroids(start, lambda centroids: sums_of(points, centroids))
    assert (moved.emptied, moved.steps) == (3, 0)
    np.testing.assert_array_equal(moved.centroids, start)


def test_the_steps_end_where_those_of_scikit_learn_do() -> None:
    """Sums that never settle: each step moves the centroids on."""
    steps = count(1)

    def restless(centroids: Floats) -> SegmentSums:
        return SegmentSums(np.ones(2, dtype=np.intp), centroids + next(steps), np.full(1, 9.0))

    assert move_centroids(np.array([[0.0], [1.0]]), restless).steps == MOST_STEPS
