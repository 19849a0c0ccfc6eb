"""Bounds on the connections of one worker: their number, and for each the size of headers and trailers, the number of
pipelined requests, and the time in which the client neither sends nor reads.

uvicorn bounds none of these. It waits without end for incomplete headers, for the rest of a request that it has
answered, and for a client that does not read; it stores headers, trailers and pipelined requests of any size; it logs
input that is not HTTP, and answers it in an error shape of its own. Its server takes the class of connections from its
configuration, in which `bound_connections` replaces it.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any

import uvicorn
from httptools import HttpParserError, HttpParserUpgrade
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.wire.body import LARGEST_HEAD
from serving.wire.messages import JSON
from serving.wire.refusals import Refusal
from serving.wire.strict_json import dump

CHECK_SECONDS = 1.0
# After a stall the event loop runs its timers before it reads its sockets. So a timer that closes a silent connection
# waits this long for one more iteration of the loop: input that arrived during the stall is read first, and its request
# is not reset.
READ_FIRST_SECONDS = 0.05
# Pipelined requests: sent on one connection before the current one is answered. uvicorn stores some 2 kB of each,
# however short it is, and reads a quarter of a megabyte of them at a time.
MOST_WAITING = 16
# Input is parsed in parts of this size: the parser reports a piece of a body, not where in the part it ends, so that
# bytes behind it are counted from the next part on.
PART = LARGEST_HEAD


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of one worker.

    most : connections
    seconds : the longest wait for complete headers, for what follows the last request, and for a client to read
    refused, cut : are called for each refused connection, and for each whose client does not read
    """

    most: int
    seconds: float
    refused: Callable[[Refusal], None]
    cut: Callable[[], None]


