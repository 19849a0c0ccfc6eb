"""Out-of-sample R2 of segment means is what theory says, and each usual way of segmenting has as many segments."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from experiments.benchmarks.predictions import out_of_sample, segmentations
from experiments.everyday_tables.companies import pareto_nbd_shoppers
from training.candidates.kmeans_settings import KMeansSettings
from training.settings import DiscoverySettings

SHOPPERS = 1000


def test_segments_that_carry_the_outcome_predict_its_share_of_the_variance() -> None:
    """Two halves at 0 and 2 with unit noise: the means carry 1 of a variance of 2."""
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, 20_000)
    values = 2.0 * labels + generator.normal(size=len(labels))
    assert out_of_sample(labels, values) == pytest.approx(0.5, abs=0.02)
    assert out_of_sample(labels, 2.0 * labels) == pytest.approx(1.0)


def test_segments_of_chance_predict_less_than_the_mean_the_more_there_are() -> None:
    generator = np.random.default_rng(1)
    values = generator.normal(size=2000)
    few, many = (out_of_sample(generator.integers(0, count, len(values)), values) for count in (2, 200))
    assert many < few < 0.005
    assert many == pytest.approx(-200 / 1800, abs=0.05)  # of k means learned from n customers, k / n of the noise


def test_a_segment_of_one_customer_predicts_the_mean() -> None:
    values = np.arange(20.0)
    assert out_of_sample(np.arange(20), values) == pytest.approx(0.0)


def test_ways_of_segmenting_shoppers() -> None:
    shop = pareto_nbd_shoppers(SHOPPERS)
    settings = DiscoverySettings(algorithms=(KMeansSettings(segments=3),), force=True)
    made = segmentations(replace(shop.vectors_on(shop.as_of), settings=settings))
    counts = {way: len(np.unique(labels)) for way, labels in made.items()}
    assert all(labels.shape == (SHOPPERS,) and labels.min() >= 0 for labels in made.values())
    assert counts["fifths of RFM sum"] == counts["KMeans, 5 segments"] == 5
    assert counts["KMeans, 2 segments"] == 2
    assert 20 <= counts["RFM cells"] <= 125
    assert counts["ours"] == 3
    by_tier = np.bincount(made["fifths of RFM sum"]) / SHOPPERS
    assert by_tier.min() > 0.1
