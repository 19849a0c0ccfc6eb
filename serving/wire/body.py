"""A request's head and body, each of bounded size, the body in bounded time."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from serving.wire.messages import JSON, Headers, Receive, Scope
from serving.wire.refusals import Refusal, printable

DISCARD_SECONDS = 3.0
LONGEST_URL = 8 * 1024
MOST_HEADERS = 100
LARGEST_HEAD = 32 * 1024


class Disconnected(Exception):  # noqa: N818  # nothing is wrong on our side
    """The caller went away before its body was whole: there is nobody to answer."""


def check_head(scope: Scope) -> None:
    """Refuse a URL (414) or headers (431) that nobody needs so long.

    Raises
    ------
    Refusal
        414 or 431; the connection ends with it.
    """
    url = len(scope.get("raw_path") or b"") + len(scope.get("query_string", b""))
    if url > LONGEST_URL:
        message = f"the URL has {url} bytes; at most {LONGEST_URL} are read"
        raise Refusal(414, "url_too_long", message, headers={"Connection": "close"})
    headers = scope["headers"]
    if len(headers) > MOST_HEADERS or sum([len(name) + len(value) for name, value in headers]) > LARGEST_HEAD:
        message = f"at most {MOST_HEADERS} headers and {LARGEST_HEAD} bytes of them are read"
        raise Refusal(431, "headers_too_large", message, headers={"Connection": "close"})


@dataclass(slots=True)
class BodyBudget:
    """Bytes of bodies that are under way and not whole yet, over all connections."""

    most_bytes: int
    held: int = 0

    def hold(self, size: int) -> None:
        """Count `size` bytes more.

        Raises
        ------
        Refusal
            503 if they are too many.
        """
        if self.held + size > self.most_bytes:
            message = "too many bodies are under way at the same time; ask again"
            raise Refusal(503, "busy", message, headers={"Retry-After": "1", "Connection": "close"})
        self.held += size

    def release(self, size: int) -> None:
        self.held -= size


class Hourglass:
    """Ends a wait that lasts longer than `most_seconds`.

    asyncio.timeout sets a timer for each wait, which costs more than all the rest of reading a body that is there
    already. This one notes when a wait began, and looks now and then at those that have not ended.
    """

    def __init__(self, most_seconds: float) -> None:
        self._most_seconds = most_seconds
        self._since: dict[asyncio.Task[Any], float] = {}
        self._late: set[asyncio.Task[Any]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None  # in which the next look is due

    async def within(self, wait: Coroutine[Any, Any, bytes]) -> bytes:
        """What comes of `wait`.

        Raises
        ------
        TimeoutError
            If nothing came in time, or a quarter of it later.
        """
        loop = asyncio.get_running_loop()
        task = asyncio.current_task()
        assert task is not None, "there is one wherever something is awaited"  # noqa: S101
        self._since[task] = loop.time()
        if self._loop is not loop:
            self._look_later(loop)
        try:
            return await wait
        except asyncio.CancelledError:
            if task not in self._late:
                raise
            task.uncancel()
            raise TimeoutError from None
        finally:
            del self._since[task]
            self._late.discard(task)

    def _look_later(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        loop.call_later(min(1.0, self._most_seconds / 4), self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        oldest = loop.time() - self._most_seconds
        for task in [task for task, since in self._since.items() if since < oldest and task not in self._late]:
            self._late.add(task)
            task.cancel()
        if self._since:
            self._look_later(loop)
        else:
            self._loop = None


@dataclass(frozen=True, slots=True)
class BodyReader:
    """Reads JSON bodies of bounded size in bounded time, and of all of them together a bounded number of bytes."""

    most_bytes: int
    most_seconds: float
    budget: BodyBudget = field(default_factory=lambda: BodyBudget(64 * 1024 * 1024))
    hourglass: Hourglass = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hourglass", Hourglass(self.most_seconds))

    async def read(self, headers: Headers, receive: Receive) -> bytes:
        """The body.

        Raises
        ------
        Refusal
            415 for another content type or an encoding, 413 for a body too large, 408 for one that does not end, 503
            where too many are under way.
        Disconnected
            If the caller goes away first.
        """
        _check_content(headers)
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length[:20]) > self.most_bytes:
            if b"expect" not in headers:  # whoever asks first has not sent anything yet
                await self._discard(receive)
            raise self._too_large()
        try:
            return await self.hourglass.within(self._collect(receive))
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
                    return part  # the common case: a body that came in one piece
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
        """Let a caller finish sending a little too much: closing at once would cut it off before our answer."""
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
        sent = printable(content_type.decode("latin-1"))
        raise Refusal(415, "unsupported_media_type", f"the content type must be {JSON} in UTF-8, got {sent!r}")
    encoding = headers.get(b"content-encoding", b"identity")
    if encoding.lower() != b"identity":
        sent = printable(encoding.decode("latin-1"))
        raise Refusal(415, "unsupported_encoding", f"send the body as it is, without content encoding; got {sent!r}")
