"""`POST /assign`: the segment of each customer, explained on request."""

from __future__ import annotations

from typing import Any

from serving.assignment.customer_shapes import CUSTOMER_KEYS, read_customer
from serving.assignment.previous_segment import PREVIOUS
from serving.assignment.request import AssignmentRequest, read_request
from serving.assignment.stepwise import assign_in_steps, takes_long
from serving.contracts.requests import MOST_CUSTOMERS, AssignRequest
from serving.contracts.responses import AssignResponse
from serving.endpoints.context import Context, ForModel
from serving.endpoints.route import BODY_STATUSES, Route
from serving.wire.deadline import Deadline
from serving.wire.messages import Answer
from serving.wire.refusals import Complaints
from serving.wire.strict_json import parse

ASSIGN_KEYS = ("customers", "explain", "words", "policy")
ASSIGNED_CUSTOMER_KEYS = (*CUSTOMER_KEYS, PREVIOUS)


def read_assign(body: Any, most_customers: int = MOST_CUSTOMERS) -> AssignmentRequest:
    """Check the shape of a parsed body.

    Raises
    ------
    Refusal
        422, with all problems (up to the limit of details).
    """
    return read_request(body, most_customers, ASSIGN_KEYS, _read_customer, with_previous=True)


def _read_customer(customer: Any, place: str, complaints: Complaints) -> tuple[str, dict[str, Any]]:
    """Id and features; a previous segment is allowed, and read together with those of the other customers."""
    return read_customer(customer, place, complaints, ASSIGNED_CUSTOMER_KEYS)


def _read(context: Context, body: bytes) -> ForModel[AssignmentRequest]:
    request = read_assign(parse(body), context.settings.max_customers)
    return ForModel(context.served(), request)


def answer_assignment(context: Context, request: ForModel[AssignmentRequest], deadline: Deadline) -> Answer:
    """Assign the customers, also those of a contrast; a Refusal if the model cannot use a value."""
    served, asked = request.served, request.content
    return context.assigned(served, asked.features, asked.policy, assign_in_steps(served, asked, deadline))


def answer_takes_long(request: ForModel[AssignmentRequest]) -> bool:
    """Whether the answer may take long although the body is short."""
    return takes_long(request.served, request.content)


ROUTE = Route(
    "POST",
    "/assign",
    "Assign customers to segments, and explain why",
    answer_assignment,
    _read,
    takes_long=answer_takes_long,
    request=AssignRequest,
    response=AssignResponse,
    refusals=BODY_STATUSES,
)
