"""The service as users run it: real processes, real sockets."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from experiments.load.service_process import free_port
from segment_model.cards import SegmentLabel
from segment_model.model import SegmentModel
from serving.launcher import (
    CHECKOUT,
    Launched,
    ServiceError,
    running_service,
    serve,
    serve_environment,
    stop,
    url_of,
    wait_until_ready,
)
from serving.settings import ServiceSettings

START_SECONDS = 120.0  # two processes import BentoML; slow where many tests share a machine
NOWHERE = "http://127.0.0.1:9"  # a registry that nobody keeps
UNUSED = ("features/inspection/", "features/spark/")  # the Bento leaves them out


def ask(url: str, path: str, value: Any = None) -> tuple[int, Any]:
    body = None if value is None else json.dumps(value).encode()
    request = urllib.request.Request(url + path, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=20) as reply:
            content = reply.read()
            return reply.status, json.loads(content) if "json" in reply.headers["content-type"] else content
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


@pytest.fixture(scope="module")
def no_mlflow(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which no training library can be imported and no registry is reachable."""
    folder = tmp_path_factory.mktemp("blocked")
    for name in ("mlflow", "sklearn", "hdbscan", "umap", "shap", "numba", "ibis", "matplotlib", "registry", "training"):
        (folder / f"{name}.py").write_text(f"raise ImportError('{name} is no part of serving')\n")
    return {**os.environ, "PYTHONPATH": str(folder), "SEGMENTS_TRACKING_URI": NOWHERE, "MLFLOW_TRACKING_URI": NOWHERE}


@pytest.fixture(scope="module")
def url(kmeans: SegmentModel, tmp_path_factory: pytest.TempPathFactory, no_mlflow: dict[str, str]) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("served")
    kmeans.save(folder / "tiny")
    with (folder / "log").open("wb") as log:
        settings = ServiceSettings(model_path=folder / "tiny", drain_seconds=0)
        try:
            with running_service(
                settings, port=free_port(), log=log, timeout=START_SECONDS, environment=no_mlflow
            ) as url:
                yield url
        finally:
            print((folder / "log").read_text())  # noqa: T201  # pytest shows it where a test fails


def test_the_answer_over_http_is_the_models_own(
    url: str, kmeans: SegmentModel, many_customers: list[dict[str, Any]]
) -> None:
    truth = kmeans.assign(many_customers)
    status, content = ask(
        url, "/assign", {"customers": [{"id": str(i), "features": f} for i, f in enumerate(many_customers)]}
    )
    assert status == 200
    assert [a["segment_id"] for a in content["assignments"]] == truth["segment_id"].tolist()
    assert [a["strength"] for a in content["assignments"]] == pytest.approx(truth["strength"].tolist(), abs=1e-9)


def test_callers_at_once_each_get_their_own_answer(
    url: str, kmeans: SegmentModel, many_customers: list[dict[str, Any]]
) -> None:
    truth = kmeans.assign(many_customers)["segment_id"].tolist()

    def answer_of(position: int) -> tuple[str, str]:
        customer = {"id": f"C{position}", "features": many_customers[position]}
        (answer,) = ask(url, "/assign", {"customers": [customer], "explain": True})[1]["assignments"]
        return answer["id"], answer["segment_id"]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(answer_of, range(200)))
    assert answers == [(f"C{i}", truth[i]) for i in range(200)]


def test_bentomls_own_pages_are_not_served(url: str) -> None:
    assert ask(url, "/metrics")[0] == 200
    for path in ("/static_content/swagger-ui.css", "/static_content/swagger-ui-bundle.js", "/docs"):
        assert ask(url, path)[0] == 200
    for path in ("/healthz", "/schema.json", "/docs.json", "/static_content/index.css"):
        status, content = ask(url, path)
        assert (status, content["error"]["code"]) == (404, "not_found")


def test_a_refusal_is_the_same_over_http(url: str, good: dict[str, Any]) -> None:
    status, content = ask(url, "/assign", {"customers": [{"id": "C1", "features": {**good, "recency_days": "5"}}]})
    assert (status, content["error"]["details"][0]["feature"]) == (422, "recency_days")
    assert ask(url, "/assign")[0] == 405
    assert ask(url, "/assign", "x" * 5_000_000)[0] == 413


