"""A client generated from the OpenAPI document works against the real service, answers and refusals alike."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from experiments.load.service_process import free_port
from segment_model.encoding.reader import CustomerReader
from segment_model.model import SegmentModel
from serving.contracts.errors import CODES
from serving.gateway.gateway import Gateway
from serving.launcher import running_service
from serving.model.live_model import LiveModel
from serving.model.segment_plane import SegmentPlane
from serving.route_table import route_table
from serving.routing.openapi import openapi
from serving.settings import ServiceSettings

KEY = "s3gm-ents"
NAME = "segments_http_client"


def document() -> dict[str, Any]:
    return openapi(route_table())


def test_every_operation_has_a_name_of_its_own_and_tells_its_errors() -> None:
    operations = [(path, operation) for path, of in document()["paths"].items() for operation in of.values()]
    names = [operation["operationId"] for _, operation in operations]
    assert len(set(names)) == len(names) >= 12
    for path, operation in operations:
        statuses = {int(status) for status in operation["responses"]}
        assert statuses >= {200, 401, 404, 405, 500}, path
        if "requestBody" in operation:
            assert statuses >= {400, 408, 413, 415, 422, 429, 503, 504}, path
        for status, response in operation["responses"].items():
            if status != "200":
                assert response["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorResponse")
                assert re.findall("`([a-z_]+)`", response["description"]) == list(CODES[int(status)])
                assert ("Retry-After" in response.get("headers", {})) == (status in ("429", "503"))


def test_no_field_holds_a_file_or_an_address() -> None:
    """So that no request can ask the service to read or fetch something, nor send it anything but JSON."""
    described = document()
    names: set[str] = set()
    formats: set[str] = set()
    media: set[str] = set()

    def look(value: Any) -> None:
        if isinstance(value, dict):
            names.update(value["properties"] if isinstance(value.get("properties"), dict) else ())
            formats.update(str(value[key]) for key in ("format", "contentEncoding", "contentMediaType") if key in value)
        for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            look(inner)

    look(described)
    for of in described["paths"].values():
        for operation in of.values():
            media |= operation.get("requestBody", {"content": {}})["content"].keys()
            assert "parameters" not in operation
    assert len(names) > 50
    words = {word for name in names for word in re.split(r"[^a-z]+", re.sub("([A-Z])", r"_\1", name).lower())}
    assert words & {"url", "uri", "path", "file", "filename", "link", "href", "address", "host", "callback"} == set()
    assert formats & {"uri", "uri-reference", "iri", "url", "hostname", "binary", "byte", "base64"} == set()
    assert media == {"application/json"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The generated package, imported."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "openapi.json").write_text(json.dumps(document()))
    (folder / "config.yaml").write_text("post_hooks: []\n")
    program = Path(sys.executable).with_name("openapi-python-client")
    made = subprocess.run(
        [program, "generate", "--path", "openapi.json", "--config", "config.yaml", "--meta", "none",
         "--output-path", str(folder / NAME), "--fail-on-warning"],
        cwd=folder, capture_output=True, text=True, check=False,
        env={**os.environ, "NO_COLOR": "1"},
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module(NAME)
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.split(".")[0] == NAME]:
            del sys.modules[name]


@pytest.fixture(scope="module")
def url(kmeans: SegmentModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("served")
    kmeans.save(folder / "tiny")
    keys = {"web": f"sha256:{hashlib.sha256(KEY.encode()).hexdigest()}"}
    (folder / "keys.json").write_text(json.dumps(keys))
    settings = ServiceSettings(model_path=folder / "tiny", api_keys_file=folder / "keys.json")
    with (
        (folder / "log").open("wb") as log,
        running_service(settings, port=free_port(), log=log, timeout=120.0) as address,
    ):
        yield address


def call(name: str, how: str = "sync") -> Any:
    return getattr(importlib.import_module(f"{NAME}.api.default.{name}"), how)


def test_the_generated_client_reads_places_and_the_refusal_of_raw_rows(
    client: Any, url: str, kmeans: SegmentModel, good: dict[str, Any]
) -> None:
    models = importlib.import_module(f"{NAME}.models")
    with client.AuthenticatedClient(base_url=url, token=KEY) as known:
        assert call("readyz")(client=known).status == "ready"
        assert call("livez")(client=known).status == "alive"
        picture = call("map_")(client=known)
        assert [place.id for place in picture.segments] == list(kmeans.ids)
        body = models.MapRequest.from_dict({"customers": [{"id": "C1", "features": good}]})
        (place,) = call("locate")(client=known, body=body).customers
        expected = SegmentPlane.of(kmeans).place(kmeans.encoder.encode(_raw(kmeans, [good])))
        assert [place.x, place.y] == pytest.approx(expected[0].tolist())
        rows = {"id": "C1", "orders": [{"ordered_at": "2026-06-28", "order_id": "O1", "amount": 41.5}]}
        records = models.RecordsRequest.from_dict({"as_of": "2026-07-01", "customers": [rows]})
        refused = call("assign_records")(client=known, body=records)
        assert (type(refused), refused.error.code) == (models.ErrorResponse, "no_feature_recipe")
        assert "segments_model_info" in str(call("metrics", "sync_detailed")(client=known).content)


def _raw(model: SegmentModel, customers: list[dict[str, Any]]) -> Any:
    return CustomerReader(model.contract, model.encoder).records(customers)


def ask(client: Any, gateway: Gateway, name: str, **arguments: Any) -> Any:
    """Ask a gateway in this process by the generated client."""

    async def asked() -> Any:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(gateway), base_url="http://service") as inner:
            known = client.Client(base_url="http://service").set_async_httpx_client(inner)
            return await call(name, "asyncio_detailed")(client=known, **arguments)

    return asyncio.run(asked())


def test_the_generated_client_sends_raw_rows_and_gets_the_segments_of_their_vectors(
    client: Any, raw_model: SegmentModel, raw_rows: dict[str, Any], make_caller: Any
) -> None:
    models = importlib.import_module(f"{NAME}.models")
    gateway = make_caller(raw_model, ServiceSettings()).gateway
    spent = {"C1": 41.5, "ß": 4150.0}
    customers = [
        {"id": name, **raw_rows, "orders": [{"ordered_at": "2026-06-28T10:00:00", "order_id": "O1", "amount": amount}]}
        for name, amount in spent.items()
    ]
    sent = {"as_of": "2026-07-01", "customers": customers}
    answer = ask(client, gateway, "assign_records", body=models.RecordsRequest.from_dict(sent)).parsed
    assert isinstance(answer, models.RecordsResponse), answer
    vectors = [{"id": row.id, "features": row.features.to_dict()} for row in answer.assignments]
    again = ask(client, gateway, "assign", body=models.AssignRequest.from_dict({"customers": vectors})).parsed
    assert [row.segment_id for row in answer.assignments] == [row.segment_id for row in again.assignments]
    assert {row["id"]: row["features"]["monetary_value"] for row in vectors} == spent


def test_the_generated_client_reads_retry_after(
    client: Any, kmeans: SegmentModel, make_caller: Any, tmp_path: Path
) -> None:
    """One request in 100 s is allowed; and a service that has no model yet."""
    models = importlib.import_module(f"{NAME}.models")
    slow = make_caller(kmeans, ServiceSettings(requests_per_second=0.01)).gateway
    empty = Gateway(LiveModel(lambda: pytest.fail("nobody asked to load")), ServiceSettings())

    assert ask(client, slow, "model").parsed.digest == kmeans.digest
    for gateway, name, status, code, wait in [
        (slow, "segments", 429, "rate_limited", 100),
        (empty, "readyz", 503, "loading", 1),
        (empty, "model", 503, "loading", 1),
    ]:
        reply = ask(client, gateway, name)
        assert (reply.status_code, reply.parsed.error.code) == (status, code)
        assert isinstance(reply.parsed, models.ErrorResponse)
        assert 0 < int(reply.headers["retry-after"]) <= wait


def test_the_generated_client_assigns_contrasts_and_is_refused(
    client: Any, url: str, kmeans: SegmentModel, many_customers: list[dict[str, Any]]
) -> None:
    models = importlib.import_module(f"{NAME}.models")
    sent = [{"id": f"C{i}", "features": features} for i, features in enumerate(many_customers[:20])]
    truth = kmeans.assign(many_customers[:20])

    body = models.AssignRequest.from_dict({"customers": sent, "explain": True})
    with client.AuthenticatedClient(base_url=url, token=KEY) as known:
        answer = call("assign")(client=known, body=body)
        assert [row.segment_id for row in answer.assignments] == truth["segment_id"].tolist()
        assert [row.strength for row in answer.assignments] == pytest.approx(truth["strength"].tolist(), abs=1e-12)
        first = answer.assignments[0].explanation
        assert first.base + sum(part.contribution for part in first.contributions) == pytest.approx(
            first.score, abs=1e-9
        )

        other = models.ContrastRequest.from_dict({"customers": sent[:1], "against": "s002"})
        assert (
            call("contrast")(client=known, body=other).assignments[0].explanation.toward
            == answer.assignments[0].nearest_id
        )
        moved = models.ChangeRequest.from_dict(
            {"customer": sent[0], "to": "s001", "changeable": list(sent[0]["features"])}
        )
        assert call("what_would_change")(client=known, body=moved).found
        assert [card.id for card in call("segments")(client=known).segments] == list(kmeans.ids)
        assert call("model")(client=known).digest == kmeans.digest

        wrong = models.AssignRequest.from_dict({"customers": [{"id": "C1", "features": {"frequency": -1}}]})
        refused = call("assign")(client=known, body=wrong)
        assert isinstance(refused, models.ErrorResponse)
        assert (refused.error.code, refused.error.details[0].customer) == ("invalid_features", "C1")
    with client.Client(base_url=url) as stranger:
        assert call("assign")(client=stranger, body=body).error.code == "unauthorized"
