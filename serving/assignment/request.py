"""Read the parsed body of a request that assigns customers: the customers, and the options that apply to all of them.

The shape is checked here; the feature values are checked by the model. No HTTP in this module.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from serving.assignment.customer_shapes import read_customer, read_object
from serving.assignment.previous_segment import read_previous
from serving.contracts.requests import Policy
from serving.wire.refusals import NOTHING, Complaints, Detail

POLICIES = ("unassigned", "nearest")

ReadCustomer = Callable[[Any, str, Complaints], tuple[str, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class AssignmentRequest:
    """A well-formed request whose feature values are not yet checked; one entry of each list per customer."""

    ids: list[str]
    features: list[dict[str, Any]]
    explain: bool
    words: bool
    policy: Policy
    against: str | None = None
    previous: list[str | None] | None = None

    def part(self, rows: slice) -> AssignmentRequest:
        """The same request for some of its customers."""
        previous = None if self.previous is None else self.previous[rows]
        return replace(self, ids=self.ids[rows], features=self.features[rows], previous=previous)


def read_request(
    body: Any,
    most_customers: int,
    keys: Sequence[str],
    read_each: ReadCustomer = read_customer,
    *,
    with_previous: bool = False,
) -> AssignmentRequest:
    """Check the shape of a parsed body that has these `keys`; an option without a key keeps its default.

    Raises
    ------
    Refusal
        422, with all problems (up to the limit of details).
    """
    complaints = Complaints()
    body = read_object(body, keys, complaints)
    contrast = "against" in keys
    against = _read_against(body, complaints) if contrast else None
    explain, words, policy = _read_options(body, contrast, complaints)
    customers = _read_list(body, most_customers, complaints)
    pairs = [read_each(customer, f"#{position}", complaints) for position, customer in enumerate(customers)]
    ids, features = [name for name, _ in pairs], [content for _, content in pairs]
    previous = read_previous(customers, ids, complaints) if with_previous else None
    complaints.raise_malformed()
    _check_unique(ids, complaints)
    return AssignmentRequest(ids, features, explain or words, words, policy, against, previous)


def _read_against(body: Mapping[str, Any], complaints: Complaints) -> str | None:
    against = body.get("against", NOTHING)
    if type(against) is str:
        return against
    complaints.add(against, "the id of a segment for 'against'")
    return None


def _read_options(body: Mapping[str, Any], contrast: bool, complaints: Complaints) -> tuple[Any, Any, Any]:
    """`explain`, `words` and `policy`; a contrast always explains."""
    explain, policy = body.get("explain", contrast), body.get("policy", "unassigned")
    if type(explain) is not bool:
        complaints.add(explain, "true or false for 'explain'")
    words = body.get("words", False)
    if type(words) is not bool:
        complaints.add(words, "true or false for 'words'")
    if type(policy) is not str or policy not in POLICIES:
        complaints.add(policy, "'unassigned' or 'nearest' for 'policy'")
    return explain, words, policy


def _read_list(body: Mapping[str, Any], most: int, complaints: Complaints) -> list[Any]:
    """The list of customers, not yet read; a Refusal if it is no list of 1 to `most`."""
    customers: Any = body.get("customers", NOTHING)
    if type(customers) is not list:
        complaints.add(customers, f"a list of 1 to {most} customers under 'customers'")
        complaints.raise_malformed()
    if not 1 <= len(customers) <= most:
        code = "too_many_customers" if customers else "no_customers"
        complaints.add(customers, f"1 to {most} customers")
        complaints.raise_any(code, f"a request carries 1 to {most} customers, this one {len(customers)}")
    listed: list[Any] = customers
    return listed


def _check_unique(ids: Sequence[str], complaints: Complaints) -> None:
    if len(set(ids)) == len(ids):
        return
    complaints.take(
        Detail(name, None, f"{number} customers of this id", "ids that differ")
        for name, number in sorted(Counter(ids).items())
        if number > 1
    )
    complaints.raise_any("duplicate_ids", "each customer of a request needs an id of its own")
