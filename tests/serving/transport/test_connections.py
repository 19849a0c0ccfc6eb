"""A real service of one worker, over sockets: what is no request, what never ends, and too many."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import socket
import time
from collections.abc import Iterator
from statistics import median
from typing import IO, Any

import psutil  # type: ignore[import-untyped]
import pytest

HEADER_SECONDS = 1.5
MOST_CONNECTIONS = 60
KEEP_ALIVE_SECONDS = 5.0  # uvicorn's own
FLOOR_SECONDS = 0.005  # what a median may grow by on a busy machine, whoever is connected


@pytest.fixture(scope="module")
def shared(start_service: Any) -> Iterator[Any]:
    with start_service(
        header_seconds=HEADER_SECONDS,
        body_seconds=1.5,
        max_connections=MOST_CONNECTIONS,
        max_concurrency=4,
        log_requests=True,
    ) as service:
        yield service


@pytest.mark.parametrize(
    "sent", [b"nonsense\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00", b"GET \xff\r\n"]
)
def test_what_is_no_request_is_told_so_in_our_shape(shared: Any, sent: bytes) -> None:
    status, headers, value = shared.ask(sent)
    assert (status, headers["connection"], value["error"]["code"]) == (400, "close", "malformed_request")


POSTS = ("/assign", "/contrast", "/assign_records", "/what_would_change", "/locate")


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("kept", [0, 1, 40])
def test_a_body_that_ends_before_its_length_is_told_so(shared: Any, good: dict[str, Any], path: str, kept: int) -> None:
    """And no answer is made of what did come, though it be a whole document."""
    whole = json.dumps({"customers": [{"id": "C1", "features": good}]}).encode()
    sent = shared.request("POST", path, whole + b" ")[:-1] if kept == 0 else shared.request("POST", path, whole)[:-kept]
    with shared.connect() as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        status, headers, value = shared.read(connection)
        assert connection.recv(1) == b""
    assert (status, headers["connection"], value["error"]["code"]) == (400, "close", "malformed_request")
    assert "body" in value["error"]["message"]
    assert shared.ask(shared.assign(good))[0] == 200


def test_a_head_that_ends_before_its_end_is_told_so(shared: Any) -> None:
    with shared.connect() as connection:
        connection.sendall(b"GET /model HTTP/1.1\r\nHost: x\r\nX-Ha")
        connection.shutdown(socket.SHUT_WR)
        status, _, value = shared.read(connection)
    assert (status, value["error"]["code"]) == (400, "malformed_request")


def test_a_head_and_a_url_without_end_are_cut(shared: Any) -> None:
    with shared.connect() as connection:
        with contextlib.suppress(OSError):
            connection.sendall(b"GET /livez HTTP/1.1\r\n")
            for number in range(10_000):
                connection.sendall(b"X-%d: %s\r\n" % (number, b"x" * 1000))
        with contextlib.suppress(OSError):
            assert shared.read(connection)[0] == 431
    status, _, value = shared.ask(b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (status, value["error"]["code"]) == (414, "url_too_long")
    many = "".join(f"X-{number}: 1\r\n" for number in range(101))
    assert shared.ask(shared.request(more=many))[0] == 431
    assert shared.ask(shared.request())[0] == 200


def test_an_upgrade_that_is_asked_for_is_not_made(shared: Any) -> None:
    more = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\nSec-WebSocket-Version: 13\r\n"
    assert shared.ask(shared.request("GET", "/livez", more=more))[0] == 200


def test_slow_heads_slow_bodies_and_the_silent_do_not_hold_up_others(
    shared: Any, good: dict[str, Any], record_property: Any
) -> None:
    def waited(number: int) -> float:
        begun = time.monotonic()
        status, _, value = shared.ask(shared.assign(good, f"K{number}"))
        assert (status, value["assignments"][0]["id"]) == (200, f"K{number}")
        return time.monotonic() - begun

    alone = median(waited(number) for number in range(50))
    silent = [shared.connect() for _ in range(10)]
    slow = [shared.connect() for _ in range(20)]
    started_body = [shared.connect() for _ in range(20)]
    try:
        for connection in slow:
            connection.sendall(b"GET /model HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        whole = shared.assign(good)
        for connection in started_body:
            connection.sendall(whole[:-40])
        among_them = median(waited(number) for number in range(50))
        record_property("median answer without them and among them", f"{1e3 * alone:.1f} and {1e3 * among_them:.1f} ms")
        assert among_them <= 3 * alone + FLOOR_SECONDS
        with contextlib.suppress(OSError):  # a byte now and then does not prolong it
            for connection in slow * 3:
                connection.sendall(b"y")
                time.sleep(0.02)
        for connection, code in [(slow[0], "head_timeout"), (started_body[0], "body_timeout")]:
            status, headers, value = shared.read(connection)
            assert (status, headers["connection"], value["error"]["code"]) == (408, "close", code)
        assert silent[0].recv(10) == b"", "who says nothing is cut off without a word"
    finally:
        for connection in [*silent, *slow, *started_body]:
            connection.close()


def test_connections_are_bounded_and_the_process_with_them(shared: Any) -> None:
    held = []
    try:
        refused = 0
        for _ in range(MOST_CONNECTIONS + 20):
            connection = shared.connect()
            held.append(connection)
        time.sleep(0.3)
        for connection in held[-15:]:
            status, headers, value = shared.read(connection)
            refused += (status, value["error"]["code"], headers["retry-after"]) == (503, "busy", "1")
        assert refused == 15
    finally:
        for connection in held:
            connection.close()
    end = time.monotonic() + 10
    while (status := shared.ask(shared.request())[0]) == 503 and time.monotonic() < end:
        time.sleep(0.05)
    assert status == 200


def wait_until_cut(worker: Any) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and len(worker.net_connections("tcp")) > 2:
        time.sleep(0.2)
    assert len(worker.net_connections("tcp")) <= 2, "the listening socket, and perhaps a last one"


def test_who_goes_away_and_who_does_not_read_leave_nothing_behind(shared: Any, good: dict[str, Any]) -> None:
    (worker,) = shared.workers()
    for _ in range(50):
        with shared.connect() as connection:
            connection.sendall(shared.assign(good)[:-10])
    with shared.deaf(shared.lists(good), 4):
        wait_until_cut(worker)


def test_a_hundred_megabytes_and_a_bomb_are_refused_with_memory_bounded(shared: Any, record_property: Any) -> None:
    before = shared.peak_bytes(forget=True)
    head = chunked(shared.request("POST", "/assign"))
    statuses = set()
    for _ in range(3):
        with shared.connect() as connection:
            connection.sendall(head)
            with contextlib.suppress(OSError):
                for _ in range(1600):
                    connection.sendall(b"10000\r\n" + b" " * 65_536 + b"\r\n")
            with contextlib.suppress(OSError):
                statuses.add(shared.read(connection)[0])
    assert statuses == {413}, "at least one of them could be read"
    announced = shared.request("POST", "/assign").replace(b"Content-Length: 0", b"Content-Length: 100000000")
    assert shared.ask(announced)[2]["error"]["code"] == "body_too_large"
    packed = gzip.compress(bytes(100_000_000))
    assert len(packed) < 200_000
    for _ in range(3):
        bomb = shared.request("POST", "/assign", packed, "Content-Encoding: gzip\r\n")
        assert shared.ask(bomb)[2]["error"]["code"] == "unsupported_encoding"
    grown = shared.peak_bytes() - before
    record_property("peak memory above that before", f"{grown / 1e6:.0f} MB")
    assert grown < 40_000_000


def unkeyed(request: bytes) -> bytes:
    """The same request of a caller without a key."""
    return b"\r\n".join(line for line in request.split(b"\r\n") if not line.startswith(b"Authorization"))


def chunked(request: bytes) -> bytes:
    """The head of that request without a body, to be followed by chunks."""
    return request.replace(b"Content-Length: 0\r\n", b"Transfer-Encoding: chunked\r\n")


def is_closed(connection: socket.socket) -> bool:
    """Whether the service closes it, without another word, within the socket's time."""
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


