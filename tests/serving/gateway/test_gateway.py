"""The routes besides `/assign`, who may use them, and what they say of themselves."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from typing import Any

import pytest
from pydantic import TypeAdapter

from segment_model.cards import SegmentLabel
from segment_model.model import SegmentModel
from serving.contracts import errors, insights, requests, responses
from serving.endpoints.pages import docs
from serving.gateway.gateway import Gateway
from serving.model.live_model import LiveModel
from serving.route_table import route_table
from serving.settings import ServiceSettings


def test_the_cards_are_told(call_kmeans: Any, kmeans: SegmentModel) -> None:
    reply = responses.SegmentsResponse.model_validate(call_kmeans("GET", "/segments").json)
    assert reply.model_version == "7"
    assert [(s.id, s.name, s.size) for s in reply.segments] == [(c.id, c.name, c.size) for c in kmeans.cards]
    assert reply.segments[0].medians["monetary_value"] == 400.0
    assert reply.segments[0].differences[0].words == "active this week"


def test_names_that_people_gave_are_told_everywhere(make_caller: Any, kmeans: SegmentModel, good: Any) -> None:
    call = make_caller(kmeans.with_overlay({"s000": SegmentLabel("Stammkunden", "call them")}))
    card = call("GET", "/segments").json["segments"][0]
    assert (card["name"], card["notes"]) == ("Stammkunden", "call them")
    assert call.assign_one(good).json["assignments"][0]["segment_name"] == "Stammkunden"
    assert call("GET", "/model").json["digest"] == kmeans.digest, "a name is no part of the model"


def test_the_model_tells_what_it_expects(call: Any, model: SegmentModel) -> None:
    reply = responses.ModelResponse.model_validate(call("GET", "/model").json)
    assert (reply.model_version, reply.digest) == ("7", model.digest)
    assert reply.learned_digest == model.learned_digest != model.digest
    assert reply.algorithm == model.assigner.ALGORITHM
    assert [(f.name, f.kind, f.unit, f.nullable, f.required) for f in reply.features] == [
        ("recency_days", "number", "days", False, True),
        ("frequency", "count", "orders", False, True),
        ("monetary_value", "number", "USD", True, True),
        ("industry", "category", "", False, True),
        ("employees", "count", "people", True, False),
        ("region", "category", "", True, False),
    ]


def test_the_service_is_alive_but_not_ready_before_its_model_is_there(make_caller: Any, good: Any) -> None:
    live = LiveModel(lambda: pytest.fail("nobody asked to load"))
    call = make_caller(Gateway(live, ServiceSettings()))
    assert call("GET", "/livez").status == 200
    for reply in (call("GET", "/readyz"), call("GET", "/model"), call("GET", "/segments"), call.assign_one(good)):
        assert (reply.status, reply.error["code"]) == (503, "loading")
        assert reply.headers["retry-after"] == "1"
    live.failure = "the registry is away"
    assert call("GET", "/readyz").error == {
        "code": "no_model",
        "message": "there is no model to serve: the registry is away",
        "details": [],
    }


def test_a_failure_of_ours_is_told_in_the_same_shape_and_logged(
    make_caller: Any, kmeans: SegmentModel, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, good: Any
) -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError("secret 4711")

    call = make_caller(kmeans)
    monkeypatch.setattr(SegmentModel, "assign_records", fail)
    with caplog.at_level(logging.ERROR):
        reply = call.assign_one(good)
    assert (reply.status, reply.error["code"]) == (500, "internal_error")
    assert b"4711" not in reply.body
    assert "ZeroDivisionError" in caplog.text


def test_a_body_that_does_not_end_is_given_up(kmeans: SegmentModel, make_caller: Any) -> None:
    call = make_caller(kmeans, ServiceSettings(body_seconds=0.05))
    headers = {"content-type": "application/json", "content-length": "10"}
    assert call("POST", "/assign", [], headers).error["code"] == "body_timeout"


def test_work_that_takes_too_long_is_given_up(
    kmeans: SegmentModel, make_caller: Any, good: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()
    call = make_caller(kmeans, ServiceSettings(request_seconds=0.05))
    monkeypatch.setattr(SegmentModel, "assign_records", lambda *_: released.wait(5))
    threading.Timer(0.5, released.set).start()
    reply = call.assign([{"id": f"C{i}", "features": good} for i in range(300)])
    assert (reply.status, reply.error["code"]) == (504, "deadline")


def test_a_caller_that_goes_away_is_not_answered(kmeans: SegmentModel, make_caller: Any) -> None:
    gateway = make_caller(kmeans).gateway
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/assign", "headers": headers}
    asyncio.run(gateway(scope, receive, send))
    assert sent == []


def test_the_document_describes_every_route_and_every_error(call_kmeans: Any) -> None:
    document = call_kmeans("GET", "/openapi.json").json
    described = {(m.upper(), path) for path, operations in document["paths"].items() for m in operations}
    assert described == {(r.method, r.path) for r in route_table() if r.documented}
    error = {"$ref": "#/components/schemas/ErrorResponse"}
    for operations in document["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                if int(status) >= 400:
                    assert response["content"]["application/json"]["schema"] == error
    assign = document["paths"]["/assign"]["post"]
    assert set(assign["responses"]) == {
        "200",
        "400",
        "401",
        "404",
        "405",
        "408",
        "413",
        "414",
        "415",
        "422",
        "429",
        "431",
        "500",
        "503",
        "504",
    }
    assert assign["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith("/AssignRequest")
    customers = document["components"]["schemas"]["AssignRequest"]["properties"]["customers"]
    assert (customers["minItems"], customers["maxItems"]) == (1, 1000)


def test_every_reference_of_the_document_leads_somewhere(call_kmeans: Any) -> None:
    body = call_kmeans("GET", "/openapi.json").body.decode()
    schemas = json.loads(body)["components"]["schemas"]
    names = {part.split('"')[0] for part in body.split("#/components/schemas/")[1:]}
    assert names
    assert names <= set(schemas)
    ours = {**vars(requests), **vars(responses), **vars(errors), **vars(insights)}
    for name in schemas:
        TypeAdapter(ours[name])  # a schema that is ours


def test_the_page_asks_no_address_outside(call_kmeans: Any) -> None:
    page = call_kmeans("GET", "/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert b"//" not in page.body.replace(b"<!DOCTYPE", b"")


@pytest.mark.parametrize("wanted", ["bytes=999999999-", "bytes=a-b", "bytes=0-9"])
def test_the_scripts_of_the_page_are_answered_as_all_else_is(
    make_caller: Any, kmeans: SegmentModel, wanted: str
) -> None:
    """Whole, whatever part is asked for; with an id, counted, and the last of their connection where we leave."""
    call = make_caller(kmeans)
    call.gateway.drain()
    page = call("GET", "/docs").body.decode()
    for path, kind in docs.SCRIPTS.items():
        assert f'"{path[1:]}"' in page
        reply = call("GET", path, b"", {"range": wanted, "x-request-id": "scripts-1"})
        assert (reply.status, reply.headers["content-type"]) == (200, kind)
        assert len(reply.body) == int(reply.headers["content-length"]) > 100_000
        assert (reply.headers["x-request-id"], reply.headers["connection"]) == ("scripts-1", "close")
        assert f'segments_requests_total{{route="{path}",status="200"}} 1' in call("GET", "/metrics").body.decode()


def test_head_is_answered_as_get(call_kmeans: Any) -> None:
    assert call_kmeans("HEAD", "/readyz").status == 200
