"""A start has the shares, means and inverse covariances of the segments, as NumPy has them."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from training.fitting.mixture_covariance import SKLEARN_NAMES, Covariance
from training.fitting.mixture_start import start_at

GENERATOR = np.random.default_rng(4)
LABELS = np.repeat([1, 0, 2], [70, 50, 30])
POINTS = GENERATOR.normal(size=(150, 3)) * np.array([1.0, 2.0, 0.5]) + np.arange(3)[LABELS][:, None] * 12
OWN = [POINTS[segment == LABELS] for segment in range(3)]
COVARIANCES = np.array([np.cov(own.T, bias=True) for own in OWN])
SHARES = np.array([50, 70, 30]) / 150
VARIANCES = np.array([own.var(axis=0) for own in OWN])
RIDGE = 0.25

WANTED: dict[Covariance, np.ndarray] = {
    "full": np.linalg.inv(COVARIANCES + RIDGE * np.eye(3)),
    "tied": np.linalg.inv(np.tensordot(SHARES, COVARIANCES, 1) + RIDGE * np.eye(3)),
    "diagonal": 1 / (VARIANCES + RIDGE),
    "spherical": 1 / (VARIANCES.mean(axis=1) + RIDGE),
}


@pytest.mark.parametrize("covariance", WANTED)
def test_the_start_has_the_shape_of_the_segments(covariance: Covariance) -> None:
    start = start_at(POINTS, LABELS, covariance, RIDGE)
    np.testing.assert_allclose(start["weights_init"], SHARES)
    np.testing.assert_allclose(start["means_init"], [own.mean(axis=0) for own in OWN])
    np.testing.assert_allclose(start["precisions_init"], WANTED[covariance])


@pytest.mark.parametrize("covariance", WANTED)
def test_scikit_learn_starts_there(covariance: Covariance) -> None:
    start = start_at(POINTS, LABELS, covariance, 1e-6)
    fitted = GaussianMixture(3, covariance_type=SKLEARN_NAMES[covariance], reg_covar=1e-6, **start).fit(POINTS)
    assert np.mean(fitted.predict(POINTS) == LABELS) > 0.98  # the components keep the positions of the segments


def test_a_segment_in_one_place_has_no_inverse() -> None:
    points = np.vstack([np.zeros((5, 2)), np.ones((5, 2))])
    with pytest.raises(np.linalg.LinAlgError):
        start_at(points, np.repeat([0, 1], 5), "full", 0.0)
