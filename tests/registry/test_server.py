"""The same through a real `mlflow server`, and what is said once it is down."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

from registry.connection import RegistryLocation, connected, load_mlflow
from registry.promotions import promote
from registry.records import DiscoveryRecord
from registry.runs import log_discovery
from registry.signature import as_declared
from registry.versions import fetch, find, labels, list_versions, register, rename_segment
from segments import SegmentModel
from segments.errors import RegistryError

pytestmark = [
    # mlflow 3.17 compares column labels with a range, which pandas 3.1 is about to change
    pytest.mark.filterwarnings("ignore:Operation with range is deprecated:DeprecationWarning"),
    # mlflow 3.17 maps a table by a loader strategy that sqlalchemy is about to remove
    pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning"),
]
START = 240  # seconds; the server imports for a minute on a busy machine


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, make_location: Any
) -> Iterator[tuple[RegistryLocation, subprocess.Popen[bytes]]]:
    folder = tmp_path_factory.mktemp("server")
    database = make_location(folder).tracking_uri
    port = free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", database]
    command += ["--artifacts-destination", str(folder / "artifacts"), "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--workers", "1"],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"},
            start_new_session=True,
        )
        try:
            wait_until_healthy(port, process, folder / "server.log")
            yield RegistryLocation(f"http://127.0.0.1:{port}"), process
        finally:
            stop(process)


def wait_until_healthy(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end and process.poll() is None:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.3)
    pytest.fail(f"the MLflow server did not start: {log.read_text()[-2000:]}")


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def test_a_discovery_goes_to_a_server_and_comes_back_until_it_is_down(
    server: tuple[RegistryLocation, subprocess.Popen[bytes]],
    record: DiscoveryRecord,
    kmeans_model: SegmentModel,
    planted: Any,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    location, process = server

    run_id = log_discovery(location, record)
    with connected(location) as connection:
        run = connection.client.get_run(run_id)
        stored = {one.path for one in connection.client.list_artifacts(run_id)}
    assert run.info.status == "FINISHED"
    assert run.data.metrics == {"silhouette": 0.75, "stability": 0.9}
    assert stored == {"figures", "tables", "settings.yaml", "report.html", "run.md"}
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
    assert find(location) == list_versions(location)[0]
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

    stop(process)
    for ask in (
        lambda: fetch(location),
        lambda: labels(location),
        lambda: log_discovery(location, replace(record, candidates=())),
    ):
        start = time.monotonic()
        with pytest.raises(RegistryError, match=r"does not answer: start it \(`make mlflow`\), or correct") as caught:
            ask()
        assert time.monotonic() - start < 60  # without our limits: 247 s
        assert "\n" not in str(caught.value)


def test_a_server_that_never_was(record: DiscoveryRecord) -> None:
    location = RegistryLocation(f"http://ana:s3cret@127.0.0.1:{free_port()}")
    with pytest.raises(RegistryError, match=r"http://\*\*\*@127.0.0.1:\d+ does not answer") as caught:
        log_discovery(location, record)
    assert "s3cret" not in str(caught.value)
