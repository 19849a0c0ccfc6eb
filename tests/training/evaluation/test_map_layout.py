"""The layout of the map: distances are kept where they can be, and degenerate customers have a layout too."""

from __future__ import annotations

import numpy as np
import pytest

from segment_model.encoding.encoder import Floats
from training.evaluation.map_layout import lay_out_map, principal_plane


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
