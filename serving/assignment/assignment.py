"""From the body of `POST /assign` or `POST /contrast` to its answer. Pure: no HTTP in here."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from segment_model.errors import InputError, nearest_word
from serving.assignment.customer_shapes import CUSTOMER_KEYS, read_customer, read_object
from serving.assignment.previous_segment import PREVIOUS, keep, read_previous
from serving.contracts.requests import MOST_CUSTOMERS, Policy
from serving.model.live_model import ServedModel
from serving.wire.refusals import (
    NOTHING,
    Complaints,
    Detail,
    Refusal,
    feature_refusal,
    from_input_error,
    in_words,
    printable,
)

if TYPE_CHECKING:
    from segment_model.contract import Column
    from segment_model.explanation.explainer import Explanations
    from segment_model.scoring.answers import Assignments

REQUEST_KEYS = ("customers", "explain", "words", "policy")
CONTRAST_KEYS = ("customers", "against", "words", "policy")
MAP_KEYS = ("customers",)
ASSIGNED_KEYS = (*CUSTOMER_KEYS, PREVIOUS)
POLICIES = ("unassigned", "nearest")


@dataclass(frozen=True, slots=True)
class Request:
    """A well-formed request; its features are not yet judged."""

    ids: list[str]
    features: list[dict[str, Any]]
    explain: bool
    words: bool
    policy: Policy
    against: str | None = None
    previous: list[str | None] | None = None

    def part(self, rows: slice) -> Request:
        """The same request for some of its customers."""
        previous = None if self.previous is None else self.previous[rows]
        return replace(self, ids=self.ids[rows], features=self.features[rows], previous=previous)


ReadCustomer = Callable[[Any, str, Complaints], tuple[str, dict[str, Any]]]


def read_request(
    value: Any,
    most_customers: int = MOST_CUSTOMERS,
    keys: Sequence[str] = REQUEST_KEYS,
    read_one: ReadCustomer | None = None,
) -> Request:
    """Check the shape of a parsed body: of `POST /assign`, or of another with the same options and these keys.

    Raises
    ------
    Refusal
        422, with everything found wrong (up to the limit of details).
    """
    complaints = Complaints()
    value = read_object(value, keys, complaints)
    contrast = "against" in keys
    against = _read_against(value, complaints) if contrast else None
    explain, policy = value.get("explain", contrast), value.get("policy", "unassigned")
    if type(explain) is not bool:
        complaints.add(explain, "true or false for 'explain'")
    words = value.get("words", False)
    if type(words) is not bool:
        complaints.add(words, "true or false for 'words'")
    if type(policy) is not str or policy not in POLICIES:
        complaints.add(policy, "'unassigned' or 'nearest' for 'policy'")
    customers = value.get("customers")
    if type(customers) is not list:
        complaints.add(value.get("customers", NOTHING), f"a list of 1 to {most_customers} customers under 'customers'")
        complaints.raise_malformed()
    if not 1 <= len(customers) <= most_customers:
        code = "too_many_customers" if customers else "no_customers"
        complaints.add(customers, f"1 to {most_customers} customers")
        complaints.raise_any(code, f"a request carries 1 to {most_customers} customers, this one {len(customers)}")
    read = read_one or (read_assigned if keys is REQUEST_KEYS else read_customer)
    found = [read(customer, f"#{position}", complaints) for position, customer in enumerate(customers)]
    ids, features = [name for name, _ in found], [content for _, content in found]
    previous = read_previous(customers, ids, complaints) if read is read_assigned else None
    complaints.raise_malformed()
    if len(set(ids)) < len(ids):
        complaints.take(
            Detail(name, None, f"{number} customers of this id", "ids that differ")
            for name, number in sorted(Counter(ids).items())
            if number > 1
        )
        complaints.raise_any("duplicate_ids", "each customer of a request needs an id of its own")
    return Request(ids, features, explain or words, words, policy, against, previous)


def answer(served: ServedModel, request: Request) -> dict[str, Any]:
    """Assign the customers of a request, explain where asked, in their order.

    Raises
    ------
    Refusal
        422, naming customer and feature, if the model cannot use a value, or has no segment to contrast with.
    """
    check_descriptors(served.model.contract.descriptors, request.ids, request.features)
    if request.against is not None:
        known_segment(served, request.against)
    explanations: Explanations | None = None
    try:
        if request.explain:
            assignments, explanations = served.model.explain_records(request.features, request.policy, request.against)
        else:
            assignments = served.model.assign_records(request.features, request.policy)
    except InputError as error:
        raise from_input_error(error, request.ids, request.features, served.model.contract.names) from error
    rows = _rows(served, request.ids, assignments)
    if request.previous is not None:
        keep(rows, served.model, assignments, request.previous)
    if explanations is not None:
        _explain(rows, served, request.features, explanations)
        if request.words:
            _say(rows, served, request.features, explanations)
    return {"model_version": served.version, "assignments": rows}


def known_segment(served: ServedModel, segment: str) -> None:
    """Refuse, by 422, a segment that the model does not have."""
    ids = served.model.ids
    if segment not in ids:
        expected = f"one of {', '.join(ids)}.{nearest_word(segment, ids)}"
        message = f"the model has no segment {printable(segment)!r}; GET /segments lists those it has"
        raise Refusal(422, "unknown_segment", message, [Detail(None, None, in_words(segment), expected)])


def _read_against(value: Mapping[str, Any], complaints: Complaints) -> str | None:
    against = value.get("against", NOTHING)
    if type(against) is str:
        return against
    complaints.add(against, "the id of a segment for 'against'")
    return None


def read_assigned(customer: Any, place: str, complaints: Complaints) -> tuple[str, dict[str, Any]]:
    """As `read_customer`, of a customer who may come with a previous segment (`previous_segment` reads that)."""
    return read_customer(customer, place, complaints, ASSIGNED_KEYS)


def check_descriptors(
    descriptors: Sequence[Column], ids: Sequence[str], customers: Sequence[Mapping[str, Any]]
) -> None:
    """Descriptors change no answer, so the model does not read them; a wrong type is a mistake all the same."""
    details = [
        Detail(name, column.name, in_words(features[column.name]), column.expected)
        for column in descriptors
        for name, features in zip(ids, customers, strict=True)
        if features.get(column.name) is not None and not _suits(features[column.name], column)
    ]
    if details:
        raise feature_refusal(details)


def _suits(value: Any, column: Column) -> bool:
    if column.is_category:
        return type(value) is str
    if type(value) is float:
        return math.isfinite(value)
    return type(value) is int and abs(value) <= sys.float_info.max


def _rows(served: ServedModel, names: Sequence[str], found: Assignments) -> list[dict[str, Any]]:
    ids = (*served.model.ids, None)  # the last place answers position -1: nobody
    titles = (*served.model.names, None)
    columns = zip(
        names,
        found.nearest.tolist(),
        found.runner_up.tolist(),
        found.strength.tolist(),
        found.distance.tolist(),
        found.unassigned.tolist(),
        found.novel.tolist(),
        found.unseen,
        strict=True,
    )
    return [
        {
            "id": name,
            "segment_id": None if unassigned else ids[nearest],
            "segment_name": None if unassigned else titles[nearest],
            "strength": strength,
            "runner_up_id": ids[runner_up],
            "nearest_id": ids[nearest],
            "distance": distance,
            "unassigned": unassigned,
            "novel": novel,
            "unseen": unseen,
        }
        for name, nearest, runner_up, strength, distance, unassigned, novel, unseen in columns
    ]


def _explain(
    rows: list[dict[str, Any]], served: ServedModel, features: Sequence[Mapping[str, Any]], found: Explanations
) -> None:
    ids = (*served.model.ids, None)
    names = found.columns
    units = [served.units[name] for name in names]
    columns = zip(
        rows,
        features,
        found.toward.tolist(),
        found.against.tolist(),
        found.base.tolist(),
        found.score.tolist(),
        found.contributions.tolist(),
        strict=True,
    )
    for row, sent, toward, against, base, score, contributions in columns:
        row["explanation"] = {
            "toward": ids[toward],
            "against": ids[against],
            "base": base,
            "score": score,
            "contributions": [
                {"feature": name, "value": sent[name], "unit": unit, "contribution": contribution}
                for name, unit, contribution in zip(names, units, contributions, strict=True)
            ],
        }


def _say(
    rows: list[dict[str, Any]], served: ServedModel, features: Sequence[Mapping[str, Any]], found: Explanations
) -> None:
    """The words of each contribution; only on request, since they cost more than the numbers."""
    for row, sent, toward, against in zip(rows, features, found.toward.tolist(), found.against.tolist(), strict=True):
        contributions = row["explanation"]["contributions"]
        for contribution, words in zip(contributions, served.reasons.words(sent, toward, against), strict=True):
            contribution["words"] = words