@pytest.mark.parametrize("dribbled", [b"x", b"\r\n"], ids=["the rest of a body", "line ends"])
def test_who_was_answered_and_dribbles_on_is_closed(shared: Any, dribbled: bytes) -> None:
    """uvicorn waits for the next request only until anything comes at all."""
    with shared.connect() as connection:
        if dribbled == b"x":
            connection.sendall(
                unkeyed(shared.request("POST", "/assign")).replace(b"Content-Length: 0", b"Content-Length: 1000000")
            )
            assert shared.read(connection)[0] == 401
        else:
            connection.sendall(unkeyed(shared.request("GET", "/livez")))
            assert shared.read(connection)[0] == 200
        begun = time.monotonic()
        connection.settimeout(0.2)
        closed = False
        while not closed and time.monotonic() - begun < 10 * HEADER_SECONDS:  # a byte now and then does not prolong it
            with contextlib.suppress(OSError):
                connection.sendall(dribbled)
            closed = is_closed(connection)
        assert closed


def test_a_body_that_comes_behind_its_refusal_keeps_the_connection(shared: Any, good: dict[str, Any]) -> None:
    head, _, body = unkeyed(shared.assign(good)).partition(b"\r\n\r\n")
    with shared.connect() as connection:
        for _ in range(3):
            connection.sendall(head + b"\r\n\r\n")
            assert shared.read(connection)[0] == 401
            for start in range(0, len(body), 50):
                connection.sendall(body[start : start + 50])
        connection.sendall(shared.assign(good))
        assert shared.read(connection)[0] == 200


