"""The upper limit: a Starlette route on uvicorn that reads, validates, answers and writes as the service does."""

from __future__ import annotations

import gc
import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from serving.assignment.answer import assign_customers
from serving.endpoints.customers.assign import read_assign
from serving.model.live_model import warm
from serving.model.served_model import ServedModel, from_directory
from serving.wire.refusals import Refusal
from serving.wire.strict_json import dump, parse

MODEL = "SEGMENTS_MODEL_PATH"


def loaded() -> ServedModel:
    """The model that the environment names, warmed, with the collector's heap frozen as the service does it."""
    served = from_directory(Path(os.environ[MODEL]))
    warm(served)
    gc.collect()
    gc.freeze()
    return served


def answered(served: ServedModel, body: bytes) -> tuple[int, bytes]:
    """Status and body of one answer."""
    try:
        return 200, dump(assign_customers(served, read_assign(parse(body))))
    except Refusal as refusal:
        return refusal.status, dump(refusal.to_json())


def application() -> Starlette:
    """The peer's application, for `uvicorn --factory`."""
    served = loaded()

    async def assign(request: Request) -> Response:
        status, body = answered(served, await request.body())
        return Response(body, status, media_type="application/json")

    async def ready(_: Request) -> Response:
        return Response(b"{}", media_type="application/json")

    return Starlette(routes=[Route("/assign", assign, methods=["POST"]), Route("/readyz", ready)])
