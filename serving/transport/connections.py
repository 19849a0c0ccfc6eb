"""Connections of one worker, bounded in number, and each in what it sends beside bodies, how many requests it has
waiting, and how long it says nothing or reads nothing.

uvicorn waits for ever for a head that does not end, for the rest of a request that it has answered, and for a caller
who does not read; it keeps all of a head, of the trailers behind a body and of the requests behind the one under way;
it logs what is no HTTP, and answers that in a shape of its own. Its server takes the class of its connections from its
configuration; this one is put there.
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

LOOK_SECONDS = 1.0
# After a stall the event loop runs its timers before it reads its sockets. So whatever closes a silent connection waits
# this long for a turn of the loop: what arrived during the stall is read first, and its request is not reset.
READ_FIRST_SECONDS = 0.05
# Requests that were sent on one connection behind the one under way. uvicorn keeps some 2 kB of each, however short it
# is, and reads them a quarter of a megabyte at a time.
MOST_WAITING = 16
# What is read at once is parsed in parts of this size: the parser tells that a body came, not where in the part it
# ended, so what came behind it is only counted from the next part on.
PART = LARGEST_HEAD


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a worker allows; `refused` hears of every connection that was turned away, `cut` of those that do not read.

    A connection is given `seconds` for a head, for what comes behind its last request, and to take any of its answers.
    """

    most: int
    seconds: float
    refused: Callable[[Refusal], None]
    cut: Callable[[], None]


