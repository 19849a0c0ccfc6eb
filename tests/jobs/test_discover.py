"""A discovery is not lost to its pictures: one basis column is enough for all of them, and one that fails is named."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from analytics.record import AnalystRecord
from features.settings import EngineSettings
from jobs import discover
from jobs.conclusion import analyse, conclude
from jobs.customer_vectors import vectors_of
from jobs.discover import Outcome, run_discovery
from jobs.spark.analysis import record
from jobs.sync import sync
from registry.connection import connected
from reporting.pictures.all_pictures import PICTURES
from segment_model.errors import ArtefactError, RegistryError, SegmentsError, SettingsError, SourceError
from segments import SegmentModel
from serving.model.served_model import from_directory
from tests.registries import registry_in
from training.evaluation import map_layout
from training.settings import Settings, parse_settings

CUSTOMERS = 120


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Customers in two groups that differ in one number, which alone shapes the segments."""
    generator = np.random.default_rng(5)
    visits = generator.poisson(np.where(np.arange(CUSTOMERS) % 2, 60.0, 3.0)).astype(float)
    table = pd.DataFrame({"customer_id": [f"c{number}" for number in range(CUSTOMERS)], "visits": visits})
    table.to_parquet(tmp_path / "customers.parquet")
    attributes = {"visits": {"kind": "count", "role": "basis"}}
    content = {
        "as_of": "2026-06-01",
        "sources": {"customers": {"file": "customers.parquet", "attributes": attributes}},
        "discovery": {"algorithms": [{"algorithm": "kmeans", "segments": 2, "starts": 1}]},
    }
    return parse_settings(content)


def run_of(outcome: Outcome, folder: Path) -> Any:
    with connected(registry_in(folder)) as connection:
        return connection.client.get_run(outcome.run_id)


def figures_of(outcome: Outcome, folder: Path) -> set[str]:
    with connected(registry_in(folder)) as connection:
        return {Path(file.path).stem for file in connection.client.list_artifacts(outcome.run_id, "figures")}


def test_one_basis_column_is_discovered_and_drawn(settings: Settings, tmp_path: Path) -> None:
    announced: list[str] = []
    outcome = run_discovery(settings, tmp_path, announced.append, lambda *_: None)
    assert [column.name for column in outcome.discovery.contract.basis] == ["visits"]
    assert outcome.discovery.points.shape == (CUSTOMERS, 1)
    assert figures_of(outcome, tmp_path) == {picture.name for picture in PICTURES} - {"ladder"}  # groups have no ladder
    assert not [line for line in announced if "cannot be drawn" in line]
    assert "failed_pictures" not in run_of(outcome, tmp_path).data.tags


def test_a_picture_that_fails_is_named_and_the_discovery_is_registered(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(points: Any) -> Any:
        raise ValueError("no room on the plane")

    monkeypatch.setattr(map_layout, "principal_plane", fail)
    announced: list[str] = []
    outcome = run_discovery(settings, tmp_path, announced.append, lambda *_: None)
    assert outcome.version == "1"
    assert (
        "the picture customer_map cannot be drawn (ValueError: no room on the plane); the discovery goes on without it"
        in announced
    )
    assert figures_of(outcome, tmp_path) == {picture.name for picture in PICTURES} - {"customer_map", "ladder"}
    run = run_of(outcome, tmp_path)
    assert run.info.status == "FINISHED"
    assert run.data.tags["failed_pictures"] == "customer_map: ValueError: no room on the plane"
    assert "The map could not be drawn: ValueError: no room on the plane." in outcome.report


@pytest.mark.parametrize(
    "refusal", [RegistryError("the experiment is deleted"), ArtefactError("weights.npy is missing")]
)
def test_a_discovery_that_the_registry_refuses_is_kept_and_can_be_sent(
    settings: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    quick_discovery: Callable[[], AbstractContextManager[None]],
    refusal: SegmentsError,
) -> None:
    def refuse(*_: Any) -> Any:
        raise refusal

    with quick_discovery(), monkeypatch.context() as patch:
        patch.setattr(discover, "send", refuse)
        with pytest.raises(RegistryError, match=f"^{refusal}. The discovery is finished and kept in .*pending-runs"):
            run_discovery(settings, tmp_path, lambda _: None, lambda *_: None)
    synced = sync(settings, tmp_path, lambda _: None, lambda *_: None)
    assert [sent.version for sent in synced.sent] == ["1"]


def test_conditions_are_stored_with_the_model_and_leave_its_ids(
    settings: Settings, tmp_path: Path, quick_discovery: Callable[[], AbstractContextManager[None]]
) -> None:
    """A ready-made one with its number; without conditions the model is as it was before there were any."""
    asked = settings.model_copy(update={"conditions": {"often": "visits >= 30", "many": "visits > 1000"}})
    vectors = vectors_of(asked, tmp_path)
    with quick_discovery():
        with_them, without = (
            conclude(each, vectors, None, lambda _: None, lambda *_: None, tmp_path).discovery.model
            for each in (asked, settings)
        )
    assert with_them.provenance["conditions"] == {"often": "visits >= 30", "many": "visits > 1000"}
    assert "conditions" not in without.provenance
    assert with_them.ids == without.ids
    assert with_them.learned_digest == without.learned_digest
    loaded = tmp_path / "model"
    with_them.save(loaded)
    served = from_directory(loaded)
    met = sum(served.conditions["often"].is_met_by(row) for row in vectors.frame.to_dict(orient="records"))
    assert met == int((vectors.frame["visits"] >= 30).sum())
    wrong = settings.model_copy(update={"conditions": {"often": "vists >= 30"}})
    with pytest.raises(SettingsError, match="Did you mean 'visits'"):
        conclude(wrong, vectors, None, lambda _: None, lambda *_: None, tmp_path)


def test_a_discovery_in_spark_is_kept_if_its_record_cannot_be_computed_there(
    settings: Settings, tmp_path: Path, kmeans_model: SegmentModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> AnalystRecord:
        raise SourceError("cannot compute the record: the last worker is lost")

    monkeypatch.setattr(record, "compute_in_spark", fail)
    lines: list[str] = []
    in_spark = settings.model_copy(update={"engine": EngineSettings(spark="local[2]")})
    none, why = analyse(in_spark, tmp_path, kmeans_model, lines.append)
    assert none is None
    assert why == "cannot compute the record: the last worker is lost"
    assert lines == [f"there is no record of money, retention and growth: {why}"]
