"""What the service declares: its routes."""

from __future__ import annotations

from typing import NoReturn

from reference.markdown import code, table
from segment_model.errors import SettingsError
from serving.endpoints.table import route_table
from serving.model.live_model import LiveModel
from serving.settings import ServiceSettings


def blocks() -> dict[str, str]:
    """One table of routes."""
    return {"routes": routes()}


def routes() -> str:
    declared = route_table(LiveModel(_no_model), ServiceSettings())
    rows = [
        (code(route.method), code(route.path), "" if route.public else "yes", route.summary)
        for route in declared
        if route.documented or route.path == "/openapi.json"
    ]
    return table(("method", "path", "asks for a key", "purpose"), rows)


def _no_model() -> NoReturn:
    raise SettingsError("the table of routes is read without a model")
