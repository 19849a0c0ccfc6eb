"""A real service as it starts by default, of one worker: a body that is too large is not taken in, who leaves after his
whole request holds up nobody, and the worker comes back when it is killed."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

RESTORED_SECONDS = 30.0  # the promise
WHOLE = 100_000_000
IN_FLIGHT = "segments_requests_in_flight 0.0\n"  # nobody is
LEAVERS = 40  # fewer than are let in
# what two kernels' buffers may have taken in before the sender hears that nobody reads
MOST_TAKEN = 20_000_000


@pytest.fixture(scope="module")
def service(start_service: Any) -> Iterator[Any]:
    """BentoML believes itself in a container, where it would not bring back a worker that died."""
    with start_service({"BENTOML_CONTAINERIZED": "true"}) as running:
        yield running


def test_a_hundred_megabytes_that_are_announced_and_sent_are_refused_early(service: Any, record_property: Any) -> None:
    before = service.peak_bytes(forget=True)
    head = service.request("POST", "/assign").replace(b"Content-Length: 0", b"Content-Length: %d" % WHOLE)
    with service.connect() as connection:
        connection.sendall(head)
        status, headers, value = service.read(connection)
        assert (status, value["error"]["code"], headers["connection"]) == (413, "body_too_large", "close")
    most = 0
    for _ in range(3):
        taken = 0
        with service.connect() as connection, contextlib.suppress(OSError):
            connection.sendall(head)
            while taken < WHOLE:
                taken += connection.send(bytes(65_536))
        most = max(most, taken)
    grown = service.peak_bytes() - before
    record_property("bytes of an announced body that were taken", most)
    assert most < MOST_TAKEN
    assert grown < 40_000_000
    assert service.ask(service.request())[0] == 200


def test_who_leaves_after_his_whole_request_does_not_disturb_others(service: Any, good: dict[str, Any]) -> None:
    """His list is worked on in a thread while others ask, nor do those disturb who do not read their answers; when all
    have left, all the room is free again."""
    (worker,) = service.workers()
    many = service.lists(good)
    leave = threading.Event()
    left: list[int] = []

    def leaver() -> None:
        while not leave.is_set() and len(left) < LEAVERS:
            connection = service.connect()
            connection.sendall(many)
            time.sleep(0.02)  # its body has come, and the work has begun
            connection.close()
            left.append(1)
            time.sleep(0.05)

    thread = threading.Thread(target=leaver)
    thread.start()
    with contextlib.ExitStack() as stack:
        stack.callback(thread.join)
        stack.callback(leave.set)
        stack.enter_context(service.deaf(many, 4))
        right = []
        while len(right) < 200 or len(left) < LEAVERS:
            name = f"K{len(right)}"
            status, _, value = service.ask(service.assign(good, name))
            right.append(status == 200 and value["assignments"][0]["id"] == name)
    assert all(right)
    end = time.monotonic() + 30
    while IN_FLIGHT not in (page := service.ask(service.request("GET", "/metrics"))[2].decode()):
        assert time.monotonic() < end, "no room is kept by who left"
        time.sleep(0.1)
    while len(worker.net_connections("tcp")) > 1:
        assert time.monotonic() < end, "the listening socket is all that is left"
        time.sleep(0.1)
    assert 'code="internal_error"' not in page
    assert "Traceback" not in service.log.read_text()


def test_the_only_worker_is_back_after_it_was_killed(service: Any, good: dict[str, Any], record_property: Any) -> None:
    (before,) = service.workers()
    assert service.ask(service.assign(good, "K1"))[0] == 200
    os.kill(before.pid, signal.SIGKILL)
    begun = time.monotonic()
    while True:
        assert time.monotonic() - begun < RESTORED_SECONDS, "the worker was not brought back"
        with (
            contextlib.suppress(OSError),
            socket.create_connection(("127.0.0.1", service.port), timeout=2) as connection,
        ):
            connection.sendall(service.assign(good, "K2"))
            status, _, value = service.read(connection)
            assert status in (200, 503), "it answers as it ought to, or says that it is not ready"
            if status == 200:
                break
        time.sleep(0.05)
    record_property("seconds until the only worker was back", f"{time.monotonic() - begun:.1f}")
    assert value["assignments"][0]["id"] == "K2"
    (after,) = service.workers()
    assert after.pid != before.pid
    assert service.ask(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")[0] == 200
