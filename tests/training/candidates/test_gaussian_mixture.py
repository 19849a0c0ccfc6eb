"""Gaussian mixtures recover correlated groups of unequal spread, choose by BIC, and refuse degenerate components."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score
from sklearn.mixture import GaussianMixture as FittedMixture

from experiments.generated_tables.planted_groups import customer_table
from segment_model.encoding.encoder import Floats, Indices
from segment_model.errors import DiscoveryError
from segments import Column, Kind, SegmentModel
from tests.training.kept_share import kept_share
from training.candidates.candidate import NoSegmentsError
from training.candidates.gaussian_mixture import GaussianMixtureSpec, most_confused
from training.candidates.gaussian_mixture_settings import GaussianMixtureSettings
from training.candidates.kmeans import KMeansSpec
from training.discovery.discovery import Discovery, discover
from training.evaluation.null_reference import null_silhouettes
from training.evaluation.verdict import VerdictKind
from training.fitting.mixture_covariance import SKLEARN_NAMES, Covariance
from training.settings import DiscoverySettings

EVERY: tuple[Covariance, ...] = ("full", "tied", "diagonal", "spherical")
MIXTURE = DiscoverySettings(algorithms=(GaussianMixtureSettings(segments=(2, 5)),))


def correlated_groups(customers: int = 900, seed: int = 0) -> tuple[Floats, Indices]:
    """Three groups: a long one, a wide one across it, and a small dense one at the end of the long one."""
    generator = np.random.default_rng(seed)
    truth = generator.choice(3, customers, p=[0.5, 0.35, 0.15])
    centres = np.array([[0.0, 0.0], [3.0, 3.0], [-3.0, 4.0]])
    mixing = np.array([[[2.0, 0.0], [1.9, 0.3]], [[1.0, 0.0], [-0.9, 0.4]], [[0.3, 0.0], [0.0, 0.3]]])
    centres[1] += [3.0, -3.0]
    points: Floats = centres[truth] + np.einsum("nij,nj->ni", mixing[truth], generator.normal(size=(customers, 2)))
    return points, truth


def spec(
    segments: tuple[int, ...] = (2, 3, 4), covariances: tuple[Covariance, ...] = EVERY, width: int = 2
) -> GaussianMixtureSpec:
    return GaussianMixtureSpec(segments, covariances, 2, (0.0,) * width)


def discovery_of(points: Floats, truth: Indices, incumbent: SegmentModel | None = None, **change: Any) -> Discovery:
    names = [f"column_{number}" for number in range(points.shape[1])]
    columns = tuple(Column(name, Kind.NUMBER) for name in names)
    table = customer_table("", pd.DataFrame(dict(zip(names, points.T, strict=True))), columns, truth)
    settings = MIXTURE.model_copy(update=change)
    return discover(table.frame, table.contract, settings, {}, incumbent=incumbent)


def test_correlated_groups_of_unequal_spread_are_recovered_where_kmeans_cuts_them() -> None:
    points, truth = correlated_groups()
    discovery = discovery_of(points, truth)
    assert adjusted_rand_score(truth, discovery.labels) > 0.97
    assert adjusted_rand_score(truth, KMeansSpec(3, 5).fit(points, 0).labels) < 0.8
    provenance = discovery.model.provenance
    assert provenance["algorithm"] == "gaussian_mixture"
    assert provenance["parameters"] == {"segments": 3, "covariance": "full", "starts": 3}
    assert discovery.chosen.spec.name == "Gaussian mixture, 3 components, full covariance"
    assert discovery.verdict.kind is not VerdictKind.NOTHING
    assert discovery.model.assigner.size == 3


def test_the_assigner_agrees_with_the_fit_and_the_largest_segment_comes_first() -> None:
    points, _ = correlated_groups()
    fit = spec().fit(points, 0)
    assert np.array_equal(fit.assigner.nearest(np.ascontiguousarray(points.T)).segment, fit.labels)
    assert sorted(np.bincount(fit.labels), reverse=True) == np.bincount(fit.labels).tolist()


@pytest.mark.parametrize("covariance", EVERY)
def test_the_posterior_is_scikit_learns(covariance: Covariance) -> None:
    points, _ = correlated_groups()
    fit = spec((3,), (covariance,)).fit(points, 0)
    peer = FittedMixture(3, covariance_type=SKLEARN_NAMES[covariance], n_init=2, max_iter=300, random_state=0).fit(
        points
    )
    near = fit.assigner.nearest(np.ascontiguousarray(points.T))
    ours = 1 / (1 + np.exp((near.distance**2 - near.runner_up_distance**2) / 2))  # of the two nearest components
    theirs = np.sort(peer.predict_proba(points), axis=1)[:, ::-1]
    assert ours == pytest.approx(theirs[:, 0] / theirs[:, :2].sum(axis=1), abs=1e-3)


@pytest.mark.parametrize("covariance", EVERY)
def test_bic_chooses_the_covariance_that_generated_the_customers(covariance: Covariance) -> None:
    generator = np.random.default_rng(4)
    truth = np.repeat([0, 1], 400)
    correlated = np.array([[1.0, 0.0], [0.9, 0.4]])
    mixing = {
        "full": [correlated, np.array([[1.0, 0.0], [-0.9, 0.4]])],
        "tied": [correlated, correlated],
        "diagonal": [np.diag([1.0, 0.2]), np.diag([0.3, 1.0])],
        "spherical": [0.5 * np.eye(2), 0.3 * np.eye(2)],
    }[covariance]
    spread = np.einsum("nij,nj->ni", np.array(mixing)[truth], generator.normal(size=(800, 2)))
    points = np.array([[0.0, 0.0], [6.0, 6.0]])[truth] + spread
    fit = spec().fit(points, 0)
    assert fit.chosen is not None
    assert fit.chosen.parameters == {"segments": 2, "covariance": covariance, "starts": 2}
    assert adjusted_rand_score(truth, fit.labels) > 0.99


def test_confusion_is_the_share_of_a_component_that_another_one_takes_in() -> None:
    certain = np.eye(3)[[0, 1, 2, 2]]
    assert most_confused(certain) == 0
    by_hand = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])  # of 1.3 customers of the second, 0.5 go to the first
    assert most_confused(by_hand) == pytest.approx(0.5 / 1.3)
    assert most_confused(np.ones((5, 1))) == 0


@pytest.mark.parametrize(("apart", "share"), [(2.0, 0.1587), (3.0, 0.0668), (4.0, 0.0228)])
def test_confusion_of_two_equal_groups_is_the_tail_beyond_the_middle(apart: float, share: float) -> None:
    """Table of the normal distribution: the tail beyond half the distance, in standard deviations."""
    truth = np.arange(20_000) % 2
    points = np.random.default_rng(3).normal(size=(20_000, 2))
    points[:, 0] += apart * truth
    assert spec((2,), ("spherical",)).fit(points, 0).confusion == pytest.approx(share, abs=0.006)


def test_the_same_customers_and_seed_give_the_same_bits() -> None:
    points, _ = correlated_groups()
    first, second = (GaussianMixtureSpec((2, 3), EVERY, 2, (0.1, 0.0)).fit(points, 3) for _ in range(2))
    for name, array in first.assigner.arrays().items():
        assert array.tobytes() == second.assigner.arrays()[name].tobytes()
    assert first.facts == second.facts


def test_a_refit_keeps_what_bic_chose() -> None:
    points, _ = correlated_groups()
    chosen = spec().fit(points, 0).chosen
    assert isinstance(chosen, GaussianMixtureSpec)
    assert chosen.for_share(0.5) == chosen
    assert np.all(null_silhouettes(chosen, points, 0) < 0.6)


def test_a_retrain_on_the_same_customers_keeps_their_segments() -> None:
    points, truth = correlated_groups()
    first = discovery_of(points, truth)
    again = discovery_of(points, truth, incumbent=first.model, seed=1)
    assert kept_share(again.labels, first.labels) > 0.99


@pytest.mark.parametrize(
    ("points", "segments", "reason"),
    [
        (np.ones((50, 2)), (2,), "all customers are the same"),
        (np.arange(6.0).reshape(3, 2), (4, 5), "fewer than 4 different customers"),
        (
            np.random.default_rng(0).normal(size=(6, 2)),
            (2, 3),
            "full covariance: the smallest component has",
        ),
        (np.repeat([[0.0, 0.0], [1.0, 1.0]], 25, axis=0), (2,), "the covariance of a component collapses"),
    ],
    ids=["identical rows", "more components than rows", "few rows", "two points"],
)
def test_degenerate_customers_are_refused_with_the_reason(
    points: Floats, segments: tuple[int, ...], reason: str
) -> None:
    with pytest.raises(NoSegmentsError, match=reason):
        spec(segments).fit(points, 0)


def test_a_component_that_collapses_is_refused_and_another_mixture_chosen() -> None:
    """Forty customers with one value of a column would be a component of endless likelihood."""
    points, truth = correlated_groups()
    same = np.vstack([points, np.column_stack([np.full(40, 15.0), np.random.default_rng(1).normal(size=40)])])
    with pytest.raises(NoSegmentsError, match="full covariance: the covariance of a component collapses"):
        spec((4,), ("full",)).fit(same, 0)
    fit = spec((3, 4), ("full", "spherical")).fit(same, 0)
    assert fit.facts["degenerate_mixtures"] >= 1
    blurred = replace(spec((4,), ("full",)), tie_variance=(0.5, 0.0)).fit(same, 0)  # as `tie_blurring` measures them
    assert adjusted_rand_score([*truth, *[3] * 40], blurred.labels) > 0.95


def test_one_column_and_a_constant_one() -> None:
    generator = np.random.default_rng(2)
    truth = np.repeat([0, 1], [400, 200])
    column = np.concatenate([generator.normal(0, 1, 400), generator.normal(9, 0.5, 200)])
    alone = spec(width=1).fit(column[:, None], 0)
    assert adjusted_rand_score(truth, alone.labels) == 1.0
    constant = np.column_stack([column, np.full(600, 7.0)])
    beside = spec().fit(constant, 0)
    assert adjusted_rand_score(truth, beside.labels) == 1.0
    elsewhere = constant + np.array([0.0, 1000.0])  # a constant column says nothing, whatever value comes later
    expected = beside.assigner.nearest(np.ascontiguousarray(constant.T))
    answers = beside.assigner.nearest(np.ascontiguousarray(elsewhere.T))
    assert np.array_equal(answers.segment, expected.segment)
    assert np.array_equal(answers.distance, expected.distance)
    assert adjusted_rand_score(truth, discovery_of(constant, truth).labels) == 1.0


def test_more_components_than_customers_and_the_reason_reach_the_user() -> None:
    points, truth = correlated_groups(30)
    algorithms = (GaussianMixtureSettings(segments=40),)
    with pytest.raises(DiscoveryError, match="refused: fewer than 40 different customers"):
        discovery_of(points, truth, algorithms=algorithms, max_segments=50)
