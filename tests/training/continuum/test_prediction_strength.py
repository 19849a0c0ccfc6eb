"""Prediction strength by hand, on one good and one bad division, and where it does not exist."""

from __future__ import annotations

import numpy as np
import pytest

from training.candidates.kmeans import KMeansSpec
from training.continuum.prediction_strength import kept_together, prediction_strength


def test_pairs_by_hand() -> None:
    """Of the 3 pairs in the first segment one stays together; the second segment stays whole."""
    assert kept_together(np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 1])) == pytest.approx(1 / 3)


def test_a_segment_of_one_has_no_pair() -> None:
    assert kept_together(np.array([0, 0, 1]), np.array([0, 0, 0])) == 0


def test_two_blobs_have_it_for_two_and_not_for_four() -> None:
    generator = np.random.default_rng(0)
    points = np.concatenate([generator.normal(place, 1, size=(100, 2)) for place in (0, 9)])
    two, four = (prediction_strength(KMeansSpec(k, 3), points, 4000) for k in (2, 4))
    assert two == 1
    assert four < 0.8


def test_fewer_different_customers_than_segments() -> None:
    assert prediction_strength(KMeansSpec(3, 3), np.zeros((40, 2)), 4000) == 0