@pytest.mark.parametrize("keyed", [False, True])
@pytest.mark.parametrize("sent", [b"X-More: some\r\n" * 4096, b"x" * 65_536], ids=["many", "one without end"])
@pytest.mark.parametrize("before", [b"0\r\n", b"1\r\nx\r\n0\r\nX-More: "], ids=["no body", "a body"])
def test_trailers_without_end_are_cut(shared: Any, keyed: bool, sent: bytes, before: bytes) -> None:
    head = chunked(shared.request("POST", "/assign"))
    earlier = shared.peak_bytes(forget=True)
    for _ in range(3):
        with shared.connect() as connection:
            connection.sendall(head if keyed else unkeyed(head))
            if not keyed:
                assert shared.read(connection)[0] == 401
            passed = 0
            try:
                connection.sendall(before)
                for _ in range(160):
                    passed += connection.send(sent)
            except OSError:
                pass
            with contextlib.suppress(OSError):
                if keyed:
                    assert shared.read(connection)[2]["error"]["code"] == "headers_too_large"
            assert passed < 8_000_000, "what the system itself holds of it, and no more"
    assert shared.peak_bytes() - earlier < 10_000_000


def test_chunks_of_a_byte_and_a_trailer_are_answered(shared: Any, good: dict[str, Any]) -> None:
    """However much framing that makes of a body, and however it is cut."""
    body = json.dumps({"customers": [{"id": f"K{number}", "features": good} for number in range(250)]}).encode()
    framed = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\nX-Checksum: abc\r\nX-Other: 1\r\n\r\n"
    assert len(framed) > 4 * 32_768
    with shared.connect() as connection:
        for _ in range(2):
            connection.sendall(chunked(shared.request("POST", "/assign")) + framed)
            status, _, value = shared.read(connection)
            assert (status, len(value["assignments"])) == (200, 250)


def replies(stream: IO[bytes]) -> list[tuple[int, str, bytes]]:
    """Status, request id and body of each answer until the connection is closed."""
    answers: list[tuple[int, str, bytes]] = []
    while first := stream.readline():
        lines = iter(lambda: stream.readline().decode().strip(), "")
        headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
        body = stream.read(size := int(headers["content-length"]))
        assert len(body) == size
        answers.append((int(first.split()[1]), headers.get("x-request-id", ""), body))
    return answers


def named(request: bytes, name: str) -> bytes:
    """The same request, with that id."""
    return request.replace(b"Host: x\r\n", b"Host: x\r\nX-Request-Id: %s\r\n" % name.encode(), 1)


def last(request: bytes) -> bytes:
    """The same request, with whose answer the connection ends."""
    return request.replace(b"Host: x\r\n", b"Host: x\r\nConnection: close\r\n", 1)