def test_a_port_without_a_service_is_named_in_time() -> None:
    with pytest.raises(ServiceError, match=r"not ready after 0\.3 s"):
        wait_until_ready(f"http://127.0.0.1:{free_port()}", timeout=0.3)


def test_a_port_in_use_is_named_before_anything_starts() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServiceError, match=f"port {port} .* in use"), running_service(ServiceSettings(), port=port):
            pytest.fail("another service has the port")


def test_a_service_without_a_model_says_so_and_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its log consists of JSON lines and warns that no API key is required."""
    monkeypatch.delenv("SEGMENTS_API_KEYS_FILE", raising=False)
    settings = ServiceSettings(model_path=tmp_path / "nothing")
    with (
        (tmp_path / "log").open("wb") as log,
        pytest.raises(ServiceError, match="holds no saved model"),
        running_service(settings, port=free_port(), log=log, timeout=START_SECONDS),
    ):
        pytest.fail("it cannot be ready")
    lines = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    (warning,) = [line for line in lines if "asks for no API key" in line["message"]]
    assert warning["level"] == "warning"
    assert "SEGMENTS_API_KEYS_FILE" in warning["message"], "how to mend it"


def test_a_built_bento_serves_the_packed_model_with_no_registry(
    hdbscan: SegmentModel, tmp_path: Path, no_mlflow: dict[str, str], many_customers: list[dict[str, Any]]
) -> None:
    named = hdbscan.with_overlay({"s000": SegmentLabel("Stammkunden", "call them")})
    hdbscan.save(tmp_path / "tiny")
    environment = {**no_mlflow, "BENTOML_HOME": str(tmp_path / "bentoml"), "BENTOML_DO_NOT_TRACK": "true"}
    script = (
        "from segments import SegmentModel\n"
        "from segment_model.cards import SegmentLabel\n"
        "from serving.packaging import package\n"
        f"model = SegmentModel.load({str(tmp_path / 'tiny')!r})\n"
        "named = model.with_overlay({'s000': SegmentLabel('Stammkunden', 'call them')})\n"
        "print(package(named, 'customer-segments', '12'))\n"
    )
    built = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    tag = built.stdout.strip().splitlines()[-1]

    source = tmp_path / "bentoml" / "bentos" / tag.replace(":", "/") / "src"
    rooms = {path.relative_to(source).parts[0] for path in source.rglob("*") if path.is_file()}
    assert rooms == {"bentofile.yaml", "features", "segment_model", "serving"}
    for room in sorted(rooms - {"bentofile.yaml"}):
        whole = code_of(CHECKOUT / room)
        code = {name: whole[name] for name in whole if not f"{room}/{name}".startswith(UNUSED)}
        assert code_of(source / room) == code, "all of the room's code but what a service never uses, and as it is"
    needed = (source.parent / "env" / "python" / "requirements.txt").read_text()
    assert "\nbentoml==" in needed
    for name in ("mlflow", "umap-learn", "matplotlib", "shap", "scikit-learn", "pyarrow"):
        assert f"\n{name}==" not in needed

    # neither the folder that it is started in nor an installed checkout may lend it a file
    nothing = tmp_path / "no-checkout"
    nothing.mkdir()
    for name in ("serving", "segment_model", "features", "segments", "experiments", "commands", "cli"):
        (nothing / f"{name}.py").write_text(f"raise ImportError('{name} of the checkout')\n")
    path = os.pathsep.join([str(nothing), environment["PYTHONPATH"]])
    with (
        (tmp_path / "log").open("wb") as log,
        running_service(
            ServiceSettings(drain_seconds=0),
            port=free_port(),
            target=tag,
            log=log,
            timeout=START_SECONDS,
            environment={**environment, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"},
        ) as url,
    ):
        for page in ("/", "/explorer.js", "/explorer.css", "/docs", "/openapi.json"):
            assert ask(url, page)[0] == 200
        described = ask(url, "/model")[1]
        assert (described["name"], described["model_version"]) == ("customer-segments", "12")
        assert (described["digest"], described["algorithm"]) == (named.digest, "hdbscan")
        sent = [{"id": str(i), "features": f} for i, f in enumerate(many_customers)]
        answers = ask(url, "/assign", {"customers": sent})[1]["assignments"]
    truth = named.assign(many_customers)
    assert [a["unassigned"] for a in answers] == truth["unassigned"].tolist()
    assert [a["segment_name"] for a in answers] == [None if name != name else name for name in truth["segment_name"]]
    assert [a["strength"] for a in answers] == pytest.approx(truth["strength"].tolist(), abs=1e-9)


def code_of(room: Path) -> dict[str, bytes]:
    """The contents of a room's files by name, but for compiled ones and what the lock is compiled from."""
    left_out = {".pyc", ".in"}
    files = [path for path in room.rglob("*") if path.is_file() and path.suffix not in left_out]
    return {str(path.relative_to(room)): path.read_bytes() for path in files}


