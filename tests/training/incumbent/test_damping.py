"""A retrain keeps transforms unless there is a clear reason, and damping slows centres down."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.encoding.encoder import Transform
from segment_model.encoding.reader import CustomerReader
from segments import Column, Kind, SegmentModel
from training.encoding import choose_transform, fit_encoding
from training.incumbent.assignments import transforms_of
from training.incumbent.damping import MOST_AT_ONCE, MOST_DAMPING, carried_over, damped_centres
from training.incumbent.warm_start import (
    Partition,
    WarmStart,
    choose_partition,
    continuity,
    cost_of_moving,
    members_means,
    nearest_to,
)
from training.settings import EncodingSettings

NONE, LOG1P = Transform.NONE, Transform.LOG1P


def skewed(skewness: float) -> pd.Series[Any]:
    """A fair share of ones among zeros: skewness (1 - 2p) / √(p (1 - p))."""
    shares = np.linspace(0.001, 0.999, 999)
    share = shares[np.argmin(np.abs((1 - 2 * shares) / np.sqrt(shares * (1 - shares)) - skewness))]
    ones = round(1000 * float(share))
    return pd.Series(np.repeat([1.0, 0.0], [ones, 1000 - ones]))


@pytest.mark.parametrize(
    ("skewness", "before", "now"),
    [
        (1.2, None, LOG1P),
        (0.9, None, NONE),
        (0.6, LOG1P, LOG1P),  # what a first discovery would not take, a retrain does not leave
        (0.4, LOG1P, NONE),
        (1.8, NONE, NONE),
        (2.3, NONE, LOG1P),
        (1.2, Transform.QUANTILE, LOG1P),  # the settings asked for that one, and ask no more
    ],
)
def test_a_transform_is_left_for_a_clear_reason_only(skewness: float, before: Transform | None, now: Transform) -> None:
    column = Column("visits", Kind.NUMBER)
    assert choose_transform(skewed(skewness), column, EncodingSettings(), before) is now


def test_settings_and_impossible_logarithms_outweigh_what_was() -> None:
    column, values = Column("change", Kind.NUMBER), skewed(3.0)
    asked = EncodingSettings(transforms={"change": NONE})
    assert choose_transform(values, column, asked, LOG1P) is NONE
    assert choose_transform(values - 1, column, EncodingSettings(), LOG1P) is NONE  # below zero now


def test_carried_over_centres_are_the_same_customers_in_other_coordinates(
    planted: Any, kmeans_model: SegmentModel
) -> None:
    """A centre that lies on a customer is, carried over, that customer's point in the new encoding."""
    half = planted.frame.sort_values("monetary_value").iloc[:250]
    encoder = fit_encoding(half, planted.contract, EncodingSettings(), transforms_of(kmeans_model)).encoder
    middle = half.dropna(subset=list(kmeans_model.encoder.columns)).sort_values("frequency").iloc[80:84]
    raw = CustomerReader(kmeans_model.contract, kmeans_model.encoder).frame(middle)
    model = replace(kmeans_model, assigner=NearestCentroid(kmeans_model.encoder.encode(raw).T))
    expected = encoder.encode(CustomerReader(kmeans_model.contract, encoder).frame(middle)).T
    today = np.full_like(expected, 77.0)
    numbers = len(encoder.numbers.names)
    carried = carried_over(model, encoder, today)
    assert carried[:, :numbers] == pytest.approx(expected[:, :numbers])
    same = encoder.categories[0].level_names == kmeans_model.encoder.categories[0].level_names
    assert carried[:, numbers:] == pytest.approx(expected[:, numbers:] if same else today[:, numbers:])


def test_what_has_no_counterpart_is_todays(
    planted: Any, kmeans_model: SegmentModel, hdbscan_model: SegmentModel
) -> None:
    other = EncodingSettings(transforms={"recency_days": Transform.QUANTILE})
    encoder = fit_encoding(planted.frame, planted.contract, other).encoder
    today = np.full((4, encoder.width), 77.0)
    place = encoder.numbers.names.index("recency_days")
    carried = carried_over(kmeans_model, encoder, today)
    assert np.all(carried[:, place] == 77.0)
    assert not np.any(carried[:, place + 1 : len(encoder.numbers.names)] == 77.0)
    assert np.all(carried_over(hdbscan_model, encoder, today) == 77.0)  # it has no centres


def test_damping_puts_off_half_of_the_way_at_most() -> None:
    today, before = np.zeros((2, 3)), np.ones((2, 3))
    strengths = [float(centres[0, 0]) for centres in damped_centres(today, before)]
    assert strengths == sorted(strengths)
    assert 0 < strengths[0] < strengths[-1] == MOST_DAMPING


def test_moving_costs_more_beyond_what_may_go_at_once() -> None:
    assert cost_of_moving(0.0) == 0.0
    assert cost_of_moving(MOST_AT_ONCE) == pytest.approx(MOST_AT_ONCE)
    assert cost_of_moving(MOST_AT_ONCE + 0.1) == pytest.approx(MOST_AT_ONCE + 0.2)


def partition(points: Any, labels: Any) -> Partition:
    """Every point at the nearest mean of the segments of `labels`."""
    means = members_means(points, labels.astype(np.intp), int(labels.max()) + 1)
    assert means is not None
    return nearest_to(means, points)


def test_a_drift_is_slowed_and_still_goes_on() -> None:
    """A cloud cut at x = 0 has wandered to the right since; it might as well be cut along y."""
    points = np.random.default_rng(4).normal([0.35, 0.0], 1.0, (4000, 2))
    members = (points[:, 0] > 0).astype(np.intp)
    today, before = partition(points, members).centroids, np.array([[-1.0, 0.0], [1.0, 0.0]])
    along_y = partition(points, points[:, 1] > 0)

    def moved(chosen: Partition) -> float:
        return 1 - continuity(chosen.labels, members)

    assert moved(choose_partition(WarmStart(members, today), points, along_y)) > MOST_AT_ONCE
    chosen = choose_partition(WarmStart(members, today, before), points, along_y)
    assert moved(chosen) <= MOST_AT_ONCE
    gone = (chosen.centroids - before)[:, 0] / (today - before)[:, 0]
    assert np.all((gone >= 1 - MOST_DAMPING - 1e-9) & (gone < 1))  # a refit, not a freeze


def test_a_jump_that_pays_is_not_slowed() -> None:
    generator = np.random.default_rng(6)
    truth = generator.integers(0, 3, 900)
    points = np.array([[0, 0], [8, 0], [0, 8]])[truth] + generator.normal(0, 1, (900, 2))
    wrong = np.where(truth == 2, 1, 0)
    wrong[(truth == 0) & (points[:, 0] > 0)] = 2
    best, today = partition(points, truth), partition(points, wrong).centroids
    chosen = choose_partition(WarmStart(wrong.astype(np.intp), today, today), points, best)
    assert chosen.inertia == pytest.approx(best.inertia, rel=1e-3)
