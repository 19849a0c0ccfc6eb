"""The two kinds of route that BentoML offers, doing the same work with the levers that the service uses.

Compared with the service's own gateway (docs/decisions/0004-service-routes.md). Only BentoML's processes import this.
"""

from __future__ import annotations

from typing import Any

import bentoml
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from experiments.benchmarks.peers.bare_peer import answered, loaded
from serving.assignment.answer import assign_customers
from serving.assignment.request import AssignmentRequest
from serving.contracts.requests import AssignRequest
from serving.service import CONFIG


@bentoml.service(name="as_api", **CONFIG)
class AsApi:
    """A method marked `@bentoml.api`; BentoML reads and validates by the pydantic model."""

    def __init__(self) -> None:
        self.served = loaded()

    @bentoml.api  # type: ignore[untyped-decorator]
    async def assign(self, request: AssignRequest, /) -> dict[str, Any]:
        customers = request.customers
        ids, features = [customer.id for customer in customers], [customer.features for customer in customers]
        asked = AssignmentRequest(ids, features, request.explain, request.words, request.policy)
        return assign_customers(self.served, asked)


async def _assign(request: Request) -> Response:
    status, body = answered(bentoml.get_current_service().served, await request.body())
    return Response(body, status, media_type="application/json")


@bentoml.service(name="mounted", **CONFIG)
@bentoml.asgi_app(Starlette(routes=[Route("/assign", _assign, methods=["POST"])]))
class Mounted:
    """A Starlette application mounted in the service."""

    def __init__(self) -> None:
        self.served = loaded()
