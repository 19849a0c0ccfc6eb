"""A long list of customers is worked on in steps, so that the work ends when its deadline has passed."""

from __future__ import annotations

from typing import Any

from serving.assignment.answer import assign_customers
from serving.assignment.request import AssignmentRequest
from serving.model.served_model import ServedModel
from serving.wire.deadline import Deadline
from serving.wire.refusals import MOST_DETAILS, Refusal, RefusalDetail, feature_refusal

STEP = 250
EXPLAINED_STEP = 50  # an explanation by a model of dense cores takes some 10 ms a customer
EXPLAINED_AT_ONCE = 3  # so many of them may keep others waiting


def takes_long(served: ServedModel, request: AssignmentRequest) -> bool:
    """Whether the work is long though the request is short."""
    return request.explain and len(request.ids) > EXPLAINED_AT_ONCE and served.model.explainer.is_slow


def assign_in_steps(served: ServedModel, request: AssignmentRequest, deadline: Deadline) -> dict[str, Any]:
    """As `serving.assignment.answer.assign_customers`, which answers a customer the same in any company.

    Raises
    ------
    Refusal
        422 as there, telling what is wrong in all steps; 504 if the deadline passes between two of them.
    """
    step = EXPLAINED_STEP if request.explain else STEP
    if len(request.ids) <= step:
        return assign_customers(served, request)
    rows: list[dict[str, Any]] = []
    details: list[RefusalDetail] = []
    for part in deadline.steps(len(request.ids), step):
        try:
            found = assign_customers(served, request.part(part))
        except Refusal as refusal:
            if refusal.code != "invalid_features":
                raise
            details += refusal.details
            if len(details) >= MOST_DETAILS:
                break
        else:
            rows += found["assignments"]
    if details:
        raise feature_refusal(details)
    return {"model_version": served.version, "assignments": rows}
