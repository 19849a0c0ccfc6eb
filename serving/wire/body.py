"""Read the headers and the body of a request: both of bounded size, the body in bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from serving.wire.messages import JSON, Headers, Receive, Scope
from serving.wire.refusals import Refusal, shortened

DISCARD_SECONDS = 3.0
LONGEST_URL = 8 * 1024
MOST_HEADERS = 100
LARGEST_HEAD = 32 * 1024


class Disconnected(Exception):  # noqa: N818  # no failure of the service
    """The caller closed the connection before the body was complete, so that an answer would reach nobody."""


def check_head(scope: Scope) -> None:
    """Refuse a URL (414) or headers (431) that are longer than any caller needs.

    Raises
    ------
    Refusal
        414 or 431; the connection is closed after it.
    """
    url = len(scope.get("raw_path") or b"") + len(scope.get("query_string", b""))
    if url > LONGEST_URL:
        message = f"the URL has {url} bytes; the service reads at most {LONGEST_URL}"
        raise Refusal(414, "url_too_long", message, headers={"Connection": "close"})
    headers = scope["headers"]
    if len(headers) > MOST_HEADERS or sum([len(name) + len(value) for name, value in headers]) > LARGEST_HEAD:
        message = f"the service reads at most {MOST_HEADERS} headers of together {LARGEST_HEAD} bytes"
        raise Refusal(431, "headers_too_large", message, headers={"Connection": "close"})


@dataclass(slots=True)
class BodyBudget:
    """The bytes of incomplete bodies, over all connections."""

    most_bytes: int
    held: int = 0

    def hold(self, size: int) -> None:
        """Add `size` bytes.

        Raises
        ------
        Refusal
            503 if the budget is exhausted.
        """
        if self.held + size > self.most_bytes:
            message = "too many request bodies arrive at the same time; ask again"
            raise Refusal(503, "busy", message, headers={"Retry-After": "1", "Connection": "close"})
        self.held += size

    def release(self, size: int) -> None:
        self.held -= size


class BodyTimeout:
    """Ends each wait for a body that lasts longer than `most_seconds`.

    One timer serves all waits: it checks them about every second, and cancels those that began too long ago. A timer
    for each wait, by asyncio.timeout, costs a tenth of the requests, since uvloop opens and closes a handle for it
    (docs/decisions/0021-libraries-of-the-service.md).
    """

    def __init__(self, most_seconds: float) -> None:
        self._most_seconds = most_seconds
        self._since: dict[asyncio.Task[Any], float] = {}
        self._late: set[asyncio.Task[Any]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None  # the loop that runs the next check

    async def wait_for(self, body: Coroutine[Any, Any, bytes]) -> bytes:
        """The body that the coroutine returns.

        Raises
        ------
        TimeoutError
            If it has not returned after `most_seconds`, or up to a second (at most a quarter of that time) later.
        """
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None, "a coroutine runs in a task"  # noqa: S101
        self._since[task] = loop.time()
        if self._loop is not loop:
            self._check_later(loop)
        try:
            return await body
        except asyncio.CancelledError:
            if task not in self._late:
                raise
            task.uncancel()
            raise TimeoutError from None
        finally:
            del self._since[task]
            self._late.discard(task)

    def _check_later(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        loop.call_later(min(1.0, self._most_seconds / 4), self._check, loop)

    def _check(self, loop: asyncio.AbstractEventLoop) -> None:
        oldest = loop.time() - self._most_seconds
        for task in [task for task, since in self._since.items() if since < oldest and task not in self._late]:
            self._late.add(task)
            task.cancel()
        if self._since:
            self._check_later(loop)
        else:
            self._loop = None


@dataclass(frozen=True, slots=True)
class BodyReader:
    """Reads JSON bodies of bounded size in bounded time; all incomplete bodies together have a budget."""

    most_bytes: int
    most_seconds: float
    budget: BodyBudget = field(default_factory=lambda: BodyBudget(64 * 1024 * 1024))
    timeout: BodyTimeout = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "timeout", BodyTimeout(self.most_seconds))

    async def read(self, headers: Headers, receive: Receive) -> bytes:
        """The body.

        Raises
        ------
        Refusal
            415 for another content type or an encoding, 413 for a body too large, 408 for one that does not end, 503
            where too many arrive at the same time.
        Disconnected
            If the caller closes the connection first.
        """
        _check_content(headers)
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length[:20]) > self.most_bytes:
            if b"expect" not in headers:  # a caller who expects "100 Continue" has not sent the body yet
                await self._discard(receive)
            raise self._too_large()
        try:
            return await self.timeout.wait_for(self._collect(receive))
        except TimeoutError as error:
            message = f"the body did not arrive within {self.most_seconds:g} s"
            raise Refusal(408, "body_timeout", message, headers={"Connection": "close"}) from error

    async def _collect(self, receive: Receive) -> bytes:
        parts: list[bytes] = []
        size = held = 0
        try:
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Disconnected
                part: bytes = message.get("body", b"")
                more = message.get("more_body", False)
                if not parts and not more and len(part) <= self.most_bytes:
                    return part  # the common case: a body in one piece
                parts.append(part)
                size += len(part)
                if size > self.most_bytes:
                    parts.clear()
                    if more:
                        await self._discard(receive)
                    raise self._too_large()
                self.budget.hold(len(part))
                held += len(part)
                if not more:
                    return b"".join(parts)
        finally:
            self.budget.release(held)

    async def _discard(self, receive: Receive) -> None:
        """Read on for a while, since closing the connection while the caller sends would lose the answer."""
        size = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(DISCARD_SECONDS):
                while size <= 2 * self.most_bytes:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Disconnected
                    size += len(message.get("body", b""))
                    if not message.get("more_body", False):
                        return

    def _too_large(self) -> Refusal:
        message = f"the body is larger than {self.most_bytes} bytes; send fewer customers at a time"
        return Refusal(413, "body_too_large", message, headers={"Connection": "close"})


def _check_content(headers: Headers) -> None:
    content_type = headers.get(b"content-type", b"")
    if content_type == JSON.encode() and b"content-encoding" not in headers:
        return  # nearly always
    media_type, _, parameters = content_type.partition(b";")
    charset = parameters.lower().replace(b'"', b"").replace(b"charset=utf-8", b"")
    if media_type.strip().lower() != JSON.encode() or b"charset" in charset:
        sent = shortened(content_type.decode("latin-1"))
        raise Refusal(415, "unsupported_media_type", f"the content type must be {JSON} in UTF-8, got {sent!r}")
    encoding = headers.get(b"content-encoding", b"identity")
    if encoding.lower() != b"identity":
        sent = shortened(encoding.decode("latin-1"))
        raise Refusal(415, "unsupported_encoding", f"send the body as it is, without content encoding; got {sent!r}")
