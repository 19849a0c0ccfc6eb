"""Where groups are of unequal spread, a mixture that starts at them puts each customer into the group of its shape."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from experiments.generated_tables.planted_groups import CustomerTable, customer_table
from segments import Column, Kind
from tests.training.kept_share import kept_share
from training.candidates.gaussian_mixture_settings import GaussianMixtureSettings
from training.candidates.hdbscan_settings import HdbscanSettings
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import Discovery, discover
from training.evaluation.verdict import VerdictKind
from training.settings import DiscoverySettings

KMEANS, MIXTURE = KMeansSettings(segments=(2, 4)), GaussianMixtureSettings(segments=(3, 4))  # two only by a start
BOTH = DiscoverySettings(algorithms=(KMEANS, MIXTURE))


def two_groups(wide: float, narrow: float, seed: int = 3, customers: int = 900) -> CustomerTable:
    """Two round groups, ten apart in each of three columns, the first of them with two thirds of the customers."""
    generator = np.random.default_rng(seed)
    truth = np.sort(generator.choice(2, customers, p=[2 / 3, 1 / 3]))
    points = truth[:, None] * 10.0 + generator.normal(size=(customers, 3)) * np.array([wide, narrow])[truth][:, None]
    columns = tuple(Column(f"column_{number}", Kind.NUMBER) for number in range(3))
    return customer_table("", pd.DataFrame(points, columns=[column.name for column in columns]), columns, truth)


def discovery_of(table: CustomerTable, settings: DiscoverySettings) -> Discovery:
    return discover(table.frame, table.contract, settings, {})


def test_the_tail_of_a_wide_group_stays_with_it() -> None:
    table = two_groups(wide=4.5, narrow=0.7)
    by_centres = discovery_of(table, DiscoverySettings(algorithms=(KMEANS,)))
    by_shapes = discovery_of(table, BOTH)
    assert by_centres.verdict.kind is by_shapes.verdict.kind is VerdictKind.DISTINCT
    assert by_centres.chosen.spec.algorithm == "kmeans"
    assert adjusted_rand_score(table.truth, by_centres.labels) < 0.91
    assert adjusted_rand_score(table.truth, by_shapes.labels) > 0.98
    assert "by the shapes of the groups" in by_shapes.choice.reason
    parameters = by_shapes.model.provenance["parameters"]
    assert by_shapes.model.provenance["algorithm"] == "gaussian_mixture"
    start = {"started_at": "kmeans", "start_segments": 2, "start_starts": 10}
    assert parameters == {"covariance": "spherical", **start}


def test_groups_of_equal_spread_keep_their_centroids() -> None:
    discovery = discovery_of(two_groups(wide=1.0, narrow=1.0), BOTH)
    assert discovery.chosen.spec.algorithm == "kmeans"
    assert discovery.candidates[-1].spec.parameters["started_at"] == "kmeans"
    assert discovery.choice.remarks[-1].endswith("it would move nobody")
    assert len(discovery.choice.remarks) == len(discovery.candidates)


def test_the_mixture_goes_on_in_a_retrain() -> None:
    table = two_groups(wide=4.5, narrow=0.7)
    champion = discovery_of(table, BOTH).model
    shuffled = table.frame.sample(frac=1.0, random_state=5)
    retrained = discover(shuffled, table.contract, BOTH, {}, incumbent=champion)
    assert retrained.chosen.spec.name.startswith("the champion's segments (Gaussian mixture")
    before = champion.assign_records(shuffled).nearest
    assert kept_share(retrained.labels, before) == 1.0


@pytest.mark.parametrize(
    "algorithms", [(KMEANS,), (MIXTURE,), (HdbscanSettings(), MIXTURE.model_copy(update={"covariances": ("full",)}))]
)
def test_a_retrain_whose_settings_no_longer_ask_for_it_finds_new_segments(
    algorithms: tuple[KMeansSettings | GaussianMixtureSettings | HdbscanSettings, ...],
) -> None:
    table = two_groups(wide=4.5, narrow=0.7)
    champion = discovery_of(table, BOTH).model
    assert champion.provenance["parameters"]["covariance"] == "spherical"
    retrained = discover(table.frame, table.contract, DiscoverySettings(algorithms=algorithms), {}, incumbent=champion)
    assert not any(each.spec.name.startswith("the champion's") for each in retrained.candidates)
