"""The log: JSON lines that tell of a request without its key or its customers, and never too many."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from segment_model.model import SegmentModel
from serving.gateway.api_keys import add_key
from serving.gateway.request_log import REFUSAL_LINES, JsonLines, LoggedRequest, RequestIds, RequestLog
from serving.settings import ServiceSettings
from serving.wire.refusals import Refusal, RefusalDetail


def lines(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    written = [JsonLines().format(record) for record in caplog.records]
    assert not [line for line in written if "\n" in line]
    return [json.loads(line) for line in written]


@pytest.fixture(autouse=True)
def _everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "bentoml.segments")


def test_an_answer_is_logged_where_it_is_asked_for(
    make_caller: Any, kmeans: SegmentModel, good: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    key = add_key(tmp_path / "keys.json", "web shop")
    sent = {"content-type": "application/json", "authorization": f"Bearer {key}", "x-request-id": "order:47.11_a-b"}
    body = json.dumps({"customers": [{"id": "Kunde 4711", "features": good}]}).encode()
    quiet = ServiceSettings(api_keys_file=tmp_path / "keys.json")
    call = make_caller(kmeans, quiet)
    caplog.clear()
    assert call("POST", "/assign", body, sent).status == 200
    assert not caplog.records
    call = make_caller(kmeans, quiet.model_copy(update={"log_requests": True}))
    caplog.clear()
    reply = call("POST", "/assign", body, sent)
    assert reply.headers["x-request-id"] == "order:47.11_a-b"
    (line,) = lines(caplog)
    fields = {name: line[name] for name in ("message", "request_id", "key", "method", "route", "status", "level")}
    assert fields == {
        "message": "answered",
        "request_id": "order:47.11_a-b",
        "key": "web shop",
        "method": "POST",
        "route": "/assign",
        "status": 200,
        "level": "info",
    }
    assert 0 < line["milliseconds"] < 10_000
    assert key not in json.dumps(line)
    assert "Kunde" not in json.dumps(line)


def test_a_refusal_is_logged_without_what_was_sent_unless_asked(
    make_caller: Any, kmeans: SegmentModel, good: Any, caplog: pytest.LogCaptureFixture
) -> None:
    customers = [{"id": "Kunde 4711", "features": {**good, "industry": 815, "recency_days": -815}}]
    for asked in (False, True):
        call = make_caller(kmeans, ServiceSettings(log_values=asked))
        caplog.clear()
        assert call.assign(customers).status == 422
        (line,) = lines(caplog)
        assert (line["message"], line["code"], line["status"]) == ("refused", "invalid_features", 422)
        assert ("4711" in json.dumps(line), "815" in json.dumps(line)) == (asked, asked)


def test_a_path_is_not_logged_since_it_may_hold_anything(call_kmeans: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert call_kmeans("GET", "/customers/4711").status == 404
    (line,) = lines(caplog)
    assert (line["route"], line["code"]) == (None, "not_found")
    assert "4711" not in json.dumps(line)


def test_a_failure_of_ours_is_logged_with_its_trace_but_not_its_words(
    make_caller: Any, kmeans: SegmentModel, good: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError("customer 4711")

    callers = {asked: make_caller(kmeans, ServiceSettings(log_values=asked)) for asked in (False, True)}
    monkeypatch.setattr(SegmentModel, "assign_records", fail)
    for asked, call in callers.items():
        caplog.clear()
        reply = call.assign_one(good)
        (line,) = lines(caplog)
        assert (line["level"], line["error"], line["status"]) == ("error", "ZeroDivisionError", 500)
        assert line["request_id"] == reply.headers["x-request-id"]
        assert line["trace"][-1].endswith(" fail")
        assert ("4711" in json.dumps(line)) == asked


KEYS = [None, "s3gm-ents", "k" * 30 + "-0123456789" * 6, 'it\'s a "key" \\ with \u00fc']


@pytest.mark.parametrize("values", [False, True])
@pytest.mark.parametrize("chosen", KEYS)
def test_a_key_that_was_put_in_the_wrong_place_is_neither_told_nor_logged(
    make_caller: Any,
    kmeans: SegmentModel,
    good: Any,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    values: bool,
    chosen: str | None,
) -> None:
    """Whole or cut short: no eight characters of it that follow each other."""
    path = tmp_path / "keys.json"
    key = add_key(path, "web") if chosen is None else chosen
    path.write_text(json.dumps({"web": hashlib.sha256(key.encode()).hexdigest()}))
    call = make_caller(kmeans, ServiceSettings(api_keys_file=path, log_values=values))
    password = base64.b64encode(f"anyone:{key}".encode()).decode()
    raw = key.encode().decode("latin-1")  # as a header carries it

    def customers(**more: Any) -> dict[str, Any]:
        return {"customers": [{"id": "C1", "features": good, **more}]}

    bodies: list[tuple[str, Any]] = [
        ("/assign", {key: 1}),
        ("/assign", key),
        ("/assign", customers(**{key: 1})),
        ("/assign", customers(features={**good, key: 1})),
        ("/assign", customers(features={**good, "recency_days": key})),
        ("/assign", {"customers": [{"id": key, "features": {}}]}),
        ("/assign", {"customers": [{"id": key, "features": good}] * 2}),
        ("/assign", {**customers(), "policy": key}),
        ("/assign", {**customers(), "explain": f"Authorization: Bearer {key}"}),
        ("/contrast", {**customers(), "against": key}),
        ("/locate", {**customers(), "against": key}),
        ("/what_would_change", {"customer": customers()["customers"][0], "to": key, "changeable": ["frequency"]}),
        ("/what_would_change", {"customer": customers()["customers"][0], "to": "s001", "changeable": [key]}),
        ("/assign_records", {"as_of": key, "customers": [{"id": "C1"}]}),
        ("/assign_records", {"as_of": "2026-07-01", "customers": [{"id": "C1", "orders": [{key: key}]}]}),
    ]
    json_type = {"content-type": "application/json"}
    asked = [("POST", route, json.dumps(body).encode(), json_type) for route, body in bodies]
    asked += [("POST", "/assign", b'{"customers": ' + key.encode(), json_type)]
    asked += [("GET", f"{before}/{key}", b"", {}) for before in ("", "/model", "/api/v1/customers/of/the/shop")]
    asked += [(key, "/model", b"", {}), ("POST", "/assign", b"{}", {"content-type": raw})]
    asked += [("POST", "/assign", b"{}", {"content-type": f"text/plain; key={raw}"})]
    asked += [("POST", "/assign", b"{}", {**json_type, "content-encoding": raw})]
    asked += [("GET", "/nope", b"", {"x-request-id": raw})]
    parts = {written[at : at + 8] for written in (key, repr(key)[1:-1], raw) for at in range(len(written) - 7)}
    caplog.clear()
    for authorization in (f"Bearer {raw}", f"Basic {password}"):
        for method, route, body, headers in asked:
            reply = call(method, route, body, {**headers, "authorization": authorization})
            assert 400 <= reply.status < 500
            assert reply.status != 401
            answered = " ".join([*map(str, texts_of(reply.json)), *reply.headers.values()])
            assert not [part for part in parts if part in answered], (route, answered)
    written = " ".join(str(text) for line in lines(caplog) for text in texts_of(line))
    assert written
    assert not [part for part in parts if part in written]


def texts_of(value: Any) -> list[Any]:
    """Every name and value in a JSON value."""
    if isinstance(value, dict):
        return [text for name, inner in value.items() for text in (name, *texts_of(inner))]
    return [text for inner in value for text in texts_of(inner)] if isinstance(value, list) else [value]


def test_a_key_in_a_failure_of_ours_is_not_logged(
    make_caller: Any, kmeans: SegmentModel, good: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> Any:
        raise ZeroDivisionError("the value 's3gm-ents' divides nothing")

    call = make_caller(kmeans, ServiceSettings(log_values=True))
    monkeypatch.setattr(SegmentModel, "assign_records", fail)
    body = json.dumps({"customers": [{"id": "C1", "features": good}]}).encode()
    caplog.clear()
    call("POST", "/assign", body, {"content-type": "application/json", "authorization": "Bearer s3gm-ents"})
    (line,) = lines(caplog)
    assert line["reason"] == "the value '***' divides nothing"


@pytest.mark.parametrize("sent", ["", "a" * 65, "a b", "a\nb", 'a"b', "ä", "\x00"])
def test_an_id_that_cannot_stand_in_a_log_is_replaced(sent: str) -> None:
    ids = RequestIds()
    made = [ids.of({b"x-request-id": sent.encode()}), ids.of({}), ids.of({})]
    assert len(set(made)) == 3
    assert sent not in made
    assert RequestIds().of({}) not in made, "another process makes others"


def test_a_flood_of_refusals_is_counted_not_written(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.5
    log = RequestLog(clock=lambda: now)
    for _ in range(1000):
        log.refused(LoggedRequest("GET"), Refusal(401, "unauthorized", "no"), 0.001)
    assert len(caplog.records) == REFUSAL_LINES
    now = 1.5
    log.refused(LoggedRequest("GET"), Refusal(401, "unauthorized", "no"), 0.001)
    log.refused(LoggedRequest("GET"), Refusal(401, "unauthorized", "no"), 0.001)
    first, second = lines(caplog)[-2:]
    assert first["left_out"] == 1000 - REFUSAL_LINES
    assert "left_out" not in second


def test_a_probe_refused_as_before_is_counted_not_written(caplog: pytest.LogCaptureFixture) -> None:
    """While a model loads, the launcher and a container's probe ask ten times a second, for minutes."""
    log, probe = RequestLog(), LoggedRequest("GET", route="/readyz")
    for _ in range(9):
        log.refused(probe, Refusal(503, "loading", "no model yet"), 0.001)
    log.refused(LoggedRequest("POST", route="/assign"), Refusal(503, "loading", "no model yet"), 0.001)
    assert [(line["route"], line.get("left_out")) for line in lines(caplog)] == [("/readyz", None), ("/assign", 8)]
    log.answered(probe, 200, 0.001)
    log.refused(probe, Refusal(503, "draining", "stopping"), 0.001)
    log.refused(probe, Refusal(503, "loading", "no model"), 0.001)
    assert [line["code"] for line in lines(caplog)[2:]] == ["draining", "loading"]


def test_a_failure_is_never_left_out(caplog: pytest.LogCaptureFixture) -> None:
    log = RequestLog(clock=lambda: 0.0)
    for _ in range(100):
        log.failed(LoggedRequest("GET"), ValueError("x"), 0.001)
    assert len(caplog.records) == 100


def test_lines_of_others_are_json_too_and_without_the_words_of_exceptions(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("bentoml.segments")
    logger.info("two\nlines %s", "ü")
    try:
        raise ValueError("customer 4711") from KeyError("4711")
    except ValueError:
        logger.exception("it failed")
    first, second = lines(caplog)
    assert (first["message"], first["level"]) == ("two\nlines ü", "info")
    assert (second["error"], second["message"]) == ("ValueError", "it failed")
    assert "4711" not in json.dumps(second)
    assert "from KeyError:" in second["trace"]


def test_details_stand_in_the_line_that_was_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    detail = RefusalDetail("C1", "frequency", "-1", "at least 0")
    RequestLog(values=True).refused(LoggedRequest("POST"), Refusal(422, "invalid_features", "no", [detail]), 0.001)
    (line,) = lines(caplog)
    assert line["details"] == [{"customer": "C1", "feature": "frequency", "got": "-1", "expected": "at least 0"}]
