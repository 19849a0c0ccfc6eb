"""`GET /livez`: whether the process is alive."""

from __future__ import annotations

from serving.contracts.responses import Probe
from serving.routing.context import Context
from serving.routing.route import Lane, Route
from serving.wire.deadline import Deadline
from serving.wire.messages import Answer
from serving.wire.strict_json import dump


def _answer(_: Context, __: None, ___: Deadline) -> Answer:
    return Answer(dump({"status": "alive"}))


ROUTE = Route("GET", "/livez", "Is the process alive?", _answer, lane=Lane.IMMEDIATE, response=Probe, public=True)
