"""Connections of one worker, bounded in number, and each in what it sends beside bodies and the time it takes for it.

uvicorn waits for ever for a head that does not end, or for the rest of a request that it has answered; it keeps all of
a head and of the trailers behind a body, and answers what is no HTTP in a shape of its own. Its server takes the class
of its connections from its configuration; this one is put there.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.body import LARGEST_HEAD
from serving.messages import JSON
from serving.refusals import Refusal
from serving.strict_json import dump

LOOK_SECONDS = 1.0
# What is read at once is parsed in parts of this size: the parser tells that a body came, not where in the part it
# ended, so what came behind it is only counted from the next part on.
PART = LARGEST_HEAD


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a worker allows; `refused` hears of every connection that was turned away."""

    most: int
    head_seconds: float
    refused: Callable[[Refusal], None]


class BoundedConnection(HttpToolsProtocol):
    """uvicorn's connection, which knows since when it waits, and how much came meanwhile.

    It waits for a head from the beginning, and from the first byte of each; and for whatever else comes when all that
    was asked has been answered: the rest of a body that was refused, or line ends before the next head.
    """

    def __init__(self, *given: Any, bounds: Bounds, **named: Any) -> None:
        super().__init__(*given, **named)
        self._bounds = bounds
        self._bytes = 0  # since a head was whole or a piece of a body came: head, trailers, the framing of chunks
        self._head_since: float | None = None
        self._rest_since: float | None = None
        self._closing_since: float | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._head_since = self.loop.time()
        if len(self.connections) > self._bounds.most:
            self._refuse(Refusal(503, "busy", "too many connections are open; ask again", headers={"Retry-After": "1"}))

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), PART):
            if self.transport.is_closing():
                return
            self._part_received(data[start : start + PART])

    def _part_received(self, part: bytes) -> None:
        self._bytes += len(part)
        super().data_received(part)
        if self.transport.is_closing():
            return
        if self._head_since is None and self._rest_since is None and self.cycle.response_complete:
            self._rest_since = self.loop.time()  # uvicorn has just stopped its clock, and would not start it again
        if self._bytes > LARGEST_HEAD:
            message = f"at most {LARGEST_HEAD} bytes of URL and headers are read, and of trailers"
            self._refuse(Refusal(431, "headers_too_large", message))

    def eof_received(self) -> None:
        """The caller sends no more: where a head or a body was still under way, it is told so before we close."""
        head = self._head_since is not None and self._bytes > 0
        body = self.cycle is not None and self.cycle.more_body and not self.cycle.response_started
        if (head or body) and not self.transport.is_closing():
            what = "body" if body else "head"
            self._refuse(Refusal(400, "malformed_request", f"the request ended before its {what} did"))

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head_since = self.loop.time()
        self._rest_since = None

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._head_since = None
        self._bytes = 0
        self.headers = deque(maxlen=0)  # type: ignore[assignment]  # nobody reads trailers, so none is kept

    def on_body(self, body: bytes) -> None:
        super().on_body(body)
        self._bytes = 0

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002  # uvicorn's words are not ours
        """What is no HTTP is told so in our shape."""
        self._refuse(Refusal(400, "malformed_request", "this is no HTTP/1.1 request"))

    def _unsupported_upgrade_warning(self) -> None:
        """Nobody is told of an upgrade that was asked for: the request is answered without."""

    def _refuse(self, refusal: Refusal) -> None:
        """Close, and say why unless what is refused belongs to a request that has its answer already."""
        self._bounds.refused(refusal)
        if self._head_since is not None or self.cycle is None or not self.cycle.response_started:
            body = dump(refusal.to_json())
            headers = {"Content-Type": JSON, "Content-Length": str(len(body)), "Connection": "close", **refusal.headers}
            lines = [f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            self.transport.write("\r\n".join([*lines, "", ""]).encode() + body)
        self.transport.close()

    def look(self, now: float) -> None:
        """Close a connection whose head or rest does not come, and cut one that would not let itself be closed."""
        if self.transport.is_closing():
            # its caller does not read what was written: closing waits for that
            self._closing_since = self._closing_since or now
            if self._late(self._closing_since, now):
                self.transport.abort()
        elif self._late(self._head_since, now) and self._bytes:
            message = f"the head of the request did not arrive within {self._bounds.head_seconds:g} s"
            self._refuse(Refusal(408, "head_timeout", message))
        elif self._late(self._head_since, now) or self._late(self._rest_since, now):
            self.transport.close()

    def _late(self, since: float | None, now: float) -> bool:
        return since is not None and now - since > self._bounds.head_seconds


def bound_connections(server: uvicorn.Server, bounds: Bounds) -> None:
    """Have the server make its connections so, from now on, and look at them every second."""
    loop = asyncio.get_running_loop()
    server.config.http_protocol_class = partial(BoundedConnection, bounds=bounds)  # type: ignore[assignment]
    server.config.ws_protocol_class = None

    def look() -> None:
        now = loop.time()
        for connection in [found for found in server.server_state.connections if isinstance(found, BoundedConnection)]:
            connection.look(now)
        loop.call_later(LOOK_SECONDS, look)

    loop.call_later(LOOK_SECONDS, look)
