"""What discovery with default settings makes of groups that no gap parts: overlapping, bent, or many of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from experiments.generated_tables.continua import banana, cohort
from experiments.generated_tables.planted_groups import CustomerTable, customer_table
from segment_model.contract import Column, Kind
from segment_model.encoding.encoder import Floats, Indices
from training.candidates.hdbscan_settings import HdbscanSettings
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import Discovery, discover
from training.evaluation.verdict import VerdictKind
from training.settings import DiscoverySettings


def table_of(points: Floats, truth: Indices) -> CustomerTable:
    names = [f"column_{number}" for number in range(points.shape[1])]
    frame = pd.DataFrame(points, columns=names)
    return customer_table("", frame, tuple(Column(name, Kind.NUMBER) for name in names), truth)


def discovery_of(table: CustomerTable, settings: DiscoverySettings | None = None) -> Discovery:
    return discover(table.frame, table.contract, settings or DiscoverySettings(), {})


def narrow_in_wide() -> CustomerTable:
    """A narrow group on the flank of a wide one: one peak of density, and no valley between the two."""
    generator = np.random.default_rng(0)
    truth = (np.arange(1500) % 2).astype(np.intp)
    wide, narrow = 2.0 * generator.normal(size=(1500, 2)), 2.6 + 0.3 * generator.normal(size=(1500, 2))
    return table_of(np.where(truth[:, None] == 1, narrow, wide), truth)


def test_overlapping_groups_of_unequal_spread_are_found() -> None:
    table = narrow_in_wide()
    discovery = discovery_of(table)
    assert discovery.chosen.spec.algorithm == "gaussian_mixture"
    assert adjusted_rand_score(table.truth, discovery.labels) > 0.8
    assert discovery.verdict.kind is VerdictKind.SLICES  # no gap parts them, and the verdict says so
    assert discovery.judgement.confusion <= 0.05


def test_one_bent_or_skewed_group_is_not_taken_for_several_that_overlap() -> None:
    for table in (banana(3), cohort(3)):
        discovery = discovery_of(table)
        assert discovery.chosen.spec.algorithm != "gaussian_mixture"
        mixture = next(each for each in discovery.candidates if each.spec.algorithm == "gaussian_mixture")
        assert mixture.judgement is not None
        assert mixture.judgement.confusion > 0.05  # though BIC wants several components


@pytest.mark.parametrize("places", [[[1, 5], [2, 9], [7, 1]], [[1, 5], [2, 9], [7, 1], [9, 30]]])
def test_customers_at_a_few_places_are_as_many_segments(places: list[list[float]]) -> None:
    """Blurred, the nearest places are one component; the customers of each place are all the same."""
    truth = np.repeat(np.arange(len(places), dtype=np.intp), 100)
    discovery = discovery_of(table_of(np.array(places, dtype=np.float64)[truth], truth))
    assert adjusted_rand_score(truth, discovery.labels) == 1


def test_kmeans_climbs_while_more_segments_are_better_separated() -> None:
    generator = np.random.default_rng(1)
    places = np.array([(number % 5, number // 5) for number in range(20)]) + generator.uniform(-0.18, 0.18, (20, 2))
    truth = (np.arange(1200) % 20).astype(np.intp)
    table = table_of(places[truth] + 0.15 * generator.normal(size=(1200, 2)), truth)
    settings = DiscoverySettings(algorithms=(KMeansSettings(), HdbscanSettings()))
    discovery = discovery_of(table, settings)
    counts = [each.spec.parameters.get("segments") for each in discovery.candidates[22:]]
    assert 21 in counts  # beyond the 20 that are better separated
    assert len(discovery.model.ids) == 20
    assert adjusted_rand_score(table.truth, discovery.labels) > 0.97
