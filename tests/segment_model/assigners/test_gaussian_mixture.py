"""The mixture's assigner answers as scikit-learn's fitted mixture does, alone and in a batch to the bit."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture as FittedMixture

from segment_model.assigners.gaussian_mixture import GaussianMixture
from segment_model.encoding.encoder import Floats

WIDTH = 4


def sample(customers: int = 900, seed: int = 3) -> Floats:
    """(n, width) points of three groups whose columns hang together differently."""
    generator = np.random.default_rng(seed)
    mixing = generator.normal(size=(3, WIDTH, WIDTH)) * np.array([0.4, 1.0, 2.0])[:, None, None]
    centres = np.array([[0, 0, 0, 0], [4, 0, 3, -2], [-3, 5, 0, 1]], dtype=np.float64)
    group = generator.choice(3, customers, p=[0.6, 0.3, 0.1])
    points: Floats = centres[group] + np.einsum("nij,nj->ni", mixing[group], generator.normal(size=(customers, WIDTH)))
    return points


def fitted(points: Floats) -> tuple[FittedMixture, GaussianMixture]:
    """scikit-learn's mixture, and ours made of its arrays."""
    mixture = FittedMixture(3, random_state=0, n_init=3).fit(points)
    factors = mixture.precisions_cholesky_
    heights = np.log(mixture.weights_) + np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
    return mixture, GaussianMixture(mixture.means_, np.ascontiguousarray(factors), heights)


def test_the_nearest_component_is_scikit_learns_and_distances_give_its_log_odds() -> None:
    points = sample()
    mixture, assigner = fitted(points)
    nearest = assigner.nearest(np.ascontiguousarray(points.T))
    assert nearest.segment.tolist() == mixture.predict(points).tolist()
    assert not nearest.outside.any()
    posterior = np.sort(mixture.predict_proba(points), axis=1)
    log_odds = (nearest.runner_up_distance**2 - nearest.distance**2) / 2
    told_apart = posterior[:, -2] > 1e-12  # below, scikit-learn's probability underflows
    expected = np.log(posterior[told_apart, -1] / posterior[told_apart, -2])
    assert log_odds[told_apart] == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_distances_are_those_of_numpy_in_plain_words() -> None:
    """√(Mahalanobis² + 2 (highest peak − this peak)), by an inverse and a determinant."""
    points = sample(50)
    mixture, assigner = fitted(points)
    squared = assigner.squared_distances(np.ascontiguousarray(points.T))
    peaks = np.log(mixture.weights_) - np.log(np.linalg.det(mixture.covariances_)) / 2
    for component in range(3):
        gap = points - mixture.means_[component]
        inverse = np.linalg.inv(mixture.covariances_[component])
        expected = np.einsum("ni,ij,nj->n", gap, inverse, gap) + 2 * (peaks.max() - peaks[component])
        assert squared[component] == pytest.approx(expected, rel=1e-8)
    assert (squared >= 0).all()


@pytest.mark.parametrize("customers", [1, 2, 1023, 1025, 3000])
def test_a_customer_gets_the_same_bits_alone_and_in_a_batch_of_any_size(customers: int) -> None:
    _, assigner = fitted(sample())
    points = np.ascontiguousarray(sample(customers, seed=9).T)
    batch = assigner.nearest(points)
    for position in {0, customers // 2, customers - 1}:
        alone = assigner.nearest(np.ascontiguousarray(points[:, [position]]))
        assert (alone.segment[0], alone.runner_up[0]) == (batch.segment[position], batch.runner_up[position])
        assert alone.distance[0] == batch.distance[position]
        assert alone.runner_up_distance[0] == batch.runner_up_distance[position]


def test_strength_is_0_on_the_border_and_grows_towards_a_mean() -> None:
    means = np.array([[-2.0, 0.0], [2.0, 0.0]])
    assigner = GaussianMixture(means, np.stack([np.eye(2)] * 2), np.zeros(2))
    path = np.array([[0.0, -0.5, -1.0, -1.5, -2.0], [0.0] * 5])
    strength = assigner.nearest(path).strength
    assert strength[0] == 0.0
    assert (np.diff(strength) > 0).all()
    assert strength[-1] == 1.0


def test_one_component_has_no_runner_up() -> None:
    assigner = GaussianMixture(np.zeros((1, 2)), np.eye(2)[None], np.zeros(1))
    nearest = assigner.nearest(np.array([[3.0, 0.0], [4.0, 0.0]]))
    assert nearest.segment.tolist() == [0, 0]
    assert nearest.runner_up.tolist() == [-1, -1]
    assert nearest.distance.tolist() == [5.0, 0.0]
    assert nearest.strength.tolist() == [1.0, 1.0]


def test_its_arrays_come_back_and_those_that_do_not_fit_are_refused() -> None:
    _, assigner = fitted(sample())
    again = GaussianMixture.from_arrays(assigner.arrays())
    points = np.ascontiguousarray(sample(20).T)
    assert np.array_equal(again.squared_distances(points), assigner.squared_distances(points))
    for name in assigner.arrays():
        with pytest.raises(ValueError, match="do not fit each other"):
            GaussianMixture.from_arrays({**assigner.arrays(), name: assigner.arrays()[name][:2]})
