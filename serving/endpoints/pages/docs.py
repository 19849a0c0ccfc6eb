"""`GET /docs`: the HTTP API shown by Swagger UI, whose files come from the copy in BentoML."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from serving.routing.route import Route, static_route
from serving.wire.messages import Answer

PAGE = Path(__file__).with_name("docs.html")
SCRIPTS = {
    "/static_content/swagger-ui.css": "text/css; charset=utf-8",
    "/static_content/swagger-ui-bundle.js": "text/javascript; charset=utf-8",
}
SCRIPT_HEADERS = {"Cache-Control": "private, max-age=86400", "X-Content-Type-Options": "nosniff"}


def routes() -> Iterator[Route[None]]:
    """The page and its files, each read once."""
    page = Answer(PAGE.read_bytes(), media_type="text/html; charset=utf-8")
    yield static_route("/docs", "This documentation", page, documented=True)
    server = Path(str(distribution("bentoml").locate_file("bentoml/_internal/server")))
    for path, media_type in SCRIPTS.items():
        script = Answer((server / path.strip("/")).read_bytes(), media_type=media_type, headers=SCRIPT_HEADERS)
        yield static_route(path, "Scripts of /docs", script)
