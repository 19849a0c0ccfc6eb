"""The two nearest segments: the same for a customer alone, among few and among many, and the first of several alike."""

from __future__ import annotations

import numpy as np
import pytest

from segment_model.assigners.nearest import FEW, two_smallest
from segment_model.encoding.encoder import Floats


def drawn(segments: int, customers: int, different: int) -> Floats:
    """Distances of few different values, so that many of a customer's are the same."""
    return np.random.default_rng(segments).integers(0, different, (segments, customers)).astype(np.float64) / 7


@pytest.mark.parametrize("segments", [1, 2, 3, 8, 300])
@pytest.mark.parametrize("different", [1, 2, 5, 1_000_000])
def test_they_are_the_first_two_by_distance_and_position(segments: int, different: int) -> None:
    distances = drawn(segments, FEW + 3, different)
    near = two_smallest(distances.copy(), np.zeros(FEW + 3, dtype=np.bool_))
    order = np.argsort(distances, axis=0, kind="stable")  # equal ones stay in their order
    everyone = np.arange(FEW + 3)
    assert np.array_equal(near.segment, order[0])
    assert np.array_equal(near.distance, distances[order[0], everyone])
    if segments == 1:
        assert (near.runner_up == -1).all()
        assert np.isnan(near.runner_up_distance).all()
        assert (near.strength == 1).all()
    else:
        assert np.array_equal(near.runner_up, order[1])
        assert np.array_equal(near.runner_up_distance, distances[order[1], everyone])


@pytest.mark.parametrize("different", [2, 1_000_000])
def test_few_get_the_answer_of_many(different: int) -> None:
    distances = drawn(9, 2 * FEW, different)
    whole = two_smallest(distances.copy(), np.zeros(2 * FEW, dtype=np.bool_))
    for start in (0, 1, FEW - 1, 2 * FEW - 5):
        part = distances[:, start : start + 5].copy()
        few = two_smallest(part, np.zeros(part.shape[1], dtype=np.bool_))
        for name in ("segment", "runner_up", "distance", "runner_up_distance", "strength"):
            assert np.array_equal(getattr(few, name), getattr(whole, name)[start : start + 5]), name
