"""`POST /find_customer`: the segment of a customer, by id, in the file of assignments that the settings name."""

from __future__ import annotations

import logging

from segment_model.errors import SourceError
from serving.contracts import requests
from serving.contracts.responses import FoundCustomer
from serving.model.assignments_file import find_assigned
from serving.routing.context import Context, ForModel
from serving.routing.route import BODY_STATUSES, Lane, Route
from serving.wire.deadline import Deadline
from serving.wire.messages import Answer
from serving.wire.refusals import Refusal
from serving.wire.strict_json import dump, parse
from serving.wire.validation import validate

logger = logging.getLogger("bentoml.segments")


def _read(context: Context, body: bytes) -> ForModel[str]:
    return ForModel(context.served(), validate(requests.FindRequest, parse(body)).id)


def _answer(context: Context, request: ForModel[str], _: Deadline) -> Answer:
    file, served = context.settings.assignments, request.served
    if file is None:
        message = "no file of assignments: set SEGMENTS_ASSIGNMENTS to a file that `segments assign --out` wrote"
        raise Refusal(404, "no_assignments", message)
    try:
        customer = find_assigned(file, request.content)
    except SourceError as error:
        logger.error("customers cannot be looked up: %s", error)
        raise Refusal(404, "no_assignments", "the file of assignments cannot be read; the log says why") from error
    if customer is None:
        raise Refusal(404, "unknown_customer", "the file of assignments has no customer of this id")
    names = dict(zip(served.model.ids, served.model.names, strict=True))
    content = {
        "model_version": served.version,
        "id": request.content,
        "segment_id": customer.segment_id,
        "segment_name": names.get(customer.segment_id or ""),
        "strength": customer.strength,
        "assigned_by": customer.model_version,
    }
    return Answer(dump(content))


ROUTE = Route(
    "POST",
    "/find_customer",
    "The segment of a customer in the file of assignments, by id",
    _answer,
    _read,
    lane=Lane.SEARCH,
    request=requests.FindRequest,
    response=FoundCustomer,
    refusals=(*BODY_STATUSES, 404),
)
