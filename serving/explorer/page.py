"""The page at `/`: move a customer's values and watch segment, strength, map and explanation change.

Its files ask for a key as everything else does: the browser asks its user, and sends what it was told with all that the
page then asks for.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

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


def files() -> Iterator[tuple[str, str, Any]]:
    """Path, media type and handler of each file; read once."""
    for path, (name, media_type) in FILES.items():
        answer = Answer((Path(__file__).parent / name).read_bytes(), media_type=media_type, headers=HEADERS)
        yield path, media_type.partition(";")[0], lambda *_, found=answer: found
