"""Screened customers get the bits that all distances give, whatever the points and the centres are."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segment_model.assigners.nearest import FEW
from segment_model.assigners.nearest_centroid import SEGMENTS_WORTH_SCREENING, NearestCentroid
from segment_model.assigners.screening import Screen
from segment_model.encoding.encoder import Floats

# of each order of magnitude that single or double precision treats in its own way, and neighbours of 1
LEVELS = [0.0, 5e-324, 1e-310, 1e-46, 1e-40, 3e-23, 0.1, 1.0, 1.0 + 2**-52, 1.0 + 2**-24, 3.0, 1e6, 1e19, 1e38, 1e60]


def distances_by_definition(points: Floats, centroids: Floats) -> Floats:
    """Squares of the differences, added from the first dimension to the last: (segments, n)."""
    total = np.zeros((len(centroids), points.shape[1]))
    for coordinates, centres in zip(points, centroids.T, strict=True):
        gap = centres[:, None] - coordinates
        total = total + gap * gap
    return total


def assert_as_all_distances_say(assigner: NearestCentroid, points: Floats) -> None:
    near = assigner.nearest(points)
    distances = distances_by_definition(points, assigner.centroids)
    order = np.argsort(distances, axis=0, kind="stable")  # the first of several at one distance stays the first
    everyone = np.arange(points.shape[1])
    assert np.array_equal(near.segment, order[0])
    assert np.array_equal(near.distance, np.sqrt(distances[order[0], everyone]))
    assert not near.outside.any()
    if assigner.size == 1:
        return
    assert np.array_equal(near.runner_up, order[1])
    assert np.array_equal(near.runner_up_distance, np.sqrt(distances[order[1], everyone]))
    alone = [assigner.nearest(points[:, [customer]].copy()) for customer in (0, len(everyone) // 2)]
    assert [few.strength[0] for few in alone] == near.strength[[0, len(everyone) // 2]].tolist()


def drawn(seed: int, segments: int, width: int, scales: list[float]) -> tuple[NearestCentroid, Floats]:
    """Centres of few values, so that many are alike, and customers on, near and halfway between them."""
    rng = np.random.default_rng(seed)
    values = np.array(scales)
    centroids = rng.choice(values, (segments, width)) * rng.choice([-1.0, 1.0], (segments, width))
    of_centre, of_other = (centroids[rng.integers(0, segments, FEW + 3)] for _ in range(2))
    spread = rng.choice([0.0, 2**-52, 2**-23, 1.0], (FEW + 3, 1))
    between = rng.choice([0.0, 0.5], (FEW + 3, 1))
    customers = of_centre * (1 - between) + of_other * between + spread * rng.normal(size=of_centre.shape)
    return NearestCentroid(centroids), np.ascontiguousarray(customers.T)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([1, 2, SEGMENTS_WORTH_SCREENING - 1, SEGMENTS_WORTH_SCREENING, 9, 300]),
    st.integers(1, 6),
    st.lists(st.sampled_from(LEVELS), min_size=1, max_size=4),
)
def test_any_points_get_the_segments_and_the_bits_of_all_distances(
    seed: int, segments: int, width: int, scales: list[float]
) -> None:
    assert_as_all_distances_say(*drawn(seed, segments, width, scales))


@pytest.mark.parametrize("width", [1, 20, 130])
@pytest.mark.parametrize(
    "scale", [1e-30, 3e-23, 1e-19, 1.0, 1e18, 1e25]
)  # 3e-23: the square is 1 or 2 steps of a single
def test_ordinary_points_of_any_scale_do_too(width: int, scale: float) -> None:
    rng = np.random.default_rng(width)
    centroids = rng.normal(0, 4 * scale, (12, width))
    points = (centroids[rng.integers(0, 12, FEW)] + rng.normal(0, scale, (FEW, width))).T
    assert_as_all_distances_say(NearestCentroid(centroids), np.ascontiguousarray(points))


@pytest.mark.parametrize("size", [1, 2, 3, 64, 65, FEW - 1, FEW])
@pytest.mark.parametrize("segments", [2, 9])
def test_a_customer_among_any_number_gets_the_same(size: int, segments: int) -> None:
    rng = np.random.default_rng(size)
    centroids = rng.normal(size=(segments, 20))
    assert_as_all_distances_say(NearestCentroid(centroids), rng.normal(size=(20, size)))


def test_a_missing_coordinate_concerns_its_customer_alone() -> None:
    rng = np.random.default_rng(3)
    assigner = NearestCentroid(rng.normal(size=(9, 4)))
    points = rng.normal(size=(4, FEW))
    whole = assigner.nearest(points)
    points[2, 7] = np.nan
    near = assigner.nearest(points)
    others = np.arange(FEW) != 7
    assert np.isnan(near.distance[7])
    for name in ("segment", "runner_up", "distance", "runner_up_distance"):
        assert np.array_equal(getattr(near, name)[others], getattr(whole, name)[others]), name


def test_nearly_all_ordinary_customers_are_sure() -> None:
    """Otherwise screening would cost time instead of saving it."""
    rng = np.random.default_rng(4)
    centroids = rng.normal(0, 4, (8, 20))
    points = (centroids[rng.integers(0, 8, FEW)] + rng.normal(size=(FEW, 20))).T
    assert Screen(centroids).candidates(points).sure.mean() > 0.99


def test_centres_alike_and_numbers_beyond_single_precision_are_left_to_all_distances() -> None:
    centroids = np.zeros((7, 2))
    centroids[:4] = 1.0
    points = np.ones((2, FEW))
    assert not Screen(centroids).candidates(points).sure.any()
    with warnings.catch_warnings(action="error"):  # silent about what it leaves to others
        assert not Screen(np.arange(14.0).reshape(7, 2)).candidates(points * 1e200).sure.any()
        assert not Screen(centroids * 1e200).candidates(points).sure.any()
