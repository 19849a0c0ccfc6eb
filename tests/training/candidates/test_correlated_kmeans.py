"""KMeans that allows for correlation cuts along the gap, and plain nearest centroids serve its segments."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from experiments.generated_tables.planted_groups import customer_table
from segment_model.assigners.nearest_centroid import NearestCentroid
from segments import Column, Kind
from tests.training.kept_share import kept_share
from training.candidates.candidate import NoSegmentsError
from training.candidates.correlated_kmeans import CorrelatedKMeansSpec
from training.candidates.kmeans import KMeansSpec
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import discover
from training.evaluation.verdict import VerdictKind
from training.fitting.result_cache import ResultCache
from training.fitting.voronoi_sites import voronoi_sites
from training.settings import DiscoverySettings


def two_long_groups(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Side by side, each far longer than the way between them, which runs across both columns."""
    generator = np.random.default_rng(seed)
    truth = np.repeat([0, 1], [400, 600])
    along, across = generator.normal(0, 3, 1000), generator.normal(0, 0.3, 1000) + 2 * truth
    return np.column_stack([along + across, along - across]), truth


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(0, 4))
def test_the_nearest_site_is_that_of_the_nearest_mean_in_the_turned_space(seed: int, width: int, more: int) -> None:
    generator = np.random.default_rng(seed)
    count = min(2 + more, width + 1)
    means, turn = generator.normal(size=(count, width)), generator.normal(size=(width, width)) + 3 * np.eye(width)
    points = generator.normal(size=(200, width))

    def squared(places: np.ndarray, others: np.ndarray) -> np.ndarray:
        distances: np.ndarray = ((places[:, None] - others[None]) ** 2).sum(axis=2)
        return distances

    turned, plain = squared(points @ turn, means @ turn), squared(points, voronoi_sites(means, turn))
    differences, expected = plain - plain[:, :1], turned - turned[:, :1]
    scale = np.sum(differences * expected) / np.sum(expected**2)
    assert differences == pytest.approx(scale * expected, abs=1e-6 * np.abs(differences).max())


def test_sites_in_the_plain_space_are_the_means_themselves() -> None:
    means = np.random.default_rng(1).normal(size=(4, 6))
    assert voronoi_sites(means, np.eye(6)) == pytest.approx(means)


def test_centres_estimated_from_the_segments_have_their_borders() -> None:
    points, _ = two_long_groups()
    spec = CorrelatedKMeansSpec(2, 5, (0.0, 0.0))
    fit = spec.fit(points, 0)
    labels = np.append(fit.labels[:-1], -1)
    centres = spec.centres_of(points, labels)
    assert centres is not None
    again = NearestCentroid(centres).nearest(np.ascontiguousarray(points.T)).segment
    assert kept_share(again, fit.labels) > 0.99
    assert spec.centres_of(points, np.zeros(len(points), dtype=np.intp)) is None  # a segment has no customer


def test_long_groups_are_parted_along_the_gap() -> None:
    points, truth = two_long_groups()
    plain, correlated = KMeansSpec(2, 5).fit(points, 0), CorrelatedKMeansSpec(2, 5, (0.0, 0.0)).fit(points, 0)
    assert adjusted_rand_score(truth, plain.labels) < 0.1
    assert adjusted_rand_score(truth, correlated.labels) > 0.97
    answers = correlated.assigner.nearest(np.ascontiguousarray(points.T)).segment
    assert np.array_equal(answers, correlated.labels)


def test_a_discovery_prefers_them_where_a_gap_parts_them() -> None:
    points, truth = two_long_groups()
    columns = (Column("a", Kind.NUMBER), Column("b", Kind.NUMBER))
    table = customer_table("", pd.DataFrame({"a": points[:, 0], "b": points[:, 1]}), columns, truth)
    discovery = discover(table.frame, table.contract, DiscoverySettings(algorithms=(KMeansSettings(segments=2),)), {})
    assert discovery.verdict.kind is VerdictKind.DISTINCT
    assert discovery.chosen.spec.name == "KMeans allowing for correlation, 2 segments"
    assert adjusted_rand_score(truth, discovery.labels) > 0.97


def test_without_a_gap_plain_kmeans_makes_the_slices() -> None:
    generator = np.random.default_rng(2)
    values = generator.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], 600)
    columns = (Column("a", Kind.NUMBER), Column("b", Kind.NUMBER))
    frame = pd.DataFrame({"a": values[:, 0], "b": values[:, 1]})
    table = customer_table("", frame, columns, np.zeros(600, dtype=np.intp))
    discovery = discover(table.frame, table.contract, DiscoverySettings(algorithms=(KMeansSettings(segments=2),)), {})
    assert discovery.chosen.spec.name == "KMeans, 2 segments"
    assert "refused: too few gaps between its segments" in discovery.choice.remarks


def test_a_column_of_two_values_does_not_decide_where_its_blur_is_known() -> None:
    generator = np.random.default_rng(3)
    truth = np.repeat([0, 1], 300)
    points = np.column_stack([generator.integers(0, 2, 600) * 2.0, generator.normal(size=600) + 6 * truth])
    fit = CorrelatedKMeansSpec(2, 5, (1.0, 0.0)).fit(points, 0)
    assert adjusted_rand_score(truth, fit.labels) > 0.97


def test_degenerate_customers_have_no_such_segments() -> None:
    spec = CorrelatedKMeansSpec(3, 2, (0.0, 0.0))
    for points in (np.zeros((50, 2)), np.repeat([[0.0, 0.0], [1.0, 1.0]], 20, axis=0)):
        with pytest.raises(NoSegmentsError, match="fewer than 3 different customers"):
            spec.fit(points, 0)
    one_line = np.column_stack([np.arange(60.0), np.zeros(60)])
    try:
        fit = spec.fit(one_line, 0)
    except NoSegmentsError:
        return
    assert np.isfinite(fit.assigner.nearest(np.ascontiguousarray(one_line.T)).distance).all()


def test_memory_computes_once_and_forgets_the_oldest() -> None:
    calls = []

    def doubled(values: np.ndarray, times: int) -> np.ndarray:
        calls.append(times)
        return times * values

    cache = ResultCache()
    cached = cache.cache(doubled)
    first = cached(np.ones(3), 2)
    assert np.array_equal(cached(np.ones(3), 2), first)
    assert calls == [2]
    for times in range(3, 30):
        cached(np.ones(3), times)
    cached(np.zeros(3), 2)
    cached(np.ones(3), 2)
    assert calls == [*range(2, 30), 2, 2]
