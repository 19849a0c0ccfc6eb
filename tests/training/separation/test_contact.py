"""Slices of a curve touch densely; groups, even near ones, do not."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from training.separation.contact import touch_densely

DEPTH = 0.6
Floats = NDArray[np.float64]


def touching(points: Floats, segments: NDArray[np.intp]) -> bool:
    folds = np.random.default_rng(5).permutation(len(points)) % 5
    return touch_densely(points, segments, folds, (0, 1), DEPTH)


def arc(count: int, turn: float, seed: int) -> Floats:
    generator = np.random.default_rng(seed)
    angle = generator.uniform(0, turn, count)
    radius = 1 + generator.normal(0, 0.05, count)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])


SEEDS = range(10)  # the test is one of chance: neither side is certain for every sample


@pytest.mark.parametrize("turn", [np.pi, 5 / 3 * np.pi])
def test_halves_of_an_arc_touch_densely(turn: float) -> None:
    arcs = [arc(1_000, turn, seed) for seed in SEEDS]
    halves = [(np.arctan2(points[:, 1], points[:, 0]) % (2 * np.pi) > turn / 2).astype(np.intp) for points in arcs]
    assert sum(map(touching, arcs, halves)) >= 8


@pytest.mark.parametrize("width", [2, 5, 12])
@pytest.mark.parametrize("count", [60, 1_000])
def test_groups_four_standard_deviations_apart_do_not(width: int, count: int) -> None:
    touches = 0
    for seed in SEEDS:
        points = np.random.default_rng(seed).normal(size=(count, width))
        points[:, 0] += 4 * (np.arange(count) % 2)
        touches += touching(points, (points[:, 0] > 2).astype(np.intp))
    assert touches <= 1


@pytest.mark.parametrize("count", [2, 12, 40])
def test_few_customers_show_no_contact(count: int) -> None:
    points = np.random.default_rng(0).normal(size=(count, 2))
    points[:, 0] += 10 * (np.arange(count) % 2)
    assert not touching(points, (np.arange(count) % 2).astype(np.intp))


def test_identical_customers_of_two_segments_are_no_dip() -> None:
    segments = (np.arange(200) % 2).astype(np.intp)
    assert touching(np.zeros((200, 3)), segments)


def test_more_customers_than_are_compared_give_the_same_answer_each_time() -> None:
    points = np.random.default_rng(3).normal(size=(5_000, 2))
    segments = (points[:, 0] > 0).astype(np.intp)
    assert touching(points, segments) is touching(points, segments) is True