class BoundedConnection(HttpToolsProtocol):
    """uvicorn's connection, which knows since when it waits, and how much came meanwhile.

    It waits for a head from the beginning, and from the first byte of each; and for whatever else comes when all that
    was asked has been answered: the rest of a body that was refused, or line ends before the next head. While an answer
    is due it waits for its caller only to read. What it refuses is the last that it reads: its words are said, and the
    connection is closed, when all that was asked before has been answered.
    """

    def __init__(self, *given: Any, bounds: Bounds, **named: Any) -> None:
        super().__init__(*given, **named)
        self._bounds = bounds
        self._bytes = 0  # since a head was whole or a piece of a body came: head, trailers, the framing of chunks
        self._head_since: float | None = None
        self._rest_since: float | None = None
        self._unread = 0  # at the last look
        self._taken_at: float | None = None
        self._last_words: bytes | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head_since = self.loop.time()
        if len(self.connections) > self._bounds.most:
            self._refuse(Refusal(503, "busy", "too many connections are open; ask again", headers={"Retry-After": "1"}))

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), PART):
            if self._last_words is not None or self.transport.is_closing():
                return
            self._part_received(data[start : start + PART])

    def _part_received(self, part: bytes) -> None:
        """As uvicorn does it, but that nothing is logged: whoever floods the service must not flood its log."""
        self._unset_keepalive_if_required()
        self._bytes += len(part)
        try:
            self.parser.feed_data(part)
        except HttpParserError as error:
            found = error.__context__  # what was raised while the parser told us of a request: it goes no further then
            malformed = Refusal(400, "malformed_request", "this is no HTTP/1.1 request")
            self._refuse(found if isinstance(found, Refusal) else malformed)
            return
        except HttpParserUpgrade:
            pass  # what was asked for is not told of: the request is answered without
        if self._head_since is None and self._rest_since is None and self.cycle.response_complete:
            self._rest_since = self.loop.time()  # uvicorn's clock has just been stopped, and would not start again
        if self._bytes > LARGEST_HEAD:
            message = f"at most {LARGEST_HEAD} bytes of URL and headers are read, and of trailers"
            self._refuse(Refusal(431, "headers_too_large", message))

    def eof_received(self) -> bool:  # type: ignore[override]
        """The caller sends no more: where a head or a body was still under way, it is told so before we close.

        True leaves the connection open for that, until what was asked before has been answered.
        """
        head = self._head_since is not None and self._bytes > 0
        body = self.cycle is not None and self.cycle.more_body and not self.cycle.response_started
        if (head or body) and self._last_words is None and not self.transport.is_closing():
            what = "body" if body else "head"
            self._refuse(Refusal(400, "malformed_request", f"the request ended before its {what} did"))
        return self._last_words is not None

    def on_message_begin(self) -> None:
        self._head_since = self.loop.time()
        self._rest_since = None
        self._bytes = 1  # of this head at least; what came before it in the same part is none of it
        if len(self.pipeline) >= MOST_WAITING:
            message = f"at most {MOST_WAITING} requests may wait on one connection; read answers before you ask more"
            raise Refusal(429, "too_many_waiting", message, headers={"Retry-After": "1"})
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._head_since = None
        self._bytes = 0
        self.headers = deque(maxlen=0)  # type: ignore[assignment]  # nobody reads trailers, so none is kept

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._bytes = 0

    def on_response_complete(self) -> None:
        last = not self.pipeline
        super().on_response_complete()
        if last and self._last_words is not None:
            self._end()
        elif last and self._head_since is not None:
            self._head_since = self.loop.time()  # we may not have read the rest of it meanwhile
            self._unset_keepalive_if_required()

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection, unless its next request has arrived unread."""
        self.timeout_keep_alive_task = self.loop.call_later(READ_FIRST_SECONDS, super().timeout_keep_alive_handler)

    def _refuse(self, refusal: Refusal) -> None:
        """Read no more; say why and close when all that was asked before has been answered.

        Nothing is said where what is refused belongs to a request that has its answer already.
        """
        self._bounds.refused(refusal)
        cycle = self.cycle
        half = cycle is not None and cycle.more_body and self._head_since is None
        self._last_words = b"" if half and cycle.response_started else _said(refusal)
        if half and self.pipeline:
            self.pipeline.popleft()  # its turn never comes: this is its answer
        elif half and not cycle.response_started:
            cycle.disconnected = True  # whoever waits for the rest of it hears that none will come
            self._end()
        elif cycle is None or cycle.response_complete:
            self._end()

    def _end(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(self._last_words or b"")
            self.transport.close()

    def look(self, now: float) -> None:
        """Close a connection whose head or rest does not come, and cut one that takes nothing of what it asked for."""
        unread = _unread(self.transport)
        if unread < self._unread or not self._unread:
            self._taken_at = now
        self._unread = unread
        if unread and self._late(self._taken_at, now):
            self._bounds.cut()
            self.transport.abort()
        elif self.transport.is_closing() or (self.cycle is not None and not self.cycle.response_complete):
            return  # it ends anyway, or there are answers to come
        elif self._late(self._head_since, now) and self._bytes:
            message = f"the head of the request did not arrive within {self._bounds.seconds:g} s"
            self._refuse(Refusal(408, "head_timeout", message))
        elif self._late(self._head_since, now) or self._late(self._rest_since, now):
            self.transport.close()

    def _late(self, since: float | None, now: float) -> bool:
        return since is not None and now - since > self._bounds.seconds


def _unread(transport: asyncio.Transport) -> int:
    """Bytes of answers that the caller's system has not taken, where ours does not hold all of them; else 0.

    Ours takes some from us only when a third of its megabytes is free, which a slow reader needs many seconds for.
    """
    waiting = transport.get_write_buffer_size()
    if waiting and sys.platform != "win32":
        import fcntl
        import termios

        with suppress(OSError):  # it was closed a moment ago
            held = fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
            waiting += int.from_bytes(held, sys.byteorder)
    return waiting


def _said(refusal: Refusal) -> bytes:
    """A whole response, after which the connection is closed."""
    body = dump(refusal.to_json())
    headers = {"Content-Type": JSON, "Content-Length": str(len(body)), "Connection": "close", **refusal.headers}
    lines = [f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def bound_connections(server: uvicorn.Server, bounds: Bounds) -> None:
    """Have the server make its connections so, from now on, and look at them every second."""
    loop = asyncio.get_running_loop()
    server.config.http_protocol_class = partial(BoundedConnection, bounds=bounds)  # type: ignore[assignment]
    server.config.ws_protocol_class = None

    def look() -> None:
        now = loop.time()
        for connection in [found for found in server.server_state.connections if isinstance(found, BoundedConnection)]:
            connection.look(now)
        loop.call_later(LOOK_SECONDS, read_first)

    def read_first() -> None:
        loop.call_later(READ_FIRST_SECONDS, look)

    loop.call_later(LOOK_SECONDS, read_first)
