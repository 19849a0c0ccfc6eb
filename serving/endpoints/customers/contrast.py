"""`POST /contrast`: the segment of each customer, explained against one segment that the caller names."""

from __future__ import annotations

from typing import Any

from serving.assignment.request import AssignmentRequest, read_customers
from serving.contracts.requests import MOST_CUSTOMERS, ContrastRequest
from serving.contracts.responses import AssignResponse
from serving.endpoints.customers.assign import answer_assignment, answer_takes_long
from serving.routing.context import Context, ForModel
from serving.routing.route import BODY_STATUSES, Route
from serving.wire.strict_json import parse


def read_contrast(body: Any, most_customers: int = MOST_CUSTOMERS) -> AssignmentRequest:
    """Read a parsed body; a Refusal (422) if it is not the documented one. A contrast always explains."""
    asked = read_customers(ContrastRequest, body, most_customers)
    ids = [customer["id"] for customer in asked.customers]
    features = [customer["features"] for customer in asked.customers]
    return AssignmentRequest(ids, features, True, asked.words, asked.policy, asked.against)


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