def test_requests_sent_at_once_are_answered_in_their_order(shared: Any, good: dict[str, Any]) -> None:
    kinds = [shared.assign(good), shared.request(), unkeyed(shared.request()), shared.request("GET", "/livez")]
    sent = [named(kinds[position % 4], f"r-{position}") for position in range(16)]
    with shared.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(b"".join(sent) + last(shared.request()))
        *answers, _ = replies(stream)
    assert [(status, name) for status, name, _ in answers] == [
        (401 if position % 4 == 2 else 200, f"r-{position}") for position in range(16)
    ]


def test_more_requests_at_once_than_may_wait_are_refused_behind_the_answers(shared: Any) -> None:
    sent = [named(shared.request("GET", "/livez"), f"r-{position}") for position in range(40)]
    with shared.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(b"".join(sent))
        *answered, refused = replies(stream)
    assert [(status, name) for status, name, _ in answered] == [(200, f"r-{position}") for position in range(17)]
    assert (refused[0], json.loads(refused[2])["error"]["code"]) == (429, "too_many_waiting")


def test_requests_without_end_do_not_fill_the_memory(shared: Any) -> None:
    sent = b"GET /livez HTTP/1.1\r\n\r\n" * 50_000
    earlier = shared.peak_bytes(forget=True)
    for _ in range(5):
        with shared.connect() as connection, contextlib.suppress(OSError):
            connection.sendall(sent)
    assert shared.ask(shared.request())[0] == 200
    assert shared.peak_bytes() - earlier < 10_000_000


@pytest.mark.parametrize("ending", ["nonsense", "a head", "a body"])
def test_what_is_refused_does_not_cut_off_the_answer_before_it(shared: Any, good: dict[str, Any], ending: str) -> None:
    behind = {"nonsense": b"nonsense\r\n\r\n", "a head": b"GET /mod", "a body": shared.assign(good)[:-10]}[ending]
    with shared.connect() as connection, connection.makefile("rb") as stream:
        connection.sendall(named(shared.assign(good), "first") + behind)
        connection.shutdown(socket.SHUT_WR)
        first, second = replies(stream)
    assert first[:2] == (200, "first")
    assert (second[0], json.loads(second[2])["error"]["code"]) == (400, "malformed_request")


def test_the_beginning_of_the_next_request_behind_a_long_one_is_no_head_too_long(
    shared: Any, good: dict[str, Any]
) -> None:
    body = json.dumps({"customers": [{"id": f"K{number}", "features": good} for number in range(350)]}).encode()
    assert len(body) > 36_000
    request = shared.request("POST", "/assign", body)
    for cut in (10, 100, len(request) - len(body) - 1):
        with shared.connect() as connection:
            connection.sendall(request + request[:cut])
            status, _, value = shared.read(connection)
            assert (status, len(value["assignments"])) == (200, 350)
            connection.sendall(request[cut:])
            assert shared.read(connection)[0] == 200


def test_a_line_end_behind_an_answer_and_then_silence_is_closed(shared: Any) -> None:
    with shared.connect() as connection:
        connection.sendall(unkeyed(shared.request("GET", "/livez")))
        assert shared.read(connection)[0] == 200
        connection.sendall(b"\r\n")
        assert is_closed(connection)


def test_requests_that_arrive_while_the_worker_stalls_are_answered(shared: Any, good: dict[str, Any]) -> None:
    """On a connection that it kept, whose keep-alive time passes meanwhile, and on one that it had just accepted.

    A stalled event loop runs its timers before it reads its sockets: each of these connections was reset once.
    """
    (worker,) = shared.workers()
    with shared.connect() as kept, shared.connect() as fresh:
        kept.sendall(shared.assign(good, "K1"))
        assert shared.read(kept)[0] == 200
        worker.suspend()
        try:
            while worker.status() != psutil.STATUS_STOPPED:
                time.sleep(0.01)
            kept.sendall(shared.assign(good, "K2"))
            fresh.sendall(shared.assign(good, "F1"))
            time.sleep(KEEP_ALIVE_SECONDS + 1)
        finally:
            worker.resume()
        for connection, name in [(kept, "K2"), (fresh, "F1")]:
            status, _, value = shared.read(connection)
            assert (status, value["assignments"][0]["id"]) == (200, name)


