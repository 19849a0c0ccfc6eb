"""Which pages of other origins a browser may let in: none, unless they are named."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from serving.wire.messages import Answer, Headers

REMEMBERED_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Origins:
    """The origins that may call from a browser, as `https://shop.example`."""

    allowed: Collection[str] = ()

    def headers(self, headers: Headers) -> dict[str, str]:
        """What an answer says to the browser."""
        origin = headers.get(b"origin")
        if not self.allowed or origin is None or origin.decode("latin-1") not in self.allowed:
            return {}
        return {
            "Access-Control-Allow-Origin": origin.decode("latin-1"),
            "Access-Control-Expose-Headers": "X-Request-Id, Retry-After",
            "Vary": "Origin",
        }

    def preflight(self, method: str, headers: Headers) -> Answer | None:
        """The answer to a browser that asks whether it may ask, None to anyone else. It cannot send a key, and learns
        nothing."""
        if method != "OPTIONS" or b"access-control-request-method" not in headers or not self.headers(headers):
            return None
        return Answer(
            b"",
            204,
            headers={
                "Access-Control-Allow-Methods": "GET, POST",
                "Access-Control-Allow-Headers": "Authorization, Content-Type, X-Request-Id",
                "Access-Control-Max-Age": str(REMEMBERED_SECONDS),
            },
        )