def test_the_callers_own_environment_wins_but_for_our_settings() -> None:
    made = serve_environment(ServiceSettings(version="3"), {"OTEL_SDK_DISABLED": "false", "SEGMENTS_VERSION": "2"})
    assert (made["OTEL_SDK_DISABLED"], made["SEGMENTS_VERSION"]) == ("false", "3")
    assert made["BENTOML_DO_NOT_TRACK"] == "true"
    named = serve_environment(ServiceSettings(alias="champion"), {"SEGMENTS_MODEL_PATH": "/srv/old-model"})
    assert ServiceSettings.from_environment(named).model_path is None, "it says that it serves the champion"


def test_paths_of_the_callers_environment_start_from_the_callers_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    made = serve_environment(
        ServiceSettings(version="3"), {"SEGMENTS_API_KEYS_FILE": "keys.json", "SEGMENTS_ALIAS": "x"}
    )
    assert made["SEGMENTS_API_KEYS_FILE"] == str(tmp_path / "keys.json")
    assert made["SEGMENTS_TRACKING_URI"] == f"sqlite:///{tmp_path}/mlflow.db"
    assert ServiceSettings.from_environment(made).pointer == "3"


RESTLESS = """
import os, signal, subprocess, sys, time
def child(*_):
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
def leave(*_):
    child()
    os._exit(0)
signal.signal(signal.SIGTERM, leave)
child()
print("there", flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("killed", [False, True])
def test_no_worker_is_left_by_one_that_starts_another_as_it_leaves_or_is_killed(tmp_path: Path, killed: bool) -> None:
    """As BentoML does after a worker has died; each process has a session of its own."""
    with (tmp_path / "log").open("wb") as log:
        process = Launched([sys.executable, "-c", RESTLESS], dict(os.environ), log)
    try:
        while process.poll() is None and not (tmp_path / "log").read_bytes():
            time.sleep(0.02)
        before = process.processes()
        assert len(before) == 2
        if killed:
            process.kill()
            process.wait()
            assert len(process.processes()) == 1
    finally:
        stop(process)
    assert process.processes() == []
    assert not any(
        process_left.is_running() and process_left.status() != psutil.STATUS_ZOMBIE for process_left in before
    )
    stop(process)


def test_a_service_that_ends_by_itself_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kmeans: SegmentModel
) -> None:
    """`serve` raises an error when the service ends, here as soon as it is ready."""
    kmeans.save(tmp_path / "tiny")
    port = free_port()

    def end(url: str) -> None:
        (server,) = [
            child
            for child in psutil.Process().children()
            if "bentoml" in child.cmdline() and str(port) in child.cmdline()
        ]
        server.terminate()

    monkeypatch.setenv("BENTOML_HOME", str(tmp_path / "bentoml"))
    settings = ServiceSettings(model_path=tmp_path / "tiny", drain_seconds=0)
    with pytest.raises(ServiceError, match="the service ended with exit code"):
        serve(settings, port=port, host="127.0.0.1", ready=end, no_model=pytest.fail)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "::"])
def test_the_url_of_a_service_names_its_host_and_port(host: str) -> None:
    parts = urlsplit(url_of(host, 3000))
    assert (parts.hostname, parts.port) == (host, 3000)
