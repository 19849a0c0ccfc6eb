"""Limits: how often a key may ask, how many are worked on at a time, how long, and what a head and a body may weigh."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segment_model.assigners.nearest_core import NearestCore
from segment_model.counterfactual import smallest_change
from segment_model.model import SegmentModel
from serving import worker as worker_module
from serving.assignment.stepwise import STEP, assign_in_steps
from serving.endpoints.customers import what_would_change
from serving.gateway import gateway as gateway_module
from serving.gateway.admission import AdmissionGate, RateLimit, share
from serving.gateway.api_keys import add_key
from serving.gateway.gateway import Gateway
from serving.settings import ServiceSettings
from serving.wire.body import LARGEST_HEAD, LONGEST_URL, BodyBudget, BodyReader
from serving.wire.deadline import Deadline
from serving.wire.refusals import Refusal

JSON = [(b"content-type", b"application/json")]
Answered = tuple[int, dict[str, str], Any]  # status, headers, value


async def ask(
    gateway: Gateway,
    body: bytes,
    path: str = "/assign",
    headers: list[tuple[bytes, bytes]] | None = None,
    slow: float = 0,
) -> Answered:
    """On a connection of its own; the body may be `slow` to come."""
    sent: list[Any] = []

    async def receive() -> Any:
        await asyncio.sleep(slow)
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST" if body else "GET", "path": path, "headers": headers or JSON}
    await gateway(scope, receive, send)
    answered = {name.decode(): text.decode() for name, text in sent[0]["headers"]}
    return sent[0]["status"], answered, json.loads(sent[1]["body"])


def ask_all(gateway: Gateway, bodies: list[bytes], path: str | list[str] = "/assign", **options: Any) -> list[Answered]:
    """Ask at the same time, as so many connections. A path may be each's own."""
    paths = [path] * len(bodies) if isinstance(path, str) else path

    async def all_of_them() -> list[Answered]:
        asked = [ask(gateway, body, path, **options) for path, body in zip(paths, bodies, strict=True)]
        return await asyncio.gather(*asked)

    return asyncio.run(all_of_them())


def body_of(good: dict[str, Any], customers: int = 1, **more: Any) -> bytes:
    return json.dumps({"customers": [{"id": f"C{i}", "features": good} for i in range(customers)], **more}).encode()


# -- how often --------------------------------------------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(
    rate=st.floats(0.5, 50),
    workers=st.integers(1, 4),
    pauses=st.lists(st.floats(0, 3), min_size=1, max_size=60),
)
def test_a_key_never_gets_more_than_its_rate_and_one_burst(rate: float, workers: int, pauses: list[float]) -> None:
    now = 0.0
    limit = RateLimit(rate, workers, lambda: now)
    each = rate / workers
    for let_in, pause in enumerate(pauses, 1):
        now += pause
        try:
            limit.take("web")
        except Refusal as refusal:
            now += int(refusal.headers["Retry-After"])
            limit.take("web")  # who waits as long as told is let in
        assert let_in <= max(1.0, each) + each * now + 1e-6


def test_keys_do_not_share_their_rate_and_an_open_service_has_one(
    make_caller: Any, kmeans: SegmentModel, tmp_path: Path
) -> None:
    path = tmp_path / "keys.json"
    first, second = add_key(path, "one"), add_key(path, "two")
    call = make_caller(kmeans, ServiceSettings(api_keys_file=path, requests_per_second=0.01))

    def asked(key: str) -> Any:
        return call("GET", "/model", b"", {"authorization": f"Bearer {key}"})

    assert [asked(first).status, asked(first).status, asked(second).status, asked("wrong").status] == [
        200,
        429,
        200,
        401,
    ]
    refused = asked(first)
    assert refused.error["code"] == "rate_limited"
    assert 90 <= int(refused.headers["retry-after"]) <= 100
    for probe in ("/livez", "/readyz"):
        assert {call("GET", probe).status for _ in range(5)} == {200}
    metrics = call("GET", "/metrics", b"", {"authorization": f"Bearer {first}"})
    assert metrics.status == 200, "who watches is let in however much is asked"
    assert b'segments_refused_requests_total{code="rate_limited"} 2.0' in metrics.body


