"""`POST /contrast`: the segment of each customer, explained against one segment that the caller names."""

from __future__ import annotations

from typing import Any

from serving.assignment.request import AssignmentRequest, read_request
from serving.contracts.requests import MOST_CUSTOMERS, ContrastRequest
from serving.contracts.responses import AssignResponse
from serving.endpoints.assign import answer_assignment, answer_takes_long
from serving.endpoints.context import Context, ForModel
from serving.endpoints.route import BODY_STATUSES, Route
from serving.wire.strict_json import parse

CONTRAST_KEYS = ("customers", "against", "words", "policy")


def read_contrast(body: Any, most_customers: int = MOST_CUSTOMERS) -> AssignmentRequest:
    """Check the shape of a parsed body; a Refusal (422) if it is not the documented one."""
    return read_request(body, most_customers, CONTRAST_KEYS)


def _read(context: Context, body: bytes) -> ForModel[AssignmentRequest]:
    request = read_contrast(parse(body), context.settings.max_customers)
    return ForModel(context.served(), request)


ROUTE = Route(
    "POST",
    "/contrast",
    "Assign customers, and explain why not the segment that you name",
    answer_assignment,
    _read,
    takes_long=answer_takes_long,
    request=ContrastRequest,
    response=AssignResponse,
    refusals=BODY_STATUSES,
)
