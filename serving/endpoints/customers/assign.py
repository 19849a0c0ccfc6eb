"""`POST /assign`: the segment of each customer, explained on request."""

from __future__ import annotations

from typing import Any

from serving.assignment.request import AssignmentRequest, read_customers
from serving.assignment.stepwise import assign_in_steps, takes_long
from serving.contracts.requests import MOST_CUSTOMERS, AssignRequest
from serving.contracts.responses import AssignResponse
from serving.routing.context import Context, ForModel
from serving.routing.route import BODY_STATUSES, Route
from serving.wire.deadline import Deadline
from serving.wire.messages import Answer
from serving.wire.strict_json import parse


def read_assign(body: Any, most_customers: int = MOST_CUSTOMERS) -> AssignmentRequest:
    """Read a parsed body; a Refusal (422) if it is not the documented one."""
    asked = read_customers(AssignRequest, body, most_customers)
    ids = [customer["id"] for customer in asked.customers]
    features = [customer["features"] for customer in asked.customers]
    previous = [customer.get("previous_segment_id") for customer in asked.customers]
    return AssignmentRequest(
        ids,
        features,
        asked.explain or asked.words,
        asked.words,
        asked.policy,
        previous=previous if any(previous) else None,
        conditions=tuple(asked.conditions),
    )


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
