"""`GET /openapi.json`: the OpenAPI document of the other routes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from serving.routing.openapi import openapi
from serving.routing.route import Lane, Route
from serving.wire.messages import Answer
from serving.wire.strict_json import dump


def route(described: Sequence[Route[Any]]) -> Route[None]:
    """The route whose document describes these routes.

    The document is generated at the first request: the 50 ms that it takes would delay the start of every worker.
    """

    @cache
    def document() -> Answer:
        return Answer(dump(openapi(described)))

    return Route(
        "GET",
        "/openapi.json",
        "The OpenAPI document",
        lambda *_: document(),
        lane=Lane.IMMEDIATE,
        documented=False,
    )
