"""A top beside means, among other customers: by NumPy, and where a segment is left empty."""

from __future__ import annotations

import numpy as np
import pytest

from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.encoding.encoder import Floats
from training.fitting.lloyd import SegmentSums, move_centroids
from training.fitting.top_of_means import TopOfMeans


def sums_of(points: Floats, centroids: Floats) -> SegmentSums:
    segment = NearestCentroid(centroids).nearest(np.ascontiguousarray(points.T)).segment
    members = (segment == np.arange(len(centroids))[:, None]).astype(float)
    return SegmentSums(members.sum(axis=1).astype(np.intp), members @ points, (points**2).sum(axis=0))


@pytest.fixture
def points() -> Floats:
    """Coordinates far apart in size, so that the border is not found by those that do not matter."""
    generator = np.random.default_rng(7)
    return np.column_stack([1e3 * generator.normal(size=900), generator.gamma(1, size=900)])


def test_the_top_is_the_mean_of_those_beyond_the_border_and_the_others_are_lloyds(points: Floats) -> None:
    top = TopOfMeans(points[:3], place=1, border=3.0, order=np.array([2, 3, 0, 1]))
    moved = top.moved(lambda centroids: sums_of(points, centroids))
    means = move_centroids(points[:3], lambda centroids: sums_of(points, centroids))
    beyond = points[points[:, 1] > 3.0].mean(axis=0)
    expected = np.vstack([means.centroids, beyond])[[2, 3, 0, 1]]
    np.testing.assert_allclose(moved.centroids, expected, rtol=1e-12)
    assert (moved.steps, moved.emptied) == (means.steps, None)


def test_a_customer_on_the_border_is_not_beyond_it() -> None:
    points = np.array([[0.0, 1.0], [5.0, 2.0], [9.0, 4.0], [1.0, 2.0]])
    top = TopOfMeans(points[:1], place=1, border=2.0, order=np.array([0, 1]))
    moved = top.moved(lambda centroids: sums_of(points, centroids))
    np.testing.assert_array_equal(moved.centroids[1], points[2])


def test_a_segment_without_customers_is_named_by_its_position_in_the_fit(points: Floats) -> None:
    nobody = TopOfMeans(points[:3], place=1, border=1e9, order=np.array([3, 0, 1, 2]))
    assert nobody.moved(lambda centroids: sums_of(points, centroids)).emptied == 0
    far = np.vstack([points[:2], [[0.0, -1e9]]])
    emptied = TopOfMeans(far, place=1, border=3.0, order=np.array([3, 2, 0, 1]))
    assert emptied.moved(lambda centroids: sums_of(points, centroids)).emptied == 1