@pytest.mark.parametrize(("most", "workers", "each"), [(64, 1, 64), (64, 2, 32), (3, 2, 2), (1, 4, 1)])
def test_each_worker_has_its_share(most: int, workers: int, each: int) -> None:
    assert share(most, workers) == each
    assert AdmissionGate(most, workers).most == each


# -- how many ---------------------------------------------------------------------------------------------------------


def test_who_finds_no_room_is_told_at_once_and_the_others_are_answered(
    make_caller: Any, kmeans: SegmentModel, good: dict[str, Any]
) -> None:
    gateway = make_caller(kmeans, ServiceSettings(max_concurrency=4)).gateway
    answers = ask_all(gateway, [body_of(good)] * 100)
    assert [status for status, _, _ in answers].count(200) == 4
    refused = [(status, headers["retry-after"], value["error"]["code"]) for status, headers, value in answers[4:]]
    assert refused == [(503, "1", "busy")] * 96
    assert ask_all(gateway, [body_of(good)])[0][0] == 200, "there is room again"


def test_searches_fill_no_more_than_half_the_room(make_caller: Any, kmeans: SegmentModel, good: dict[str, Any]) -> None:
    gateway = make_caller(kmeans, ServiceSettings(max_concurrency=4)).gateway
    asked = {"customer": {"id": "C1", "features": good}, "to": "s001", "changeable": ["recency_days"]}
    bodies, paths = [json.dumps(asked).encode(), body_of(good)], ["/what_would_change", "/assign"]
    with gateway._search_gate, gateway._search_gate:
        answers = ask_all(gateway, bodies, paths)
    assert [status for status, _, _ in answers] == [503, 200]
    assert answers[0][2]["error"]["code"] == "busy"
    assert ask_all(gateway, bodies[:1], paths[:1])[0][0] == 200, "there is room again"


def test_a_worker_of_two_lets_half_of_them_in(make_caller: Any, kmeans: SegmentModel, good: dict[str, Any]) -> None:
    settings = ServiceSettings(workers=2, max_concurrency=4, requests_per_second=4)
    gateway = make_caller(kmeans, settings.model_copy(update={"requests_per_second": None})).gateway
    assert [status for status, _, _ in ask_all(gateway, [body_of(good)] * 100)].count(200) == 2
    gateway = make_caller(kmeans, settings).gateway
    gateway._rate._clock = lambda: 0.0  # nothing flows in however long this takes
    answers = ask_all(gateway, [b""] * 10, "/model")
    assert sorted(status for status, _, _ in answers) == [200] * 2 + [429] * 8


def test_a_worker_of_two_takes_half_of_the_connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker stands in front of a server as it does under uvicorn; the bounds that it gives its connections."""
    bounds_of_workers: list[int] = []
    server = SimpleNamespace(config=SimpleNamespace(loaded_app=None))
    monkeypatch.setattr(worker_module, "running_server", lambda: server)
    monkeypatch.setattr(
        worker_module, "bound_connections", lambda _, bounds, *__: bounds_of_workers.append(bounds.most)
    )
    for name in ("accept_more", "stop_gracefully", "log_json_lines"):
        monkeypatch.setattr(worker_module, name, lambda *_: None)
    monkeypatch.setattr(worker_module.sys, "setswitchinterval", lambda _: None)
    for workers in (1, 2):
        settings = ServiceSettings(model_path=tmp_path / "none", workers=workers, max_connections=60)
        worker_module.Worker(settings, None, 1)._guard(lambda application: application)
    assert bounds_of_workers == [60, 30]


def test_under_twice_the_load_a_queue_never_outgrows_the_room(
    make_caller: Any, kmeans: SegmentModel, good: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two requests come for each that is answered, however long that takes: half are answered."""
    gateway = make_caller(kmeans, ServiceSettings(max_concurrency=4)).gateway
    real = SegmentModel.assign_records
    inside: list[int] = []

    def assign(self: SegmentModel, *arguments: Any) -> Any:
        inside.append(gateway._gate.admitted)
        return real(self, *arguments)

    async def twice() -> list[int]:
        statuses: list[int] = []
        under_way = {asyncio.create_task(ask(gateway, body_of(good))) for _ in range(4)}
        while under_way:
            done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
            statuses += [task.result()[0] for task in done]
            for task in done:
                if task.result()[0] == 200 and len(statuses) + len(under_way) < 400:
                    under_way |= {asyncio.create_task(ask(gateway, body_of(good))) for _ in range(2)}
        return statuses

    monkeypatch.setattr(SegmentModel, "assign_records", assign)
    statuses = asyncio.run(twice())
    assert set(statuses) == {200, 503}
    assert statuses.count(200) >= 198
    assert max(inside) == 4
    assert gateway._gate.admitted == 0


