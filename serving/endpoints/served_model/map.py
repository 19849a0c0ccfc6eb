"""`GET /map`: the segments on the plane in which they differ most."""

from __future__ import annotations

from typing import Any

from serving.contracts.responses import MapResponse
from serving.model.served_model import ServedModel
from serving.routing.context import Context
from serving.routing.route import Route
from serving.wire.deadline import Deadline
from serving.wire.messages import Answer
from serving.wire.strict_json import dump


def map_segments(served: ServedModel) -> dict[str, Any]:
    """The places of the segments' centres, and the share of their differences that the plane shows."""
    plane = served.plane
    places = zip(served.model.ids, plane.places.tolist(), strict=True)
    segments = [{"id": segment, "x": x, "y": y} for segment, (x, y) in places]
    return {"model_version": served.version, "kept": plane.kept, "segments": segments}


def _answer(context: Context, _: None, __: Deadline) -> Answer:
    return Answer(dump(map_segments(context.served())))


ROUTE = Route(
    "GET",
    "/map",
    "The segments on the plane in which they differ most",
    _answer,
    response=MapResponse,
    refusals=(503,),
)