def test_an_idle_connection_is_closed(shared: Any) -> None:
    with shared.connect() as connection:
        connection.sendall(shared.request())
        assert shared.read(connection)[0] == 200
        begun = time.monotonic()
        assert connection.recv(1) == b""
        assert time.monotonic() - begun > KEEP_ALIVE_SECONDS / 2


def test_who_asks_much_and_reads_nothing_is_cut(shared: Any, good: dict[str, Any]) -> None:
    (worker,) = shared.workers()
    with shared.deaf(shared.lists(good, 6), 3):
        wait_until_cut(worker)


def test_who_reads_slowly_gets_all_of_it(shared: Any, good: dict[str, Any]) -> None:
    """Though it takes several times as long as one who reads nothing is waited for."""
    read = bytearray()
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        connection.settimeout(15)
        connection.connect(("127.0.0.1", shared.port))
        connection.sendall(shared.lists(good, 4) + last(shared.lists(good)))
        begun = time.monotonic()
        while part := connection.recv(40_000):
            read += part
            time.sleep(0.08)
        taken = time.monotonic() - begun
    assert [status for status, _, _ in replies(io.BytesIO(read))] == [200] * 5
    assert taken > 4 * HEADER_SECONDS


def test_nonsense_is_counted_and_not_logged(shared: Any) -> None:
    def counted() -> float:
        page = shared.ask(shared.request("GET", "/metrics"))[2].decode()
        (line,) = [line for line in page.splitlines() if '_refused_requests_total{code="malformed_request"}' in line]
        return float(line.split()[1])

    assert shared.ask(b"nonsense\r\n\r\n")[0] == 400
    before = counted()
    for _ in range(50):
        assert shared.ask(b"nonsense\r\n\r\n")[0] == 400
    assert counted() == before + 50
    assert shared.ask(named(shared.request(), "after-nonsense"))[0] == 200
    end = time.monotonic() + 10
    while "after-nonsense" not in (text := shared.log.read_text()) and time.monotonic() < end:
        time.sleep(0.05)
    assert "after-nonsense" in text
    assert "Invalid HTTP" not in text
    assert "uvicorn" not in text


def test_a_crowd_gets_200_or_503_and_nothing_else(shared: Any, good: dict[str, Any]) -> None:
    sent = [shared.assign(good, f"K{number}") for number in range(40)]
    connections = [shared.connect() for _ in sent]
    answers = []
    try:
        for _ in range(5):
            for connection, request in zip(connections, sent, strict=True):
                connection.sendall(request)
            answers += [shared.read(connection) for connection in connections]
    finally:
        for connection in connections:
            connection.close()
    assert {status for status, _, _ in answers} <= {200, 503}
    answered = [(position % 40, value) for position, (status, _, value) in enumerate(answers) if status == 200]
    assert answered
    assert all(value["assignments"][0]["id"] == f"K{position}" for position, value in answered)
    assert all(headers["retry-after"] == "1" for status, headers, _ in answers if status == 503)


def test_the_workers_log_is_json_and_holds_no_key(shared: Any, good: dict[str, Any]) -> None:
    request = shared.assign(good, "Kunde 4711").replace(b"Host: x", b"Host: x\r\nX-Request-Id: torture-15")
    status, headers, _ = shared.ask(request)
    assert (status, headers["x-request-id"]) == (200, "torture-15")
    end = time.monotonic() + 10  # the line is written when the answer has been
    while "torture-15" not in (text := shared.log.read_text()) and time.monotonic() < end:
        time.sleep(0.05)
    lines = [json.loads(line) for line in text.splitlines()]
    assert len({line["process"] for line in lines}) == 2, "of the worker, and of the process that starts it"
    (line,) = [line for line in lines if line.get("request_id") == "torture-15"]
    assert (line["route"], line["key"], line["status"]) == ("/assign", "web", 200)
    assert shared.key not in text
    assert "4711" not in text
    assert "asks for no API key" not in text
