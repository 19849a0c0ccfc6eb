"""`GET /readyz`: whether a verified and warmed model is in service. While the worker stops, the gateway answers 503."""

from __future__ import annotations

from serving.contracts.responses import Probe
from serving.routing.context import Context
from serving.routing.route import Lane, Route
from serving.wire.deadline import Deadline
from serving.wire.messages import Answer
from serving.wire.strict_json import dump


def _answer(context: Context, _: None, __: Deadline) -> Answer:
    context.served()
    return Answer(dump({"status": "ready"}))


ROUTE = Route(
    "GET",
    "/readyz",
    "Is a verified and warmed model in service?",
    _answer,
    lane=Lane.IMMEDIATE,
    response=Probe,
    refusals=(503,),
    public=True,
)
