"""A long list of customers is assigned in steps, so that the work ends soon after its deadline."""

from __future__ import annotations

from typing import Any

from serving.assignment.answer import assign_customers
from serving.assignment.request import AssignmentRequest
from serving.model.served_model import ServedModel
from serving.wire.deadline import Deadline
from serving.wire.refusals import MOST_DETAILS, Refusal, RefusalDetail, feature_refusal

STEP = 250  # customers
EXPLAINED_STEP = 50  # a slow explanation takes some 10 ms a customer
EXPLAINED_AT_ONCE = 3  # slow explanations in one request that still run on the route's own lane


def takes_long(served: ServedModel, request: AssignmentRequest) -> bool:
    """Whether the work may take long although the body is short: several slow explanations."""
    return request.explain and len(request.ids) > EXPLAINED_AT_ONCE and served.model.explainer.is_slow


def assign_in_steps(served: ServedModel, request: AssignmentRequest, deadline: Deadline) -> dict[str, Any]:
    """As `assign_customers`, step by step; a customer's answer does not depend on the others of its step.

    Raises
    ------
    Refusal
        422 with the problems of all steps; 504 if the deadline passes between two steps.
    """
    step = EXPLAINED_STEP if request.explain else STEP
    if len(request.ids) <= step:
        return assign_customers(served, request)
    rows: list[dict[str, Any]] = []
    details: list[RefusalDetail] = []
    for part in deadline.steps(len(request.ids), step):
        try:
            content = assign_customers(served, request.part(part))
        except Refusal as refusal:
            if refusal.code != "invalid_features":
                raise
            details += refusal.details
            if len(details) >= MOST_DETAILS:
                break
        else:
            rows += content["assignments"]
    if details:
        raise feature_refusal(details)
    return {"model_version": served.version, "assignments": rows}
