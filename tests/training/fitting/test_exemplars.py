"""The exemplars that an HDBSCAN model keeps answer as all customers would, and as hdbscan itself does."""

from __future__ import annotations

import warnings
from typing import Any

import hdbscan
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segment_model.encoding.encoder import Floats
from training.candidates.candidate import NoSegmentsError
from training.candidates.hdbscan import HdbscanSpec, _births, core_distances
from training.evaluation.quality import assigned_labels
from training.fitting.exemplars import (
    MOST_SHARE,
    Clustered,
    approximate_predictions,
    best_reach,
    condense,
    members_as_probes,
)


def customers(size: int, seed: int) -> Floats:
    """A dense group, a wide one, a small curved one, and some anywhere."""
    generator = np.random.default_rng(seed)
    angle = generator.uniform(0, np.pi, size // 5)
    arc = np.column_stack([4 * np.cos(angle), 4 * np.sin(angle) + 4]) + generator.normal(0, 0.15, (size // 5, 2))
    anywhere = generator.uniform(-8, 10, (size // 10, 2))
    return np.vstack(
        [
            generator.normal((-4, -3), 0.3, (size // 2, 2)),
            generator.normal((4, -3), 0.9, (size // 5, 2)),
            arc,
            anywhere,
        ]
    )


def peer(points: Floats) -> Any:
    with warnings.catch_warnings():
        # hdbscan calls scikit-learn by names that are being renamed
        warnings.simplefilter("ignore", FutureWarning)
        return hdbscan.HDBSCAN(
            min_cluster_size=30, min_samples=10, algorithm="boruvka_kdtree", core_dist_n_jobs=1, prediction_data=True
        ).fit(points)


def test_predictions_are_hdbscans_approximate_predict() -> None:
    points = customers(1_000, 0)
    fitted = peer(points)
    clustered = Clustered(points, core_distances(points, 10), fitted.labels_.astype(np.intp), _births(fitted))
    asked = np.vstack([points, customers(1_000, 1), points + np.random.default_rng(2).normal(0, 0.5, points.shape)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        expected = hdbscan.approximate_predict(fitted, asked)[0]
    ours, witness = approximate_predictions(clustered, asked, 10)
    assert np.mean(ours == expected) >= 0.999  # equally near neighbours may come in another order
    joined = ours >= 0
    assert np.array_equal(fitted.labels_[witness[joined]], ours[joined])


def test_few_exemplars_answer_newcomers_as_hdbscan_does() -> None:
    points, newcomers = customers(2_000, 0), customers(2_000, 7)
    fitted = peer(points)
    fit = HdbscanSpec(30, 10).fit(points, seed=0)
    place = np.full(int(fitted.labels_.max()) + 2, -1)
    place[fitted.labels_] = fit.labels
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        expected = place[hdbscan.approximate_predict(fitted, newcomers)[0]]
    ours = assigned_labels(fit, newcomers)
    both = (ours >= 0) & (expected >= 0)
    assert np.mean(ours[both] == expected[both]) >= 0.995
    assert np.mean((ours >= 0) == (expected >= 0)) >= 0.97
    assert len(fit.assigner.arrays()["core"]) <= 0.25 * len(points)


def test_exemplars_are_customers_with_their_own_core_distance() -> None:
    points = customers(1_000, 0)
    fit = HdbscanSpec(30, 10).fit(points, seed=0)
    kept = fit.assigner.arrays()
    rows = [int(np.flatnonzero((points == exemplar).all(axis=1))[0]) for exemplar in kept["exemplars"]]
    assert len(set(rows)) == len(rows) <= MOST_SHARE * len(points)
    np.testing.assert_allclose(kept["core"], core_distances(points, 10)[rows])
    assert np.array_equal(kept["owner"], fit.labels[rows])


def test_the_same_customers_and_seed_give_the_same_exemplars() -> None:
    points = customers(600, 0)
    first, second = (HdbscanSpec(30, 10).fit(points, seed=3) for _ in range(2))
    for name, array in first.assigner.arrays().items():
        np.testing.assert_array_equal(array, second.assigner.arrays()[name])


def test_customers_who_are_many_times_the_same() -> None:
    """Three products bought by nearly everybody the same way: every core distance is 0, and so is every distance."""
    generator = np.random.default_rng(0)
    places = np.array([[0.0, 0.0], [1.0, 0.0], [5.0, 5.0]])[generator.integers(0, 3, 300)]
    points = np.vstack([places, generator.uniform(-1, 6, (20, 2))])
    fit = HdbscanSpec(15, 10).fit(points, seed=0)
    assert np.mean(assigned_labels(fit, points) == fit.labels) >= 0.99


@pytest.mark.parametrize("size", [1, 5, 29])
def test_fewer_customers_than_a_group_needs(size: int) -> None:
    with pytest.raises(NoSegmentsError, match="too few for groups of"):
        HdbscanSpec(30, 10).fit(customers(1_000, 0)[:size], seed=0)


def test_without_predictions_members_go_where_hdbscan_put_them() -> None:
    """As after UMAP, whose distances say nothing of births: probes are members, a segment reaches as far as they do."""
    points = customers(1_000, 0)
    labels = peer(points).labels_.astype(np.intp)
    clustered = Clustered(points, core_distances(points, 10), labels, np.zeros(labels.max() + 1))
    generator = np.random.default_rng(0)
    assigner = condense(clustered, members_as_probes(clustered, generator), generator)
    near = assigner.nearest(np.ascontiguousarray(points.T))
    assert np.mean(np.where(near.outside, -1, near.segment) == labels) >= 0.98
    assert np.all(np.isfinite(assigner.reach))
    assert assigner.nearest(np.full((2, 1), 100.0)).outside[0]


@given(st.lists(st.tuples(st.integers(1, 6).map(float), st.booleans()), min_size=1, max_size=12))
@settings(max_examples=200, deadline=None)
def test_no_other_limit_errs_less(probes: list[tuple[float, bool]]) -> None:
    distance = np.array([d for d, _ in probes])
    belongs = np.array([b for _, b in probes])
    limit = best_reach(distance, belongs, 1.5)

    def errors(at: float) -> int:
        return int(np.sum((distance <= at) != belongs))

    assert errors(limit) <= min(errors(at) for at in (0.0, *distance, 100.0))


def test_where_nobody_is_kept_out_the_limit_is_the_given_one_or_the_farthest_member() -> None:
    everybody = np.ones(2, dtype=np.bool_)
    assert best_reach(np.array([1.0, 2.0]), everybody, 5.0) == 5.0
    assert best_reach(np.array([1.0, 2.0]), everybody, 0.5) == 2.0
    assert best_reach(np.empty(0), np.empty(0, dtype=np.bool_), 0.5) == 0.5
