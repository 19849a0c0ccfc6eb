"""A request's head and body, each of bounded size, the body in bounded time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

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


@dataclass(frozen=True, slots=True)
class BodyReader:
    """Reads JSON bodies of bounded size in bounded time, and of all of them together a bounded number of bytes."""

    most_bytes: int
    most_seconds: float
    budget: BodyBudget = field(default_factory=lambda: BodyBudget(64 * 1024 * 1024))

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
            async with asyncio.timeout(self.most_seconds):
                return await self._collect(receive)
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
