"""`GET /openapi.json`: the OpenAPI document of the other routes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from serving.endpoints.openapi import openapi
from serving.endpoints.route import Route, static_route
from serving.wire.messages import Answer
from serving.wire.strict_json import dump


def route(described: Sequence[Route[Any]]) -> Route[None]:
    """The route whose document describes these routes; made once."""
    return static_route("/openapi.json", "The OpenAPI document", Answer(dump(openapi(described))))