def test_who_has_no_key_takes_no_room(
    make_caller: Any, kmeans: SegmentModel, good: dict[str, Any], tmp_path: Path
) -> None:
    key = add_key(tmp_path / "keys.json", "web")
    allowed = ServiceSettings(api_keys_file=tmp_path / "keys.json", max_concurrency=1)
    gateway = make_caller(kmeans, allowed).gateway
    headers = [*JSON, (b"authorization", f"Bearer {key}".encode())]

    async def both() -> list[int]:
        room = gateway._gate
        statuses = []
        with room:  # full
            for sent in (JSON, headers):
                sent_back: list[Any] = []

                async def receive() -> Any:
                    return {"type": "http.request", "body": body_of(good), "more_body": False}

                async def send(message: Any, kept: list[Any] = sent_back) -> None:
                    kept.append(message)

                scope = {"type": "http", "method": "POST", "path": "/assign", "headers": sent}
                await gateway(scope, receive, send)
                statuses.append(sent_back[0]["status"])
        return statuses

    assert asyncio.run(both()) == [401, 503]


def test_bodies_under_way_are_bounded_together_and_let_go(good: dict[str, Any]) -> None:
    budget = BodyBudget(100)
    reader = BodyReader(80, 5.0, budget)

    async def read(pieces: list[bytes], hold: asyncio.Event | None = None) -> bytes:
        left = list(pieces)

        async def receive() -> Any:
            if len(left) == 1 and hold is not None:
                await hold.wait()
            part = left.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(left)}

        return await reader.read(dict(JSON), receive)

    async def crowd() -> tuple[bytes, Refusal]:
        hold = asyncio.Event()
        first = asyncio.create_task(read([b"x" * 70, b"y"], hold))
        await asyncio.sleep(0)
        with pytest.raises(Refusal) as refused:
            await read([b"z" * 40, b"z"])
        hold.set()
        whole = await first
        assert await read([b"z" * 40, b"z"]) == b"z" * 41
        return whole, refused.value

    whole, refused = asyncio.run(crowd())
    assert (len(whole), refused.status, refused.code) == (71, 503, "busy")
    assert budget.held == 0


# -- how long ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("customers", "elsewhere"), [(1, False), (3, False), (4, True)])
def test_a_few_customers_who_take_long_to_explain_keep_nobody_waiting(
    make_caller: Any,
    kmeans: SegmentModel,
    hdbscan: SegmentModel,
    good: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    customers: int,
    elsewhere: bool,
) -> None:
    """A short body of a model of dense cores is worked on in a thread; what is quick, or is one customer, is not."""
    threads: list[str] = []
    for name in ("assign_records", "explain_records"):
        real = getattr(SegmentModel, name)

        def noted(self: SegmentModel, *arguments: Any, real: Any = real) -> Any:
            threads.append(threading.current_thread().name.partition("_")[0])
            return real(self, *arguments)

        monkeypatch.setattr(SegmentModel, name, noted)
    for model, explain, route in [
        (hdbscan, True, "/assign"),
        (hdbscan, True, "/contrast"),
        (hdbscan, False, "/assign"),
        (kmeans, True, "/assign"),
    ]:
        call = make_caller(model)
        sent = body_of(good, customers, **({"against": "s001"} if route == "/contrast" else {"explain": explain}))
        assert len(sent) < gateway_module.INLINE_BYTES
        threads.clear()
        reply = call("POST", route, sent)
        assert reply.status == 200
        assert [row["id"] for row in reply.json["assignments"]] == [f"C{i}" for i in range(customers)]
        assert ("searches" in threads) == (elsewhere and explain and model is hdbscan)
        assert call.gateway._gate.admitted == 0


