"""`POST /what_would_change`: the smallest change that would move a customer to another segment."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from segment_model.errors import InputError, nearest_word
from serving.assignment.answer import check_descriptors, check_segment
from serving.contracts import requests
from serving.contracts.responses import ChangeResponse
from serving.model.served_model import ServedModel
from serving.routing.context import Context, ForModel
from serving.routing.route import BODY_STATUSES, Lane, Route
from serving.wire.deadline import Deadline
from serving.wire.messages import Answer
from serving.wire.refusals import RefusalDetail, RequestProblems, describe_value, input_error_refusal, shortened
from serving.wire.strict_json import dump, parse
from serving.wire.validation import validate


@dataclass(frozen=True, slots=True)
class ChangeRequest:
    """A well-formed request whose features and names are not yet checked."""

    customer: str
    features: dict[str, Any]
    to: str
    changeable: list[str]


def read_change(body: Any) -> ChangeRequest:
    """Read a parsed body.

    Raises
    ------
    Refusal
        422, with all problems (up to the limit of details).
    """
    asked = validate(requests.ChangeRequest, body)
    customer = asked.customer
    return ChangeRequest(customer["id"], customer["features"], asked.to, list(dict.fromkeys(asked.changeable)))


def answer_change(served: ServedModel, request: ChangeRequest, deadline: Deadline) -> dict[str, Any]:
    """Search for the smallest change of the changeable features that moves the customer to the segment.

    Raises
    ------
    Refusal
        422 if the model has no such segment, a feature is no basis feature, or a value cannot be used; 504 if the
        search is not done before the deadline.
    """
    check_segment(served, request.to)
    _check_changeable(served, request.changeable)
    check_descriptors(served.model.contract.descriptors, [request.customer], [request.features])
    try:
        counterfactual = served.model.what_would_change(
            request.features, request.to, request.changeable, deadline.check
        )
    except InputError as error:
        names = served.model.contract.names
        raise input_error_refusal(error, [request.customer], [request.features], names) from error
    changes = [
        {
            "feature": change.column,
            "before": change.before,
            "after": change.after,
            "unit": change.unit,
            "words": change.words,
            "follows": change.follows,
        }
        for change in counterfactual.changes
    ]
    return {
        "model_version": served.version,
        "id": request.customer,
        "segment_id": counterfactual.segment_id,
        "to": counterfactual.to,
        "found": counterfactual.reachable,
        "reason": counterfactual.reason,
        "changes": changes,
        "distance": None if math.isnan(counterfactual.distance) else counterfactual.distance,
        "least_distance": counterfactual.least_distance,
        "exact": counterfactual.exact,
        "features": None if counterfactual.customer is None else dict(counterfactual.customer),
    }


def _check_changeable(served: ServedModel, names: list[str]) -> None:
    basis = served.model.encoder.columns
    problems, expected = RequestProblems(), f"a basis feature: {', '.join(basis)}"
    problems.take(
        RefusalDetail(None, shortened(name), describe_value(name), f"{expected}.{nearest_word(name, basis)}")
        for name in names
        if name not in basis
    )
    if problems.details:
        first = problems.details[0].feature
        message = f"{first!r} is no basis feature of the model, and only these move a customer"
        problems.raise_any("not_changeable", message)


def _read(context: Context, body: bytes) -> ForModel[ChangeRequest]:
    request = read_change(parse(body))
    return ForModel(context.served(), request)


def _answer(_: Context, request: ForModel[ChangeRequest], deadline: Deadline) -> Answer:
    return Answer(dump(answer_change(request.served, request.content, deadline)))


ROUTE = Route(
    "POST",
    "/what_would_change",
    "The smallest change that would move a customer to another segment",
    _answer,
    _read,
    lane=Lane.SEARCH,
    request=requests.ChangeRequest,
    response=ChangeResponse,
    refusals=BODY_STATUSES,
)
