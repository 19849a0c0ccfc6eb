"""Discovery, told nothing, finds the planted segments; and they are neither hopeless nor a cartoon."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import cross_val_score
from sklearn.tree import DecisionTreeClassifier

from experiments.simulated_company.company import simulate, write_company
from experiments.simulated_company.planted_segments import PLANTED
from features.customer_vector import build_vectors
from features.vector_table import CustomerVectors
from training.discovery.discovery import discover
from training.settings import Settings, read_settings


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Path]:
    directory = tmp_path_factory.mktemp("company")
    write_company(simulate(2000, 1, datetime.date(2026, 7, 1)), directory)
    return read_settings(directory / "segments.yaml")[0], directory


@pytest.fixture(scope="module")
def vectors(settings: tuple[Settings, Path]) -> CustomerVectors:
    asked, directory = settings
    return build_vectors(asked.sources, asked.features, asked.as_of, directory)


@pytest.fixture(scope="module")
def truth(settings: tuple[Settings, Path], vectors: CustomerVectors) -> pd.Series:
    truth = pd.read_parquet(settings[1] / "truth.parquet").set_index("customer_id")["planted_segment"]
    assert set(truth.index) == set(vectors.frame.index)
    return truth.reindex(vectors.frame.index)


def test_discovery_recovers_the_planted_segments(
    settings: tuple[Settings, Path], vectors: CustomerVectors, truth: pd.Series
) -> None:
    discovery = discover(vectors.frame, vectors.contract, settings[0].discovery, {})
    assert len(discovery.model.cards) == len(PLANTED)
    assert adjusted_rand_score(truth, discovery.labels) >= 0.9
    agreement = {
        candidate.spec.name: adjusted_rand_score(truth, candidate.labels)
        for candidate in discovery.candidates
        if candidate.labels is not None
    }
    assert agreement[f"KMeans, {len(PLANTED)} segments"] >= 0.95
    assert agreement["KMeans, 2 segments"] < 0.5  # fewer segments are not as good an answer
    assert min(value for name, value in agreement.items() if name.startswith("HDBSCAN")) >= 0.9


def test_segments_part_in_combination_and_overlap_in_every_column(vectors: CustomerVectors, truth: pd.Series) -> None:
    """Error of a good classifier (an upper bound of Bayes' error) at most 2 %; of any one column at least 25 %."""
    points = vectors.frame[[column.name for column in vectors.contract.basis]].astype(float)
    points = points.fillna(points.median())
    together = cross_val_score(RandomForestClassifier(60, random_state=0), points, truth, cv=3)
    assert np.mean(together) >= 0.98
    for name in points.columns:
        alone = cross_val_score(
            DecisionTreeClassifier(min_samples_leaf=10, random_state=0), points[[name]], truth, cv=3
        )
        assert np.mean(alone) <= 0.75, name
