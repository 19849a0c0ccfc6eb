"""The types of ASGI messages, and the response that an endpoint returns."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from serving.wire.refusals import Refusal
from serving.wire.strict_json import dump

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = Mapping[bytes, bytes]

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response."""

    body: bytes
    status: int = 200
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)

    async def send(self, send: Send, more: Mapping[str, str] | None = None) -> None:
        """Send the response, with `more` headers beside its own."""
        headers = [(b"content-type", self.media_type.encode()), (b"content-length", str(len(self.body)).encode())]
        for named in (self.headers, more or {}):
            headers += [(name.lower().encode(), text.encode()) for name, text in named.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def error_answer(refusal: Refusal) -> Answer:
    """The response to a refused request, in the one error shape."""
    return Answer(dump(refusal.to_json()), refusal.status, headers=refusal.headers)
