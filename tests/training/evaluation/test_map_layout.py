"""The layout of the map: distances are kept where they can be, and degenerate customers have a layout too."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from segment_model.encoding.encoder import Floats
from training.evaluation.map_layout import lay_out_map, nearest_points, principal_plane, umap_plane


def test_principal_components_keep_the_distances_of_a_plane() -> None:
    plane = np.random.default_rng(3).normal(size=(20, 2))
    turned = np.hstack([plane, plane @ np.array([[0.0], [0.0]])])
    positions = principal_plane(turned)
    np.testing.assert_allclose(
        np.linalg.norm(positions[:, None] - positions, axis=2),
        np.linalg.norm(plane[:, None] - plane, axis=2),
        atol=1e-12,
    )
    assert principal_plane(plane[:, :1]).shape == (20, 2)


def test_a_direction_without_spread_is_flat_and_not_rounding_noise() -> None:
    group = np.repeat([0.0, 1.0], 15)
    positions = principal_plane(np.column_stack([group, 1 - group]))
    assert np.ptp(positions[:, 0]) > 1
    assert not positions[:, 1].any()
    assert not principal_plane(np.ones((30, 3))).any()


@pytest.mark.parametrize("customers", [30, 80])
def test_customers_encoded_in_one_number_are_laid_out_in_its_order(customers: int) -> None:
    points: Floats = np.random.default_rng(5).normal(size=(customers, 1))
    layout = lay_out_map(points, np.zeros(customers, dtype=np.intp))
    assert layout.method.startswith("principal components")
    order = np.argsort(points[:, 0])
    steps = np.diff(layout.positions[order, 0])
    assert (steps > 0).all() or (steps < 0).all()
    assert not layout.positions[:, 1].any()


def test_the_neighbours_are_the_nearest_points_and_of_equals_the_earlier() -> None:
    points: Floats = np.random.default_rng(6).normal(size=(90, 4))
    positions, distances = nearest_points(points, 7)
    expected, places = NearestNeighbors(n_neighbors=7, algorithm="brute").fit(points).kneighbors(points)
    assert positions.tolist() == places.tolist()
    np.testing.assert_allclose(distances, expected, rtol=1e-6, atol=1e-6)
    corners: Floats = np.array([[0.0, 0.0], [0.0, 0.0], [3.0, 4.0], [-3.0, 4.0]])
    positions, distances = nearest_points(corners, 4)
    assert positions.tolist() == [[0, 1, 2, 3], [0, 1, 2, 3], [2, 0, 1, 3], [3, 0, 1, 2]]
    assert distances[:2].tolist() == [[0, 0, 5, 5]] * 2


def test_umap_separates_distant_groups_the_same_way_each_time_and_keeps_its_machine_code() -> None:
    generator = np.random.default_rng(8)
    points: Floats = np.repeat(np.eye(3) * 40, 30, axis=0) + generator.normal(size=(90, 3))
    positions = umap_plane(points)
    nearest, _ = nearest_points(positions, 10)
    assert (nearest // 30 == np.arange(90)[:, None] // 30).all()
    assert np.array_equal(positions, umap_plane(points))
    from umap.umap_ import smooth_knn_dist  # only now: its import warns where nothing expects it

    assert smooth_knn_dist.stats.cache_path is not None
