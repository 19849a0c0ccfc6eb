"""`GET /`: a page on which people move a customer's values and watch segment, strength, map and explanation change.

Its files require an API key as every other route does: the browser asks its user for the key and sends it with all
requests of the page.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from serving import explorer
from serving.routing.route import Route, static_route
from serving.wire.messages import Answer

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
FILES = {
    "/": ("explorer.html", "text/html; charset=utf-8"),
    "/explorer.css": ("explorer.css", "text/css; charset=utf-8"),
    "/explorer.js": ("explorer.js", "text/javascript; charset=utf-8"),
}


def routes() -> Iterator[Route[None]]:
    """The page and its files, each read once."""
    folder = Path(str(explorer.__file__)).parent
    for path, (name, media_type) in FILES.items():
        content = Answer((folder / name).read_bytes(), media_type=media_type, headers=HEADERS)
        yield static_route(path, "The explorer", content)
