"""The same through a real `mlflow server`, and what is said once it is down."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest

from experiments.load.service_process import free_port
from registry.connection import RegistryLocation, connected, load_mlflow
from registry.runs.discovery_runs import log_discovery
from registry.runs.records import DiscoveryRecord
from registry.versions.promotions import promote
from registry.versions.registration import register
from registry.versions.segment_names import rename_segment
from registry.versions.versions import alias_state, fetch, list_versions
from segment_model.encoding.declared import as_declared
from segment_model.errors import RegistryError
from segments import SegmentModel

pytestmark = [
    # mlflow 3.17 compares column labels with a range, which pandas 3.1 is about to change
    pytest.mark.filterwarnings("ignore:Operation with range is deprecated:DeprecationWarning"),
    # mlflow 3.17 maps a table by a loader strategy that sqlalchemy is about to remove
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, make_location: Any, mlflow_server: Any) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("server")
    make_location(folder)  # the tables of its database take it long to make
    with mlflow_server(folder).running() as running:
        yield running


def test_a_discovery_goes_to_a_server_and_comes_back_until_it_is_down(
    server: Any,
    record: DiscoveryRecord,
    kmeans_model: SegmentModel,
    planted: Any,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tries: list[float],
) -> None:
    location = server.location

    run_id = log_discovery(location, record)
    with connected(location) as connection:
        run = connection.client.get_run(run_id)
        stored = {file.path for file in connection.client.list_artifacts(run_id)}
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {"silhouette": 0.75, "stability": 0.9}
    assert stored == {"figures", "tables", "settings.yaml", "candidates.json", "report.html", "run.md"}
    assert len(run.inputs.dataset_inputs) == 1

    version = register(location, run_id)
    assert register(location, run_id) == version == "1"
    assert promote(location, version).aliases == ("champion",)
    rename_segment(location, kmeans_model.ids[0], "Stammkunden – größte", "notes")
    fetched = fetch(location)
    assert fetched.model.names[0] == "Stammkunden – größte"
    pd.testing.assert_frame_equal(
        fetched.model.with_overlay({}).assign(planted.frame), kmeans_model.assign(planted.frame), check_exact=True
    )
    assert alias_state(location).digest == list_versions(location)[0].digest
    with pytest.raises(RegistryError, match=r"no version or alias '7'. Versions: 1; aliases: champion"):
        fetch(location, "7")

    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
    mlflow = load_mlflow()
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(location.tracking_uri)
    try:
        pyfunc = mlflow.pyfunc.load_model("models:/customer-segments@champion")
    finally:
        mlflow.set_tracking_uri(before)
    answer = pyfunc.predict(as_declared(planted.frame, kmeans_model.contract))
    expected = kmeans_model.assign(planted.frame)
    pd.testing.assert_frame_equal(answer[list(expected.columns)], expected, check_exact=True)
    assert set(answer["model_version"]) == {"1"}
    assert capfd.readouterr().out == ""

    server.end()
    for ask in (
        lambda: fetch(location),
        lambda: alias_state(location),
        lambda: log_discovery(location, record),
    ):
        tries.clear()
        with pytest.raises(RegistryError, match=r"does not answer: start it \(`make mlflow`\), or correct") as caught:
            ask()
        assert tries == [10, 10, 10], "seconds; without our limits it tries for minutes"
        assert "\n" not in str(caught.value)


def test_a_server_that_never_was(record: DiscoveryRecord) -> None:
    location = RegistryLocation(f"http://ana:s3cret@127.0.0.1:{free_port()}")
    with pytest.raises(RegistryError, match=r"http://\*\*\*@127.0.0.1:\d+ does not answer") as caught:
        log_discovery(location, record)
    assert "s3cret" not in str(caught.value)
