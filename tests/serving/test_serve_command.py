"""`segments serve` as people start it: while there is no model it stays and goes on trying, and what trying again
cannot mend ends it in one line."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from cli import main
from experiments.load.service_process import free_port
from registry.connection import DEFAULT_NAME, connected
from segment_model.model import SegmentModel
from serving.launcher import CHECKOUT

SECONDS = 180.0  # processes import a lot; slow where many tests share a machine


def wait(condition: Callable[[], Any], what: str) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end, f"{what}: not within {SECONDS:g} s"
        time.sleep(0.05)


def ask(port: int, path: str) -> tuple[int, Any]:
    """Status and value; 0 where nobody listens yet."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            head, _, body = connection.makefile("rb").read().partition(b"\r\n\r\n")
    except OSError:
        return 0, None
    return (int(head.split()[1]), json.loads(body)) if head else (0, None)


def settings_file(folder: Path, tracking_uri: str) -> Path:
    config = folder / "segments.yaml"
    content = {"as_of": "2026-07-01", "sources": {"orders": {"file": "orders.csv"}}}
    config.write_text(yaml.safe_dump({**content, "registry": {"tracking_uri": tracking_uri}}))
    return config


@contextmanager
def serving(config: Path, port: int, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """The command, and the file that holds what it and its service say; it must leave in order."""
    log = folder / "log"
    quick = {"SEGMENTS_POLL_SECONDS": "0.3", "SEGMENTS_RETRY_SECONDS": "0.3", "SEGMENTS_DRAIN_SECONDS": "0"}
    quick["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] = "0"  # its pauses between them are most of what this would take
    command = [sys.executable, "-m", "cli", "serve", "--config", str(config), "--port", str(port)]
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=CHECKOUT, env={**os.environ, **quick}, stdout=file, stderr=subprocess.STDOUT
        )
        try:
            yield process, log
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            print(log.read_text())  # noqa: T201  # pytest shows it where a test fails


def test_started_without_registry_and_copy_it_stays_unready_and_follows_when_the_registry_is_back(
    mlflow_server: Any, kmeans: SegmentModel, tmp_path: Path
) -> None:
    server = mlflow_server(tmp_path / "registry")
    source = server.files / "v1" / "artifacts" / "segment_model"
    source.parent.mkdir(parents=True)
    kmeans.save(source)
    tags = {"digest": kmeans.digest, "segment_ids": json.dumps(kmeans.ids)}
    with connected(server.direct, create=True) as connection:
        connection.client.create_registered_model(DEFAULT_NAME)
        connection.client.create_model_version(DEFAULT_NAME, "mlflow-artifacts:/v1", tags=tags)
        connection.client.set_registered_model_alias(DEFAULT_NAME, "champion", "1")

    port = free_port()
    with serving(settings_file(tmp_path, server.location.tracking_uri), port, tmp_path) as (process, log):
        wait(lambda: b"not ready yet: " in log.read_bytes(), "it says that it has no model")
        assert ask(port, "/livez")[0] == 200
        status, content = ask(port, "/readyz")
        assert (status, content["error"]["code"]) == (503, "no_model")
        assert process.poll() is None
        with server.running():
            wait(lambda: ask(port, "/readyz")[0] == 200, "it is ready once the registry is back")
            assert ask(port, "/model")[1]["model_version"] == "1"
            wait(lambda: b"serving champion at " in log.read_bytes(), "it says so")
    log_lines = log.read_text().splitlines()
    (unready,) = [line for line in log_lines if line.startswith("not ready yet: ")]
    assert content["error"]["message"] in unready, "it says why"
    assert unready.endswith("Still trying; Ctrl-C stops it")
    assert log_lines[-1] == "stopped"
    assert process.returncode == 0
    assert not any("Traceback" in line for line in log_lines)


def ended(config: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """What the command says that ends before it starts anything."""
    monkeypatch.setattr("serving.launcher.Launched", lambda *_: pytest.fail("a service was started"))
    invoked = CliRunner().invoke(main, ["serve", "--config", str(config), "--port", str(port)])
    assert invoked.exit_code == 2
    assert invoked.stderr.startswith("segments: ")
    assert invoked.stderr.count("\n") == 1
    return invoked.stderr


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("SEGMENTS_MAX_CONCURRENCY", "none", "SEGMENTS_MAX_CONCURRENCY"),
        ("SEGMENTS_API_KEYS_FILE", "segments.yaml", "segments.yaml cannot be read; expected a JSON object"),
        ("SEGMENTS_API_KEYS_FILE", "nowhere.json", "nowhere.json"),
    ],
)
def test_settings_that_cannot_be_used_end_it_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(variable, value)
    assert message in ended(settings_file(tmp_path, "http://127.0.0.1:9"), free_port(), monkeypatch)


def test_a_port_in_use_ends_it_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        output = ended(settings_file(tmp_path, "http://127.0.0.1:9"), port, monkeypatch)
    assert output == f"segments: port {port} of 127.0.0.1 is in use; stop what is there or choose another port\n"
