"""`GET /metrics`: the metrics of all workers, in the text format of Prometheus."""

from __future__ import annotations

from serving.routing.context import Context
from serving.routing.route import Lane, Route
from serving.wire.deadline import Deadline
from serving.wire.messages import Answer


def _answer(context: Context, _: None, __: Deadline) -> Answer:
    return context.metrics_page()


ROUTE = Route("GET", "/metrics", "Metrics for Prometheus", _answer, lane=Lane.IMMEDIATE, media_type="text/plain")
