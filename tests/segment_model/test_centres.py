"""The middle of each segment's customers: the means, or where a model keeps no means, the typical customer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from segment_model.centres import typical_points
from segments import Column, Kind, SegmentModel, VectorContract
from serving.model.segment_plane import SegmentPlane
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import Discovery, discover
from training.settings import DiscoverySettings


def three_long_groups() -> pd.DataFrame:
    """Side by side and shifted along: what parts them is a tenth as wide as they are long."""
    generator = np.random.default_rng(0)
    group = np.repeat([0, 1, 2], [400, 350, 250])
    along = generator.normal(0, 3, 1000) + np.array([0, 20, 10])[group]
    across = generator.normal(0, 0.3, 1000) + 2 * group
    index = pd.Index([f"C{number}" for number in range(1000)], dtype="str")
    return pd.DataFrame({"a": along + across, "b": along - across}, index)


def discovered(frame: pd.DataFrame) -> Discovery:
    contract = VectorContract((Column("a", Kind.NUMBER), Column("b", Kind.NUMBER)))
    return discover(frame, contract, DiscoverySettings(algorithms=(KMeansSettings(segments=3),)), {})


@pytest.fixture(scope="module")
def correlated() -> Discovery:
    discovery = discovered(three_long_groups())
    assert discovery.chosen.spec.name == "KMeans allowing for correlation, 3 segments"
    return discovery


def deviations(place: Any, of: Any) -> float:
    """How far from the mean of (n, 2) places, in standard deviations in that direction (Mahalanobis)."""
    gap = place - of.mean(axis=0)
    return float(np.sqrt(gap @ np.linalg.solve(np.cov(of.T), gap)))


def test_of_plain_kmeans_the_means_of_the_customers() -> None:
    generator = np.random.default_rng(1)
    places = np.repeat([[0.0, 0.0], [9.0, 0.0], [0.0, 9.0]], 100, axis=0) + generator.normal(size=(300, 2))
    discovery = discovered(pd.DataFrame(places, [f"C{number}" for number in range(300)], ["a", "b"]))
    assert discovery.chosen.spec.name == "KMeans, 3 segments"
    means = [discovery.points[discovery.labels == position].mean(axis=0) for position in range(3)]
    assert discovery.model.centres == pytest.approx(np.array(means))


def test_of_hdbscan_the_means_of_the_exemplars(hdbscan_model: SegmentModel) -> None:
    arrays = hdbscan_model.assigner.arrays()
    for position, centre in enumerate(hdbscan_model.centres):
        own = arrays["exemplars"][arrays["owner"] == position]
        assert centre == pytest.approx(own.sum(axis=0) / len(own))


def test_of_sites_the_typical_customers_who_lie_among_their_own(correlated: Discovery) -> None:
    """Two of the sites do not: they only give the right borders."""
    model, points, labels = correlated.model, correlated.points, correlated.labels
    sites, centres = model.assigner.arrays()["centroids"], model.centres
    far = [deviations(sites[position], points[labels == position]) for position in range(3)]
    near = [deviations(centres[position], points[labels == position]) for position in range(3)]
    assert sorted(far)[1] > 3
    assert max(near) < 0.5
    assert model.assigner.nearest(np.ascontiguousarray(centres.T)).segment.tolist() == [0, 1, 2]


def test_on_the_map_each_segment_stands_among_its_own_customers(correlated: Discovery) -> None:
    drawn = SegmentPlane.of(correlated.model)
    customers = drawn.place(np.ascontiguousarray(correlated.points.T))
    for position, place in enumerate(drawn.places):
        own = customers[correlated.labels == position]
        assert deviations(place, own) < 0.5
        low, high = np.quantile(own, [0.25, 0.75], axis=0)
        assert np.all((low < place) & (place < high)), "in the middle half, from left to right and from top to bottom"


def test_a_typical_customer_is_the_cards_medians_encoded(model: SegmentModel) -> None:
    records = [{column.name: card.medians[column.name] for column in model.contract.basis} for card in model.cards]
    expected = model.encoder.encode(model.scorer.reader.records(records)).T
    assert np.array_equal(typical_points(model.encoder, model.discovered_cards), expected)


def test_what_a_card_does_not_tell_counts_as_missing(kmeans_model: SegmentModel) -> None:
    """Sensitive columns are on no card."""
    silent = replace(
        kmeans_model, discovered_cards=tuple(replace(card, medians={}) for card in kmeans_model.discovered_cards)
    )
    encoder = kmeans_model.encoder
    fill = encoder.numbers.encode(encoder.numbers.fill[:, None])[:, 0]
    for point in typical_points(silent.encoder, silent.discovered_cards):
        assert np.array_equal(point[: len(fill)], fill)
        assert not point[len(fill) :].any(), "nobody lacked a plan, so that there is no level for it"
