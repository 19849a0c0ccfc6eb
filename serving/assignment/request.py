"""Read the parsed body of a request that assigns customers: the customers, and the options that apply to all of them.

The shape is checked here; the feature values are checked by the model. No HTTP in this module.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from serving.contracts.requests import AssignRequest, ContrastRequest, MapRequest, Policy, RecordsRequest
from serving.wire.refusals import RefusalDetail, RequestProblems
from serving.wire.validation import validate

Listing = TypeVar("Listing", AssignRequest, ContrastRequest, RecordsRequest, MapRequest)


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
    conditions: tuple[str, ...] = ()

    def part(self, rows: slice) -> AssignmentRequest:
        """The same request for some of its customers."""
        previous = None if self.previous is None else self.previous[rows]
        return replace(self, ids=self.ids[rows], features=self.features[rows], previous=previous)


def read_customers(model: type[Listing], body: Any, most: int) -> Listing:
    """The request of a parsed body that lists customers.

    Raises
    ------
    Refusal
        422, with all problems (up to the limit of details).
    """
    _check_number(body, most)
    request = validate(model, body)
    _check_unique([customer["id"] for customer in request.customers])
    return request


def _check_number(body: Any, most: int) -> None:
    customers = body.get("customers") if type(body) is dict else None
    if type(customers) is list and not 1 <= len(customers) <= most:
        problems = RequestProblems()
        problems.add(customers, f"1 to {most} customers")
        code = "too_many_customers" if customers else "no_customers"
        problems.raise_any(code, f"a request carries 1 to {most} customers, this one {len(customers)}")


def _check_unique(ids: Sequence[str]) -> None:
    if len(set(ids)) == len(ids):
        return
    problems = RequestProblems()
    problems.take(
        RefusalDetail(name, None, f"{number} customers of this id", "ids that differ")
        for name, number in sorted(Counter(ids).items())
        if number > 1
    )
    problems.raise_any("duplicate_ids", "each customer of a request needs an id of its own")
