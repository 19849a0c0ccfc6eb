"""`POST /locate`: where customers lie on the plane of `GET /map`."""

from __future__ import annotations

from typing import Any

from segment_model.errors import InputError
from serving.assignment.answer import check_descriptors
from serving.assignment.request import AssignmentRequest, read_customers
from serving.contracts.requests import MOST_CUSTOMERS, MapRequest
from serving.contracts.responses import PlacesResponse
from serving.model.served_model import ServedModel
from serving.routing.context import Context, ForModel
from serving.routing.route import BODY_STATUSES, Route
from serving.wire.deadline import Deadline
from serving.wire.messages import Answer
from serving.wire.refusals import input_error_refusal
from serving.wire.strict_json import dump, parse


def read_locate(body: Any, most_customers: int = MOST_CUSTOMERS) -> AssignmentRequest:
    """Read a parsed body; a Refusal (422) if it is not the documented one."""
    customers = read_customers(MapRequest, body, most_customers).customers
    ids, features = [customer["id"] for customer in customers], [customer["features"] for customer in customers]
    return AssignmentRequest(ids, features, explain=False, words=False, policy="unassigned")


def locate(served: ServedModel, request: AssignmentRequest) -> dict[str, Any]:
    """The places of the customers, in their order.

    Raises
    ------
    Refusal
        422, naming customer and feature, if the model cannot use a value.
    """
    model = served.model
    check_descriptors(model.contract.descriptors, request.ids, request.features)
    try:
        raw = model.scorer.reader.records(request.features)
    except InputError as error:
        raise input_error_refusal(error, request.ids, request.features, model.contract.names) from error
    places = served.plane.place(model.encoder.encode(raw)).tolist()
    customers = [{"id": name, "x": x, "y": y} for name, (x, y) in zip(request.ids, places, strict=True)]
    return {"model_version": served.version, "customers": customers}


def _read(context: Context, body: bytes) -> ForModel[AssignmentRequest]:
    served = context.served()
    return ForModel(served, read_locate(parse(body), context.settings.max_customers))


def _answer(_: Context, request: ForModel[AssignmentRequest], __: Deadline) -> Answer:
    return Answer(dump(locate(request.served, request.content)))


ROUTE = Route(
    "POST",
    "/locate",
    "Where customers lie on that plane",
    _answer,
    _read,
    request=MapRequest,
    response=PlacesResponse,
    refusals=BODY_STATUSES,
)
