"""Who may ask, how much they may send, and that every answer, also of an error, has our shape."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from segments.errors import SettingsError
from serving.refusals import Refusal
from serving.strict_json import dump

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

JSON = "application/json"
DISCARD_SECONDS = 1.0


class Disconnected(Exception):  # noqa: N818  # nothing is wrong on our side
    """The caller went away before its body was whole: there is nobody to answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response."""

    body: bytes
    status: int = 200
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    async def send(self, send: Send) -> None:
        headers = [(b"content-type", self.media_type.encode()), (b"content-length", str(len(self.body)).encode())]
        headers += [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def refused(refusal: Refusal) -> Answer:
    """The one error shape."""
    return Answer(dump(refusal.to_json()), refusal.status, headers=refusal.headers)


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """Named keys, known by their sha256 only. No keys: the service is open."""

    hashes: Mapping[str, bytes] = field(default_factory=dict)

    @classmethod
    def from_file(cls, path: Path | None) -> ApiKeys:
        """Read `{"name": "sha256:<64 hex digits>"}`.

        Raises
        ------
        SettingsError
            If the file cannot be read or is not of that form; its content is never shown.
        """
        if path is None:
            return cls()
        form = 'a JSON object {"name": "sha256:<64 hex digits>", ...} of at least one key'
        try:
            found = json.loads(path.read_text())
            hashes = {name: bytes.fromhex(value.removeprefix("sha256:")) for name, value in found.items()}
        except (OSError, ValueError, AttributeError) as error:
            raise SettingsError(f"the API keys file {path} cannot be read; expected {form}") from error
        if not hashes or any(len(value) != hashlib.sha256().digest_size for value in hashes.values()):
            raise SettingsError(f"the API keys file {path} is not {form}")
        return cls(hashes)

    def check(self, headers: Mapping[bytes, bytes]) -> None:
        """Let pass a caller that sends `Authorization: Bearer <key>`.

        Raises
        ------
        Refusal
            401 if keys are asked for and none of them was sent.
        """
        if not self.hashes:
            return
        scheme, _, key = headers.get(b"authorization", b"").partition(b" ")
        sent = hashlib.sha256(key.strip()).digest()
        # every stored key is compared, so that the time taken says nothing about which one is near
        known = [hmac.compare_digest(sent, stored) for stored in self.hashes.values()]
        if scheme.lower() != b"bearer" or not any(known):
            raise Refusal(
                401,
                "unauthorized",
                "this service asks for an API key: send the header 'Authorization: Bearer <key>'",
                headers={"WWW-Authenticate": "Bearer"},
            )


@dataclass(frozen=True, slots=True)
class BodyReader:
    """Reads a JSON body of bounded size in bounded time."""

    most_bytes: int
    most_seconds: float

    async def read(self, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        """The body.

        Raises
        ------
        Refusal
            415 for another content type or an encoding, 413 for a body too large, 408 for one that does not end.
        Disconnected
            If the caller goes away first.
        """
        _check_content(headers)
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self.most_bytes:
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
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            part: bytes = message.get("body", b"")
            if not parts and not message.get("more_body", False) and len(part) <= self.most_bytes:
                return part  # the common case: a body that came in one piece
            parts.append(part)
            size += len(part)
            if size > self.most_bytes:
                parts.clear()
                if message.get("more_body", False):
                    await self._discard(receive)
                raise self._too_large()
            if not message.get("more_body", False):
                return b"".join(parts)

    async def _discard(self, receive: Receive) -> None:
        """Let a caller finish sending a little too much: closing at once would cut it off before our answer."""
        size = 0
        with suppress(TimeoutError):
            async with asyncio.timeout(DISCARD_SECONDS):
                while size <= self.most_bytes:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise Disconnected
                    size += len(message.get("body", b""))
                    if not message.get("more_body", False):
                        return

    def _too_large(self) -> Refusal:
        message = f"the body is larger than {self.most_bytes} bytes; send fewer customers at a time"
        return Refusal(413, "body_too_large", message, headers={"Connection": "close"})


def _check_content(headers: Mapping[bytes, bytes]) -> None:
    content_type = headers.get(b"content-type", b"")
    media_type, _, parameters = content_type.partition(b";")
    charset = parameters.lower().replace(b'"', b"").replace(b"charset=utf-8", b"")
    if media_type.strip().lower() != JSON.encode() or b"charset" in charset:
        sent = content_type.decode("latin-1")[:60]
        raise Refusal(415, "unsupported_media_type", f"the content type must be {JSON} in UTF-8, got {sent!r}")
    encoding = headers.get(b"content-encoding", b"identity").lower()
    if encoding != b"identity":
        sent = encoding.decode("latin-1")[:60]
        raise Refusal(415, "unsupported_encoding", f"send the body as it is, without content encoding; got {sent!r}")
