"""Cross-origin requests (CORS): only pages of the origins that the settings name may call from a browser."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from serving.wire.messages import Answer, Headers

REMEMBERED_SECONDS = 600


@dataclass(frozen=True, slots=True)
class CorsPolicy:
    """The origins whose pages may call, such as `https://shop.example`."""

    allowed: Collection[str] = ()

    def headers(self, headers: Headers) -> dict[str, str]:
        """The response headers that admit the page that sent these request headers; none for another origin.

        Where pages are admitted at all, every answer says that it depends on the origin: a cache would give one page
        what another one got.
        """
        if not self.allowed:
            return {}
        if not self._admits(headers):
            return {"Vary": "Origin"}
        return {
            "Access-Control-Allow-Origin": headers[b"origin"].decode("latin-1"),
            "Access-Control-Expose-Headers": "X-Request-Id, Retry-After",
            "Vary": "Origin",
        }

    def _admits(self, headers: Headers) -> bool:
        return headers.get(b"origin", b"").decode("latin-1") in self.allowed

    def preflight(self, method: str, headers: Headers) -> Answer | None:
        """The answer to a preflight request of an admitted origin, None for any other request.

        A preflight request carries no API key, and its answer discloses nothing.
        """
        if method != "OPTIONS" or b"access-control-request-method" not in headers or not self._admits(headers):
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
