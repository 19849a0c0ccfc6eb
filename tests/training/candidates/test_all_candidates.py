"""An algorithm is a settings block, a candidate and a line of the registry: settings, schema and discovery follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pytest
from pydantic import Field

from reference.settings import blocks
from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.encoding.encoder import Floats, Indices
from segment_model.errors import SettingsError
from training.candidates import all_candidates
from training.candidates.algorithm_settings import AlgorithmSettings
from training.candidates.candidate import CandidateSpec, Fit, FittingContext, NoSegmentsError, largest_first
from training.discovery.discovery import discover
from training.settings import Settings, parse_settings
from training.tuning.search_space import changed

LEAST: dict[str, Any] = {"as_of": "2026-07-01", "sources": {"orders": {"file": "orders.parquet"}}}


@dataclass(frozen=True)
class SplitSpec:
    """Cuts the first encoded column at a quantile."""

    quantile: float
    algorithm: str = "split"

    @property
    def name(self) -> str:
        return f"Split at the quantile {self.quantile:g}"

    @property
    def parameters(self) -> dict[str, Any]:
        return {"quantile": self.quantile}

    @property
    def needs_gaps(self) -> bool:
        return False

    @property
    def divides_continuum(self) -> bool:
        return False

    @property
    def refits(self) -> int:
        return 3

    def for_share(self, share: float) -> CandidateSpec:
        return self

    def centres_of(self, points: Floats, labels: Indices) -> Floats | None:
        return None

    def fit(self, points: Floats, seed: int) -> Fit:
        labels = (points[:, 0] > np.quantile(points[:, 0], self.quantile)).astype(np.intp)
        if labels.min() == labels.max():
            raise NoSegmentsError("every customer lies on one side")
        _, labels = largest_first(labels, 2)
        centroids = np.zeros((2, points.shape[1]))
        centroids[:, 0] = [points[labels == position, 0].mean() for position in range(2)]
        return Fit(NearestCentroid(centroids), np.arange(len(points)), labels, {})


class SplitSettings(AlgorithmSettings):
    """One cut through one column."""

    algorithm: Literal["split"] = Field("split", description="says which algorithm the entry is")
    quantiles: tuple[float, ...] = Field((0.5,), description="where to cut")

    def candidates(self, context: FittingContext) -> Sequence[CandidateSpec]:
        assert context.customers > 0
        return [SplitSpec(quantile) for quantile in self.quantiles]


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """`split` in the registry while a test runs."""
    monkeypatch.setattr(all_candidates, "ALGORITHMS", (*all_candidates.ALGORITHMS, SplitSettings))


def parse(*algorithms: dict[str, Any]) -> Settings:
    return parse_settings({**LEAST, "discovery": {"algorithms": list(algorithms)}})


@pytest.mark.usefixtures("registered")
def test_a_registered_algorithm_can_be_asked_for_and_makes_a_model(planted: Any) -> None:
    settings = parse({"algorithm": "split", "quantiles": [0.5, 1.0]}, {"algorithm": "kmeans", "segments": 4})
    assert settings.discovery.algorithms[0] == SplitSettings(quantiles=(0.5, 1.0))
    assert parse_settings(settings.model_dump(mode="json")) == settings
    discovery = discover(planted.frame, planted.contract, settings.discovery, {})
    assert [candidate.spec.name for candidate in discovery.candidates][:3] == [
        "Split at the quantile 0.5",
        "Split at the quantile 1",
        "KMeans, 4 segments",
    ]
    assert discovery.candidates[1].refusal == "every customer lies on one side"
    alone = settings.discovery.model_copy(update={"algorithms": (SplitSettings(),), "force": True})
    model = discover(planted.frame, planted.contract, alone, {}).model
    assert (model.provenance["algorithm"], model.provenance["parameters"]) == ("split", {"quantile": 0.5})


@pytest.mark.usefixtures("registered")
def test_its_keys_are_checked_described_and_swept_as_those_of_the_others() -> None:
    with pytest.raises(SettingsError, match=r"unknown key 'discovery\.algorithms\.0\.split\.quantile'.*'quantiles'"):
        parse({"algorithm": "split", "quantile": [0.5]})
    schema = Settings.model_json_schema()
    assert schema["$defs"]["SplitSettings"]["properties"]["quantiles"]["description"] == "where to cut"
    entry = schema["$defs"]["DiscoverySettings"]["properties"]["algorithms"]["items"]
    assert entry["discriminator"]["mapping"]["split"] == "#/$defs/SplitSettings"
    swept = changed(parse({"algorithm": "split"}), {"discovery.algorithms.split.quantiles": [0.1]})
    assert swept.discovery.algorithms == (SplitSettings(quantiles=(0.1,)),)
    assert "### `discovery.algorithms` with `algorithm: split`" in blocks()["algorithms"]


def test_an_unknown_algorithm_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(SettingsError) as caught:
        parse({"algorithm": "gausian_mixture"})
    message = str(caught.value)
    assert "'discovery.algorithms.0': unknown algorithm 'gausian_mixture'. Did you mean 'gaussian_mixture'?" in message
    assert "Known here: kmeans, hdbscan, gaussian_mixture" in message
    with pytest.raises(SettingsError, match="unknown algorithm 'split'"):  # not registered here
        parse({"algorithm": "split"})


def test_every_algorithm_has_a_name_of_its_own_and_describes_itself() -> None:
    names = list(all_candidates.registered_algorithms())
    assert len(names) == len(set(names)) == len(all_candidates.ALGORITHMS)
    for name, settings in all_candidates.registered_algorithms().items():
        assert settings().algorithm == name
        assert settings.__doc__


def test_the_default_algorithms_are_registered() -> None:
    assert [entry.algorithm for entry in Settings(**LEAST).discovery.algorithms] == [
        "kmeans",
        "hdbscan",
        "gaussian_mixture",
    ]
