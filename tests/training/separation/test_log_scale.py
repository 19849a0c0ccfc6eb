"""A gap must show on the logarithmic scale of numbers that are never negative, too."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from experiments.generated_tables.continua import cohort
from segment_model.contract import Column, Kind, VectorContract
from segment_model.encoding.encoder import Encoder
from training.discovery.discovery import discover
from training.encoding import EncodedCustomers, fit_encoding
from training.evaluation.verdict import VerdictKind
from training.separation.log_scale import on_log_scale
from training.settings import DiscoverySettings, EncodingSettings


def encoded(values: NDArray[np.float64], transform: str) -> tuple[NDArray[np.float64], Encoder]:
    frame = pd.DataFrame({"amount": values}, index=[f"customer {number}" for number in range(len(values))])
    contract = VectorContract((Column("amount", Kind.NUMBER),))
    settings = EncodingSettings.model_validate({"transform": transform, "clip_share": 0.0})
    encoder = fit_encoding(frame, contract, settings, {}).encoder
    return EncodedCustomers.encode(frame, contract, encoder).points, encoder


def test_the_log_scale_is_a_linear_map_of_the_logarithms() -> None:
    values = np.random.default_rng(0).lognormal(3, 1, 300)
    points, encoder = encoded(values, "none")
    scaled = on_log_scale(points, encoder)
    assert scaled is not None
    assert np.corrcoef(scaled[:, 0], np.log1p(values))[0, 1] == pytest.approx(1)
    assert scaled[:, 0].std() == pytest.approx(points[:, 0].std())


@pytest.mark.parametrize(
    ("values", "transform"),
    [
        (np.random.default_rng(1).normal(size=200), "none"),  # negative numbers have no logarithm
        (np.random.default_rng(1).random(200), "none"),  # up to 1, log1p is nearly straight
        (np.random.default_rng(1).lognormal(3, 1, 200), "log1p"),
        (np.random.default_rng(1).lognormal(3, 1, 200), "quantile"),  # ranks do not depend on the scale
        (np.tile([5.0, 6.0], 100), "none"),
    ],
)
def test_nothing_changes_where_the_scale_does_not_matter(values: NDArray[np.float64], transform: str) -> None:
    assert on_log_scale(*encoded(values, transform)) is None


@pytest.mark.parametrize("seed", range(3))
def test_one_cohort_of_shoppers_is_no_distinct_groups(seed: int) -> None:
    table = cohort(seed)
    discovery = discover(table.frame, table.contract, DiscoverySettings(), {})
    assert discovery.verdict.kind is not VerdictKind.DISTINCT
