"""A secret that the service was given is in no log, in no error and in no answer; and in no Bento."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from experiments.load.callers import Connection, all_at_once, run
from serving.gateway.api_keys import add_key
from serving.gateway.request_log import JsonLines
from serving.model import registry_follower
from serving.model.registry_follower import FollowedModel, live_model_of
from serving.settings import ServiceSettings

SECRET = "Geheim-4711-wort"  # noqa: S105  # the secret that must not be found


@pytest.mark.parametrize("values", [False, True])
def test_no_key_is_in_the_log_nor_in_an_error(served: Any, crowd: Any, start: Callable[..., Any], values: bool) -> None:
    """Wherever a caller puts its own key by mistake, and though values may be logged."""
    with start(served, log_values=values, log_requests=True) as service:
        key = service.key
        customer = crowd.customers[0]
        sent = {
            service.request("GET", f"/{key}"): 404,
            service.request("GET", f"/api/v1/customers/of/the/shop/{key}"): 404,
            service.request("GET", f"/model?key={key}"): 200,
            service.request("GET", "/model", headers={"X-Request-Id": key}): 200,
            service.request("POST", "/assign", {key: 1}): 422,
            service.assign([{**customer, "features": {**customer["features"], key: key}}]): 422,
            service.assign([{"id": key, "features": {}}]): 422,
            service.request("POST", "/assign", body=b"{}", headers={"Content-Type": key}): 415,
            service.request("POST", "/assign", body=b"{" + key.encode()): 400,
            service.request("GET", "/model", headers={"Authorization": f"Basic {key}"}): 401,
            service.request("GET", "/metrics"): 200,
        }

        async def ask(connection: Connection, _: int) -> list[Any]:
            return [await connection.ask(request) for request in sent]

        (replies,) = run(all_at_once(service.url, 1, ask))
        assert [reply.status for reply in replies] == list(sent.values())
        replied = b"".join(reply.body + str(reply.headers).encode() for reply in replies)
        log = service.running.log.read_text()
    parts = [key[at : at + 8] for at in range(len(key) - 7)]
    assert [part for part in parts if part in log or part.encode() in replied] == []
    assert (customer["id"] in log) == values, "refusals were logged, with values where asked for"


def test_a_registrys_password_is_not_told(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Though the service cannot reach it and says so, and which one it means."""
    monkeypatch.setattr(registry_follower, "ASK_SECONDS", 120.0)  # the first question imports MLflow
    live = live_model_of(ServiceSettings(tracking_uri=f"http://segments:{SECRET}@127.0.0.1:9/mlflow"))
    assert isinstance(live, FollowedModel)
    live.check()
    failure = str(live.failure)
    lines = "\n".join(JsonLines().format(record) for record in caplog.records)
    assert "127.0.0.1" in failure
    assert "127.0.0.1" in lines
    assert SECRET not in failure + lines


def test_a_bento_carries_no_secret(kmeans_model: Any, tmp_path: Path) -> None:
    """Built where a file of keys lies about and the environment holds a password."""
    kmeans_model.save(tmp_path / "model")
    key = add_key(tmp_path / "keys.json", "web")
    script = (
        "from segments import SegmentModel\n"
        "from serving.packaging import package\n"
        f"print(package(SegmentModel.load({str(tmp_path / 'model')!r}), 'customer-segments', '1'))\n"
    )
    environment = {
        **os.environ,
        "BENTOML_HOME": str(tmp_path / "bentoml"),
        "BENTOML_DO_NOT_TRACK": "true",
        "SEGMENTS_TRACKING_URI": f"postgresql://segments:{SECRET}@127.0.0.1:9/mlflow",
        "SEGMENTS_API_KEYS_FILE": str(tmp_path / "keys.json"),
    }
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, check=True, capture_output=True)
    files = [path for path in (tmp_path / "bentoml").rglob("*") if path.is_file()]
    assert any(path.name == "manifest.json" for path in files)
    content = b"".join(path.read_bytes() for path in files)
    hashed = (tmp_path / "keys.json").read_bytes().split(b"sha256:")[1][:64]
    for secret in (SECRET.encode(), key.encode(), hashed):
        assert secret not in content
