"""HDBSCAN's assigner against its definition, written again without a tree."""

from __future__ import annotations

from threading import Thread

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from segment_model.assigners.nearest_core import NearestCore
from segment_model.encoding.encoder import Floats


def by_definition(assigner: NearestCore, segment: int, points: Floats) -> Floats:
    """√(‖z − e‖² + (core / 2)²), the least over the segment's exemplars."""
    mine = assigner.owner == segment
    gap = points.T[:, None, :] - assigner.exemplars[mine]
    distances = np.sqrt((gap**2).sum(axis=2) + (assigner.core[mine] / 2) ** 2)
    nearest: Floats = distances.min(axis=1, initial=np.inf)
    return nearest


@st.composite
def assigners(draw: st.DrawFn) -> NearestCore:
    """Any number of segments, noise or none, on a coarse grid so that ties and duplicates are common."""
    segments = draw(st.integers(1, 4))
    noise = draw(st.integers(0, 3))
    owner = np.array([*range(segments), *draw(st.lists(st.integers(0, segments - 1), max_size=12)), *[-1] * noise])
    width = draw(st.integers(1, 3))
    grid = st.integers(-3, 3).map(float)
    exemplars = draw(hnp.arrays(np.float64, (len(owner), width), elements=grid))
    core = draw(hnp.arrays(np.float64, len(owner), elements=st.sampled_from([0.0, 0.5, 2.0])))
    reach = draw(hnp.arrays(np.float64, segments, elements=st.sampled_from([0.0, 1.0, np.inf])))
    return NearestCore(exemplars, core, owner.astype(np.intp), reach)


@given(assigners(), st.data())
@settings(max_examples=100, deadline=None)
def test_it_is_the_definition(assigner: NearestCore, data: st.DataObject) -> None:
    width = assigner.exemplars.shape[1]
    points = data.draw(hnp.arrays(np.float64, (width, 5), elements=st.integers(-16, 16).map(lambda n: n / 4)))
    near = assigner.nearest(points)
    distances = np.array([by_definition(assigner, segment, points) for segment in range(assigner.size)])
    everyone = np.arange(5)
    np.testing.assert_allclose(near.distance, distances.min(axis=0), rtol=1e-12)
    np.testing.assert_allclose(distances[near.segment, everyone], near.distance, rtol=1e-12)
    if assigner.size > 1:
        second = np.sort(distances, axis=0)[1]
        np.testing.assert_allclose(near.runner_up_distance, second, rtol=1e-12)
        np.testing.assert_allclose(distances[near.runner_up, everyone], second, rtol=1e-12)
        assert np.all(near.runner_up != near.segment)
    else:
        assert np.all(near.runner_up == -1)
    noise = by_definition(assigner, -1, points)
    clear = np.abs(noise - near.distance) > 1e-9  # a tie may fall either way
    outside = (near.distance > assigner.reach[near.segment]) | (noise < near.distance)
    assert np.array_equal(near.outside[clear], outside[clear])
    assert np.all((near.strength >= 0) & (near.strength <= 1))


@given(assigners(), st.data())
@settings(max_examples=60, deadline=None)
def test_alone_or_in_a_batch_every_bit_is_the_same(assigner: NearestCore, data: st.DataObject) -> None:
    width = assigner.exemplars.shape[1]
    points = data.draw(hnp.arrays(np.float64, (width, 7), elements=st.floats(-5, 5)))
    together = assigner.nearest(points)
    for position in range(7):
        alone = assigner.nearest(np.ascontiguousarray(points[:, [position]]))
        for field in ("segment", "runner_up", "distance", "runner_up_distance", "outside"):
            np.testing.assert_array_equal(getattr(alone, field)[0], getattr(together, field)[position])
        segment = int(together.segment[position])
        assert assigner.distance_to(segment, points)[position] == together.distance[position]


@pytest.fixture(scope="module")
def crowded() -> NearestCore:
    """Three segments of unequal density in ten dimensions, with noise around."""
    generator = np.random.default_rng(0)
    owner = np.repeat([0, 1, 2, -1], [400, 200, 100, 50])
    place = np.array([[0.0], [3.0], [-3.0], [0.0]])[owner]
    exemplars = place + generator.normal(size=(len(owner), 10)) * np.array([0.5, 1.0, 0.7, 4.0])[owner][:, None]
    return NearestCore(exemplars, generator.uniform(0.1, 2, len(owner)), owner, np.array([2.0, 3.0, 2.5]))


def test_strength_falls_from_the_heart_to_the_border(crowded: NearestCore) -> None:
    heart, border = crowded.exemplars[0], (crowded.exemplars[0] + crowded.exemplars[450]) / 2
    steps = np.linspace(0, 1, 30)
    points = (heart + steps[:, None] * (border - heart)).T
    near = crowded.nearest(np.ascontiguousarray(points))
    a, b = near.distance, near.runner_up_distance
    np.testing.assert_allclose(near.strength, (b - a) / (b + a), rtol=1e-12)
    ratio = np.argsort(a / b, kind="stable")
    assert np.all(np.diff(near.strength[ratio]) <= 1e-12)


def test_far_away_is_outside_and_still_has_a_nearest_segment(crowded: NearestCore) -> None:
    near = crowded.nearest(np.full((10, 1), 1e6))
    assert near.outside[0]
    assert near.segment[0] in (0, 1, 2)
    assert near.distance[0] == pytest.approx(1e6 * np.sqrt(10), rel=1e-3)


def test_nobody_gets_no_answer(crowded: NearestCore) -> None:
    near = crowded.nearest(np.empty((10, 0)))
    assert near.segment.shape == near.outside.shape == near.runner_up_distance.shape == (0,)


def test_identical_exemplars_of_two_segments_leave_no_preference() -> None:
    assigner = NearestCore(np.zeros((2, 2)), np.zeros(2), np.array([0, 1]), np.full(2, 1.0))
    near = assigner.nearest(np.zeros((2, 1)))
    assert near.distance[0] == near.runner_up_distance[0] == 0
    assert near.strength[0] == 0
    assert not near.outside[0]


def test_the_state_is_arrays_and_comes_back(crowded: NearestCore) -> None:
    again = NearestCore.from_arrays(crowded.arrays())
    points = np.random.default_rng(1).normal(size=(10, 50)) * 2
    np.testing.assert_array_equal(again.nearest(points).distance, crowded.nearest(points).distance)


def test_eight_threads_get_one_answer(crowded: NearestCore) -> None:
    fresh = NearestCore.from_arrays(crowded.arrays())  # no tree grown yet
    points = np.random.default_rng(2).normal(size=(10, 200)) * 2
    expected = crowded.nearest(points)
    outside: list[bool] = []

    def ask() -> None:
        near = fresh.nearest(points)
        same = np.array_equal(near.distance, expected.distance) and np.array_equal(near.outside, expected.outside)
        outside.append(same and np.array_equal(near.runner_up_distance, expected.runner_up_distance))

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outside == [True] * 8
