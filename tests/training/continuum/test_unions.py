"""Unions divide no segment, and follow Ward's merges."""

from __future__ import annotations

import numpy as np

from training.continuum.unions import union_of, united

POINTS = np.array([[0.0], [1.0], [10.0], [11.0], [30.0]])
LABELS = np.array([0, 1, 2, 3, 4])


def test_the_nearest_segments_unite_first() -> None:
    assert united(POINTS, LABELS, 5) == [(0, 0, 1, 2, 3), (0, 0, 1, 1, 2), (0, 0, 0, 0, 1)]


def test_a_large_segment_is_costlier_to_unite_than_a_small_one_as_far_away() -> None:
    points = np.array([[0.0], [4.0], *[[8.0]] * 50])
    assert united(points, np.array([0, 1, *[2] * 50]), 3) == [(0, 0, 1)]


def test_two_segments_have_no_union() -> None:
    assert united(POINTS, np.array([0, 0, 0, 1, 1]), 2) == []


def test_the_agreement_with_a_flat_division() -> None:
    same = union_of((0, 0, 1, 1, 2), LABELS, np.array([2, 2, 0, 0, 1]))
    assert (same.segments, same.agreement) == (3, 1.0)
    assert union_of((0, 0, 1, 1, 2), LABELS, np.array([0, 1, 1, 2, 2])).agreement < 0.2