def test_after_504_no_thread_works_on(
    make_caller: Any, hdbscan: SegmentModel, good: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step takes 0.3 s and more: of all that a thousand customers are, the deadline of 0.5 s lets two begin."""
    real = SegmentModel.explain_records
    begun: list[float] = []

    def slow(self: SegmentModel, records: Any, *more: Any) -> Any:
        begun.append(time.monotonic())
        time.sleep(0.3)
        return real(self, records, *more)

    call = make_caller(hdbscan, ServiceSettings(request_seconds=0.5))
    monkeypatch.setattr(SegmentModel, "explain_records", slow)
    reply = call.assign([{"id": str(i), "features": good} for i in range(4 * STEP)], explain=True)
    assert (reply.status, reply.error["code"]) == (504, "deadline")
    threads = [*call.gateway._lists._threads, *call.gateway._searches._threads]
    assert len(threads) == 2, "one read the list, one explained it"
    for executor in (call.gateway._lists, call.gateway._searches):
        executor.shutdown(wait=True)  # returns when the work has ended
    assert 1 <= len(begun) <= 2
    assert not [thread for thread in threads if thread.is_alive()]


@pytest.mark.parametrize("algorithm", ["kmeans", "hdbscan"])
def test_after_504_no_search_for_a_change_goes_on(
    make_caller: Any,
    algorithm: str,
    request: pytest.FixtureRequest,
    good: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each step takes 0.2 s and more: of all that a search needs, the deadline of 0.5 s lets three begin."""
    model: SegmentModel = request.getfixturevalue(algorithm)
    home, name = (smallest_change, "nearest_point") if algorithm == "kmeans" else (NearestCore, "nearest")
    real, pause, begun = getattr(home, name), [0.0], list[int]()

    def slow(*arguments: Any) -> Any:
        begun.append(1)
        time.sleep(pause[0])
        return real(*arguments)

    asked = {"customer": {"id": "C1", "features": good}, "to": "s001"}
    body = json.dumps(asked | {"changeable": ["recency_days", "frequency", "monetary_value"]}).encode()
    hasty, patient = (make_caller(model, ServiceSettings(request_seconds=seconds)) for seconds in (0.5, 60))
    monkeypatch.setattr(home, name, slow)
    assert patient("POST", "/what_would_change", body).json["found"]
    assert len(begun) >= 8, "else there is nothing to stop"
    begun.clear()
    pause[0] = 0.2
    reply = hasty("POST", "/what_would_change", body)
    assert (reply.status, reply.error["code"]) == (504, "deadline")
    hasty.gateway._searches.shutdown(wait=True)  # returns when the work has ended
    assert 1 <= len(begun) <= 3


def test_what_had_not_begun_at_its_deadline_never_does(
    make_caller: Any, kmeans: SegmentModel, good: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    begun: list[int] = []

    def stuck(*_: Any) -> Any:
        begun.append(1)
        release.wait(5)
        raise Refusal(504, "deadline", "late")

    gateway = make_caller(kmeans, ServiceSettings(request_seconds=0.5)).gateway
    monkeypatch.setattr(SegmentModel, "assign_records", stuck)
    answers = ask_all(gateway, [body_of(good, 300)] * 6)
    assert {status for status, _, _ in answers} == {504}
    release.set()
    gateway._lists.shutdown(wait=True)
    assert len(begun) == 1


def test_a_search_keeps_no_list_waiting(
    make_caller: Any, kmeans: SegmentModel, good: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search ends when the list is answered, which behind the search it would never be."""
    listed, waited = threading.Event(), list[bool]()
    real = SegmentModel.assign_records

    def assign(*arguments: Any) -> Any:
        listed.set()
        return real(*arguments)

    def search(*_: Any) -> dict[str, Any]:
        waited.append(listed.wait(20))
        return {}

    gateway = make_caller(kmeans).gateway
    monkeypatch.setattr(SegmentModel, "assign_records", assign)
    monkeypatch.setattr(what_would_change, "answer_change", search)
    change = {"customer": {"id": "C1", "features": good}, "to": "s001", "changeable": ["frequency"]}
    answers = ask_all(gateway, [json.dumps(change).encode(), body_of(good, 300)], ["/what_would_change", "/assign"])
    assert [status for status, _, _ in answers] == [200, 200]
    assert waited == [True]


def test_the_deadline_is_of_the_work_and_of_the_wait_for_it_not_of_the_body(
    make_caller: Any, kmeans: SegmentModel, good: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = make_caller(kmeans, ServiceSettings(request_seconds=0.5)).gateway
    assert [status for status, _, _ in ask_all(gateway, [body_of(good), body_of(good, 300)], slow=0.7)] == [200, 200]
    real = SegmentModel.assign_records

    def slow(*arguments: Any) -> Any:
        time.sleep(0.7)
        return real(*arguments)

    monkeypatch.setattr(SegmentModel, "assign_records", slow)
    answers = ask_all(gateway, [body_of(good)] * 2)
    assert [status for status, _, _ in answers] == [200, 504], (
        "the second waited for its turn until nobody waited for it"
    )
    assert answers[1][2]["error"]["code"] == "deadline"


def test_whoever_waits_for_a_turn_too_long_is_told_so_as_the_document_says(
    make_caller: Any, kmeans: SegmentModel
) -> None:
    """Also who sent no body."""
    call = make_caller(kmeans, ServiceSettings(request_seconds=1e-6))
    paths = call("GET", "/openapi.json").json["paths"]
    asked = [
        (path, method, operation["responses"])
        for path, operations in paths.items()
        for method, operation in operations.items()
        if "application/json" in operation["responses"]["200"]["content"]
    ]
    bodies = [b"{}" if method == "post" else b"" for _, method, _ in asked]
    answers = ask_all(call.gateway, bodies, [path for path, _, _ in asked])
    late = set()
    for (path, _, documented), (status, _, _) in zip(asked, answers, strict=True):
        assert str(status) in documented, (path, status)
        late |= {path} if status == 504 else set()
    assert late >= {"/model", "/segments", "/map", "/assign", "/assign_records"}


@pytest.mark.parametrize("explain", [False, True])
def test_steps_change_no_answer(make_caller: Any, model: SegmentModel, many_customers: Any, explain: bool) -> None:
    from serving.assignment.answer import assign_customers
    from serving.endpoints.customers.assign import read_assign
    from serving.model.served_model import ServedModel

    customers = [{"id": str(i), "features": f} for i, f in enumerate([*many_customers, *many_customers[:101]])]
    request = read_assign({"customers": customers, "explain": explain})
    served = ServedModel(model, "tiny", "7", "tests")
    assert len(customers) > 2 * STEP
    assert assign_in_steps(served, request, Deadline.after(60)) == assign_customers(served, request)


def test_steps_tell_all_that_is_wrong(make_caller: Any, kmeans: SegmentModel, good: dict[str, Any]) -> None:
    customers = [{"id": str(i), "features": good} for i in range(700)]
    wrong = [3, STEP + 7, 2 * STEP + 1, 699]
    for position in wrong:
        customers[position] = {"id": str(position), "features": {**good, "frequency": -1}}
    reply = make_caller(kmeans).assign(customers)
    assert (reply.status, reply.error["code"]) == (422, "invalid_features")
    assert [detail["customer"] for detail in reply.error["details"]] == [str(position) for position in wrong]
    for position in range(STEP):
        customers[position] = {"id": str(position), "features": {}}
    assert len(make_caller(kmeans).assign(customers).error["details"]) == 20


# -- how large --------------------------------------------------------------------------------------------------------


def head(call: Any, *, query: bytes = b"", headers: list[tuple[bytes, bytes]] | None = None) -> tuple[int, Any, Any]:
    sent: list[Any] = []

    async def ask() -> None:
        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "GET", "path": "/livez", "raw_path": b"/livez", "query_string": query}
        await call.gateway({**scope, "headers": headers or []}, receive, send)

    asyncio.run(ask())
    return sent[0]["status"], dict(sent[0]["headers"]), json.loads(sent[1]["body"])


def test_a_url_and_headers_have_a_limit(call_kmeans: Any) -> None:
    assert head(call_kmeans, query=b"x" * (LONGEST_URL - 6))[0] == 200
    status, headers, value = head(call_kmeans, query=b"x" * LONGEST_URL)
    assert (status, value["error"]["code"], headers[b"connection"]) == (414, "url_too_long", b"close")
    assert head(call_kmeans, headers=[(b"a", b"b")] * 100)[0] == 200
    for headers_sent in ([(b"a", b"b")] * 101, [(b"a", b"b" * LARGEST_HEAD)]):
        status, headers, value = head(call_kmeans, headers=headers_sent)
        assert (status, value["error"]["code"], headers[b"connection"]) == (431, "headers_too_large", b"close")


def test_a_hundred_megabytes_are_refused_with_little_of_them_kept(call_kmeans: Any) -> None:
    """Sent without a length, in pieces of 64 KiB: at most three times the limit is taken, and nothing is held."""
    taken = 0

    async def ask() -> int:
        async def receive() -> Any:
            nonlocal taken
            taken += 65_536
            return {"type": "http.request", "body": bytes(65_536), "more_body": taken < 100_000_000}

        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        await call_kmeans.gateway({"type": "http", "method": "POST", "path": "/assign", "headers": JSON}, receive, send)
        return int(sent[0]["status"])

    assert asyncio.run(ask()) == 413
    limit = ServiceSettings().max_body_bytes
    assert taken <= 3 * limit + 3 * 65_536
    assert call_kmeans.gateway._reader.budget.held == 0


def test_a_deep_body_does_not_reach_the_limit_of_recursion(call_kmeans: Any) -> None:
    for body in (b"[" * 100_000, b'{"a":' * 100_000, b"[" * 100_000 + b"]" * 100_000):
        assert call_kmeans("POST", "/assign", body).status == 400
    assert sys.getrecursionlimit() >= 1000


def test_a_body_that_is_late_is_given_up_and_no_other() -> None:
    reader = BodyReader(100, 0.2)

    def body_after(seconds: float) -> Any:
        async def receive() -> dict[str, Any]:
            await asyncio.sleep(seconds)
            return {"type": "http.request", "body": b"whole", "more_body": False}

        return reader.read(dict(JSON), receive)

    async def read_all() -> list[Any]:
        bodies = [body_after(seconds) for seconds in (0, 0.1, 5, 5)]
        return await asyncio.gather(*bodies, return_exceptions=True)

    for _ in range(2):  # in another event loop too
        early, in_time, *late = asyncio.run(asyncio.wait_for(read_all(), 3))
        assert early == in_time == b"whole"
        assert [(type(refusal), refusal.code) for refusal in late] == [(Refusal, "body_timeout")] * 2

    async def cancelled() -> None:
        task = asyncio.create_task(body_after(5))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())


# -- from where -------------------------------------------------------------------------------------------------------

PAGE = "http://localhost:5173"
PREFLIGHT = {"origin": PAGE, "access-control-request-method": "POST", "access-control-request-headers": "authorization"}


def test_no_page_of_another_origin_is_let_in_unless_it_is_named(
    make_caller: Any, kmeans: SegmentModel, tmp_path: Path
) -> None:
    key = add_key(tmp_path / "keys.json", "web")
    shut = ServiceSettings(api_keys_file=tmp_path / "keys.json")
    with_key = {"origin": PAGE, "authorization": f"Bearer {key}"}
    call = make_caller(kmeans, shut)
    assert call("OPTIONS", "/assign", b"", PREFLIGHT).status == 401
    assert not [name for name in call("GET", "/model", b"", with_key).headers if name.startswith("access-control")]

    call = make_caller(kmeans, shut.model_copy(update={"cors_origins": f"{PAGE} https://localhost"}))
    asked = call("OPTIONS", "/assign", b"", PREFLIGHT)
    assert (asked.status, asked.body) == (204, b"")
    assert asked.headers["access-control-allow-origin"] == PAGE
    assert "Authorization" in asked.headers["access-control-allow-headers"]
    assert call("GET", "/model", b"", with_key).headers["access-control-allow-origin"] == PAGE
    refused = call("GET", "/model", b"", {"origin": PAGE})
    assert (refused.status, refused.headers["access-control-allow-origin"]) == (401, PAGE), "the page may read why not"
    for other in ("http://localhost:5174", "null", "http://localhost:5173.evil", "*"):
        assert call("OPTIONS", "/assign", b"", {**PREFLIGHT, "origin": other}).status == 401
        answered = call("GET", "/model", b"", {**with_key, "origin": other}).headers
        assert "access-control-allow-origin" not in answered
        assert answered["vary"] == "Origin", "a cache would give a page what another caller got"
    assert call("GET", "/docs").headers["vary"] == "Origin"


@pytest.mark.parametrize("origins", ["*", "localhost", "ftp://a", "https://a/path", "https://a,https://b"])
def test_an_origin_that_is_none_is_refused_at_the_start(origins: str) -> None:
    from segment_model.errors import SettingsError

    with pytest.raises(SettingsError, match="SEGMENTS_CORS_ORIGINS"):
        ServiceSettings.from_environment({"SEGMENTS_CORS_ORIGINS": origins})
