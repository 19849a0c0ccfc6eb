"""What the service declares: its routes."""

from __future__ import annotations

from reference.markdown import code, table
from serving.endpoints.table import route_table


def blocks() -> dict[str, str]:
    """One table of routes."""
    return {"routes": routes()}


def routes() -> str:
    rows = [
        (code(route.method), code(route.path), "" if route.public else "yes", route.summary)
        for route in route_table()
        if route.documented or route.path == "/openapi.json"
    ]
    return table(("method", "path", "asks for a key", "purpose"), rows)