class BoundedConnection(HttpToolsProtocol):
    """uvicorn's connection with bounds; `check` enforces those of time.

    The connection waits for headers from its beginning and from their first byte. When all requests are answered, it
    also waits for other bytes: the rest of a refused body, or line ends before the next headers. While an answer is
    due, it only waits for the client to read. After a refusal it reads no more: it answers the earlier requests, then
    writes the refusal and closes.
    """

    def __init__(self, *arguments: Any, bounds: Bounds, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._bounds = bounds
        self._bytes = 0  # since the last complete headers or piece of a body: headers, trailers, framing of chunks
        self._headers_since: float | None = None
        self._rest_since: float | None = None
        self._unread = 0  # at the last check
        self._read_at: float | None = None
        self._refusal: bytes | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._headers_since = self.loop.time()
        if len(self.connections) > self._bounds.most:
            self._refuse(Refusal(503, "busy", "too many connections are open; ask again", headers={"Retry-After": "1"}))

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), PART):
            if self._refusal is not None or self.transport.is_closing():
                return
            self._part_received(data[start : start + PART])

    def _part_received(self, part: bytes) -> None:
        """Parse as uvicorn does, but log nothing: a flood of requests must not flood the log."""
        self._unset_keepalive_if_required()
        self._bytes += len(part)
        try:
            self.parser.feed_data(part)
        except HttpParserError as error:
            raised = error.__context__  # by a callback of the parser, which then stops
            malformed = Refusal(400, "malformed_request", "this is not an HTTP/1.1 request")
            self._refuse(raised if isinstance(raised, Refusal) else malformed)
            return
        except HttpParserUpgrade:
            pass  # the request is answered without the upgrade
        if self._headers_since is None and self._rest_since is None and self.cycle.response_complete:
            self._rest_since = self.loop.time()  # uvicorn has cancelled its keep-alive timer, and does not set it again
        if self._bytes > LARGEST_HEAD:
            message = f"the service reads at most {LARGEST_HEAD} bytes of URL and headers, and of trailers"
            self._refuse(Refusal(431, "headers_too_large", message))

    def eof_received(self) -> bool:  # type: ignore[override]
        """The client sends no more: refuse an incomplete request.

        True keeps the connection open until the earlier requests are answered.
        """
        headers = self._headers_since is not None and self._bytes > 0
        body = self.cycle is not None and self.cycle.more_body and not self.cycle.response_started
        if (headers or body) and self._refusal is None and not self.transport.is_closing():
            message = "the request body is incomplete" if body else "the request headers are incomplete"
            self._refuse(Refusal(400, "malformed_request", message))
        return self._refusal is not None

    def on_message_begin(self) -> None:
        self._headers_since = self.loop.time()
        self._rest_since = None
        self._bytes = 1  # of these headers at least; bytes before them in the same part do not count
        if len(self.pipeline) >= MOST_WAITING:
            message = f"at most {MOST_WAITING} requests may wait on one connection; read answers before you send more"
            raise Refusal(429, "too_many_waiting", message, headers={"Retry-After": "1"})
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._headers_since = None
        self._bytes = 0
        self.headers = deque(maxlen=0)  # type: ignore[assignment]  # trailers are not used, so none is stored

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._bytes = 0

    def on_response_complete(self) -> None:
        last = not self.pipeline
        super().on_response_complete()
        if last and self._refusal is not None:
            self._end()
        elif last and self._headers_since is not None:
            self._headers_since = self.loop.time()  # the wait starts anew: their rest may be unread
            self._unset_keepalive_if_required()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, unless its next request has arrived unread."""
        self.timeout_keep_alive_task = self.loop.call_later(READ_FIRST_SECONDS, super().timeout_keep_alive_handler)

    def _refuse(self, refusal: Refusal) -> None:
        """Read no more; when the earlier requests are answered, write the refusal and close.

        The rest of a request that is answered already gets no second answer.
        """
        self._bounds.refused(refusal)
        cycle = self.cycle
        half = cycle is not None and cycle.more_body and self._headers_since is None
        self._refusal = b"" if half and cycle.response_started else response_bytes(refusal)
        if half and self.pipeline:
            self.pipeline.popleft()  # it never starts: the refusal is its answer
        elif half and not cycle.response_started:
            cycle.disconnected = True  # so that the reader of its body stops waiting
            self._end()
        elif cycle is None or cycle.response_complete:
            self._end()

    def _end(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(self._refusal or b"")
            self.transport.close()

    def check(self, now: float) -> None:
        """Close a connection whose headers do not arrive in time, and abort one whose client does not read."""
        unread = _unread(self.transport)
        if unread < self._unread or not self._unread:
            self._read_at = now
        self._unread = unread
        if unread and self._late(self._read_at, now):
            self._bounds.cut()
            self.transport.abort()
        elif self.transport.is_closing() or (self.cycle is not None and not self.cycle.response_complete):
            return  # it is being closed, or an answer is due
        elif self._late(self._headers_since, now) and self._bytes:
            message = f"the request headers did not arrive within {self._bounds.seconds:g} s"
            self._refuse(Refusal(408, "head_timeout", message))
        elif self._late(self._headers_since, now) or self._late(self._rest_since, now):
            self.transport.close()

    def _late(self, since: float | None, now: float) -> bool:
        return since is not None and now - since > self._bounds.seconds


def _unread(transport: asyncio.Transport) -> int:
    """Bytes of answers that the client has not read, if they exceed the send buffer of the operating system; else 0.

    The operating system takes more bytes only when a third of its megabytes is free, which takes a slow client many
    seconds; so its buffer counts too.
    """
    waiting = transport.get_write_buffer_size()
    if waiting and sys.platform != "win32":
        import fcntl
        import termios

        with suppress(OSError):  # the socket is closed already
            held = fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
            waiting += int.from_bytes(held, sys.byteorder)
    return waiting


def response_bytes(refusal: Refusal) -> bytes:
    """The bytes of a response that closes the connection."""
    body = dump(refusal.to_json())
    headers = {"Content-Type": JSON, "Content-Length": str(len(body)), "Connection": "close", **refusal.headers}
    lines = [f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def bound_connections(server: uvicorn.Server, bounds: Bounds) -> None:
    """Have the server bound its connections from now on, and check them every second."""
    loop = asyncio.get_running_loop()
    server.config.http_protocol_class = partial(BoundedConnection, bounds=bounds)  # type: ignore[assignment]
    server.config.ws_protocol_class = None

    def check_all() -> None:
        now = loop.time()
        for connection in list(server.server_state.connections):
            if isinstance(connection, BoundedConnection):
                connection.check(now)
        loop.call_later(CHECK_SECONDS, read_first)

    def read_first() -> None:
        loop.call_later(READ_FIRST_SECONDS, check_all)

    loop.call_later(CHECK_SECONDS, read_first)
