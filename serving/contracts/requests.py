"""The bodies of requests, from which the OpenAPI document is generated.

The service does not read requests with these models but with plain code in `serving.assignment` and the endpoints,
which is several times faster and names the customer and the feature in its complaints. Tests hold readers and models to
the same verdict on every body.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from serving.contracts.wire_model import WireModel

MOST_CUSTOMERS = 1000
LONGEST_ID = 256
MOST_ROWS = 20_000
MOMENT = r"^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?$"

Policy = Literal["unassigned", "nearest"]


class Customer(WireModel):
    """One customer as of now."""

    id: str = Field(min_length=1, max_length=LONGEST_ID, description="Yours; echoed in the answer.", examples=["C1"])
    features: dict[str, float | str | None] = Field(
        description="Every basis feature of the model (`GET /model` lists them with kinds and units). Descriptors may "
        "be there and change nothing. `null` only where the feature is nullable.",
        examples=[{"recency_days": 3, "monetary_value": 412.5}],
    )


class AssignedCustomer(Customer):
    """One customer as of now, and where they were."""

    previous_segment_id: str | None = Field(
        None,
        min_length=1,
        max_length=LONGEST_ID,
        description="The segment that the customer was in: on the border they then stay there, and the answer says so "
        "in `kept_by_hysteresis`. They stay while the nearest segment's `strength` is below 0.1 and theirs comes "
        "second. Left out or null: no such rule.",
    )


class AssignRequest(WireModel):
    """Customers to assign."""

    customers: list[AssignedCustomer] = Field(min_length=1, max_length=MOST_CUSTOMERS, description="Ids must differ.")
    explain: bool = Field(False, description="Also answer each feature's SHAP contribution.")
    words: bool = Field(
        False, description="Also say each contribution in plain words; `explain` goes without saying then."
    )
    policy: Policy = Field(
        "unassigned",
        description="What a customer outside every segment gets: no segment (`segment_id` null), or the nearest one.",
    )


class ContrastRequest(WireModel):
    """Customers to assign, each explained against one segment that the caller names."""

    customers: list[Customer] = Field(min_length=1, max_length=MOST_CUSTOMERS, description="Ids must differ.")
    against: str = Field(
        description="Id of the segment to compare with. Where it is a customer's own, the runner-up is taken.",
        examples=["seg-bxwgagla"],
    )
    words: bool = Field(False, description="Also say each contribution in plain words.")
    policy: Policy = Field("unassigned", description="As for `/assign`.")


class RawCustomer(WireModel):
    """One customer's raw rows. A table without a row is a table where the customer has none."""

    id: str = Field(min_length=1, max_length=LONGEST_ID, description="Yours; echoed in the answer.", examples=["C1"])
    orders: list[dict[str, float | str | bool | None]] = Field(
        default_factory=list,
        description="Rows of orders; columns as in the reference (`ordered_at`, `order_id`, `amount`, ...).",
        examples=[[{"ordered_at": "2026-06-28T10:15:00", "order_id": "O1", "amount": 41.5}]],
    )
    events: list[dict[str, float | str | bool | None]] = Field(
        default_factory=list, description="Rows of events (`occurred_at`, `name`, ...)."
    )
    subscriptions: list[dict[str, float | str | bool | None]] = Field(
        default_factory=list, description="Terms of subscriptions (`started_at`, `mrr`, ...)."
    )
    attributes: dict[str, float | str | bool | None] = Field(
        default_factory=dict,
        description="The attributes that the model was made from, by name; one left out is not known.",
    )


class RecordsRequest(WireModel):
    """Customers to assign from their raw rows, by the expressions that made the model's own vectors."""

    as_of: str = Field(
        pattern=MOMENT,
        description="Only rows strictly before it count; a date is the midnight at which it starts. Without a zone it "
        "is the wall clock of the business.",
        examples=["2026-07-01"],
    )
    customers: list[RawCustomer] = Field(min_length=1, max_length=MOST_CUSTOMERS, description="Ids must differ.")
    explain: bool = Field(False, description="As for `/assign`.")
    words: bool = Field(False, description="As for `/assign`.")
    policy: Policy = Field("unassigned", description="As for `/assign`.")


class ChangeRequest(WireModel):
    """What would bring this customer to that segment?"""

    customer: Customer
    to: str = Field(description="Id of the segment to reach.", examples=["seg-bxwgagla"])
    changeable: list[str] = Field(
        min_length=1,
        description="The basis features that may change. Those that follow from them by definition move along.",
        examples=[["frequency"]],
    )


class MapRequest(WireModel):
    """Customers to find on the flat picture of the segments."""

    customers: list[Customer] = Field(min_length=1, max_length=MOST_CUSTOMERS, description="Ids must differ.")
