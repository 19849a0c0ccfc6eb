"""Models that a discovery found, from the registry to an answer: the service says what Python says."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from registry.runs.discovery_runs import log_discovery
from registry.runs.records import DiscoveryRecord
from registry.versions.promotions import promote
from registry.versions.registration import register
from registry.versions.segment_names import rename_segment
from segment_model.errors import RegistryError
from segments import SegmentModel
from serving.model.live_model import LiveModel
from serving.model.registry_follower import source_of
from serving.settings import ServiceSettings
from tests.registries import registry_in

pytestmark = [  # MLflow's own, none of our doing
    pytest.mark.filterwarnings("ignore:Operation with range is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning"),
]


@pytest.fixture(params=["kmeans", "hdbscan", "mixture"])
def discovered(request: pytest.FixtureRequest) -> SegmentModel:
    chosen: SegmentModel = request.getfixturevalue(f"{request.param}_model")
    return chosen


@pytest.fixture(scope="session")
def newcomers(planted: Any) -> pd.DataFrame:
    """500 customers of the planted company, each with its numbers shaken."""
    generator = np.random.default_rng(11)
    frame: pd.DataFrame = planted.frame.iloc[generator.integers(len(planted.frame), size=500)].copy()
    frame.index = pd.Index([f"N{i}" for i in range(500)], name="customer_id", dtype="str")
    for column in planted.contract.columns:
        if not column.is_category:
            shaken = frame[column.name] * generator.lognormal(0, 0.6, 500)
            frame[column.name] = shaken.clip(upper=1) if column.kind == "share" else shaken
    return frame


def as_json(row: dict[str, Any]) -> dict[str, Any]:
    return {k: None if v is None or (isinstance(v, float) and math.isnan(v)) else v for k, v in row.items()}


def test_http_and_python_give_the_same_answer_for_every_newcomer(
    discovered: SegmentModel, newcomers: pd.DataFrame, make_caller: Any
) -> None:
    call = make_caller(discovered)
    truth = discovered.assign(newcomers)
    explained = discovered.explain_table(newcomers)
    records = [as_json(row) for row in newcomers.to_dict("records")]
    customers = [{"id": str(i), "features": r} for i, r in zip(newcomers.index, records, strict=True)]
    whole = call.assign(customers, explain=True).json["assignments"]
    alone = [call.assign([customer]).json["assignments"][0] for customer in customers]
    for i, (name, segment, strength, runner_up) in enumerate(
        zip(truth.index, truth["segment_id"], truth["strength"], truth["runner_up_id"], strict=True)
    ):
        for assignment in (whole[i], alone[i]):
            assert assignment["id"] == name
            assert assignment["segment_id"] == (None if segment != segment else segment)
            assert assignment["runner_up_id"] == runner_up
            assert assignment["strength"] == pytest.approx(strength, abs=1e-9)
        contributions = [c["contribution"] for c in whole[i]["explanation"]["contributions"]]
        assert contributions == pytest.approx(explained.contributions[i].tolist(), abs=1e-9)


def test_the_registry_is_served_by_alias_and_by_version_under_the_names_that_people_gave(
    kmeans_model: SegmentModel, hdbscan_model: SegmentModel, planted: Any, tmp_path: Path
) -> None:
    location = registry_in(tmp_path)
    for model in (kmeans_model, hdbscan_model):
        record = DiscoveryRecord("planted", {}, planted.frame, "sha256:planted", "tests", model)
        register(location, log_discovery(location, record))
    settings = ServiceSettings(tracking_uri=location.tracking_uri)
    with pytest.raises(RegistryError, match="champion"):
        source_of(settings).fetch()
    promote(location, "1")
    rename_segment(location, kmeans_model.ids[0], "Stammkunden")

    live = LiveModel(lambda: source_of(settings).fetch())
    champion = live.load()
    assert (champion.version, champion.model.digest) == ("1", kmeans_model.digest)
    assert champion.model.names[0] == "Stammkunden"
    pinned = source_of(ServiceSettings(tracking_uri=location.tracking_uri, version="2")).fetch()
    assert (pinned.version, pinned.model.digest) == ("2", hdbscan_model.digest)
