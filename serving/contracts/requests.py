"""The bodies of requests: what `serving.wire.validation` validates, and the OpenAPI document publishes.

The feature values of a customer and the values of raw rows are checked by the model in service, which alone knows what
they must be; here they only have to be objects.
"""

from __future__ import annotations

from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,  # pydantic takes those of typing from Python 3.12 on
)

from pydantic import FailFast, Field, InstanceOf, TypeAdapter, WithJsonSchema, with_config
from typing_extensions import TypedDict

from features.grammar.moments import FORM
from features.settings_words import Expected
from serving.contracts.wire_model import STRICT, WireModel

MOST_CUSTOMERS = 1000
LONGEST_ID = 256
MOST_ROWS = 20_000
MOST_CONDITIONS = 100
MOMENT = FORM

Policy = Literal["unassigned", "nearest"]

MOMENT_WORDS = "a date or time such as '2026-06-29', '2026-06-29T14:05:00' or '2026-06-29T14:05:00Z'"
ID_WORDS = f"a text of 1 to {LONGEST_ID} characters"
SEGMENT_WORDS = "the id of a segment"
ROWS_WORDS = "a list of rows, each an object of its columns,"
FEATURES = TypeAdapter(dict[str, float | str | bool | None]).json_schema()
ROW = TypeAdapter(dict[str, float | str | bool | None]).json_schema()

# the maximum is published; the service enforces its setting, which has this default
CUSTOMERS = (
    Expected(f"a list of 1 to {MOST_CUSTOMERS} customers"),
    Field(min_length=1, description="Ids must differ.", json_schema_extra={"maxItems": MOST_CUSTOMERS}),
)

CustomerId = Annotated[
    str,
    Expected(ID_WORDS),
    Field(min_length=1, max_length=LONGEST_ID, description="Yours; echoed in the answer.", examples=["C1"]),
]
Flag = Annotated[bool, Expected("true or false")]
PolicyField = Annotated[Policy, Expected("'unassigned' or 'nearest'")]
Conditions = Annotated[
    list[str],
    FailFast(),
    Expected(f"a list of at most {MOST_CONDITIONS} names of conditions"),
    Field(max_length=MOST_CONDITIONS),
]
Row = Annotated[InstanceOf[dict[str, Any]], WithJsonSchema(ROW)]
# one row that is no object is enough to refuse the rows: a body may hold a million
Rows = Annotated[list[Row], FailFast(), Expected(ROWS_WORDS)]


# customers are typed dictionaries: a thousand models take twice the time to make
@with_config(STRICT)
class Customer(TypedDict):
    """One customer as of now."""

    id: CustomerId
    features: Annotated[
        InstanceOf[dict[str, Any]],
        WithJsonSchema(FEATURES),
        Expected("an object of features by name"),
        Field(
            description="Every basis feature of the model (`GET /model` lists them with kinds and units). "
            "Descriptors may be there and change nothing. `null` only where the feature is nullable, booleans "
            "only where it is a flag.",
            examples=[{"recency_days": 3, "monetary_value": 412.5}],
        ),
    ]


@with_config(STRICT)
class AssignedCustomer(Customer):
    """One customer as of now, and where they were."""

    previous_segment_id: NotRequired[
        Annotated[
            str | None,
            Expected(ID_WORDS),
            Field(
                min_length=1,
                max_length=LONGEST_ID,
                description="The segment that the customer was in: on the border they then stay there, and the answer "
                "says so in `kept_by_hysteresis`. They stay while the nearest segment's `strength` is below 0.1 and "
                "theirs comes second. Left out or null: no such rule.",
                json_schema_extra={"default": None},
            ),
        ]
    ]


class AssignRequest(WireModel):
    """Customers to assign."""

    customers: Annotated[list[AssignedCustomer], *CUSTOMERS]
    explain: Flag = Field(False, description="Also answer each feature's SHAP contribution.")
    words: Flag = Field(False, description="Also say each contribution in plain words; implies `explain`.")
    policy: PolicyField = Field(
        "unassigned",
        description="What a customer outside every segment gets: no segment (`segment_id` null), or the nearest one.",
    )
    conditions: Conditions = Field(
        [],
        description="Names of the model's conditions (`GET /model` lists them): each answer says which of them the "
        "customer meets. The features that they read must be sent, null where they are not known.",
        examples=[["at_risk"]],
    )


class FindRequest(WireModel):
    """A customer to find in the file of assignments."""

    id: CustomerId


class ContrastRequest(WireModel):
    """Customers to assign, each explained against one segment that the caller names."""

    customers: Annotated[list[Customer], *CUSTOMERS]
    against: Annotated[str, Expected(SEGMENT_WORDS)] = Field(
        description="Id of the segment to compare with. Where it is a customer's own, the runner-up is taken.",
        examples=["seg-bxwgagla"],
    )
    words: Flag = Field(False, description="Also say each contribution in plain words.")
    policy: PolicyField = Field("unassigned", description="As for `/assign`.")


@with_config(STRICT)
class RawCustomer(TypedDict):
    """One customer's raw rows. A table without a row is a table where the customer has none."""

    id: CustomerId
    orders: NotRequired[
        Annotated[
            Rows,
            Field(
                description="Rows of orders; columns as in the reference (`ordered_at`, `order_id`, `amount`, ...).",
                examples=[[{"ordered_at": "2026-06-28T10:15:00", "order_id": "O1", "amount": 41.5}]],
            ),
        ]
    ]
    events: NotRequired[Annotated[Rows, Field(description="Rows of events (`occurred_at`, `name`, ...).")]]
    subscriptions: NotRequired[Annotated[Rows, Field(description="Terms of subscriptions (`started_at`, `mrr`, ...).")]]
    attributes: NotRequired[
        Annotated[
            Row,
            Expected("an object of attributes by name"),
            Field(description="The attributes that the model was made from, by name; one left out is not known."),
        ]
    ]
    vectors: NotRequired[
        Annotated[
            Row,
            Expected("an object of columns by name"),
            Field(
                description="The columns of `sources.vectors` that the model was made from, by their names in the "
                "vector; one left out is missing."
            ),
        ]
    ]


class RecordsRequest(WireModel):
    """Customers to assign from their raw rows, by the expressions that made the model's own vectors."""

    as_of: Annotated[str, Expected(MOMENT_WORDS)] = Field(
        pattern=MOMENT,
        description="Only rows strictly before it count; a date is the midnight at which it starts. Without a zone it "
        "is the wall clock of the business.",
        examples=["2026-07-01"],
    )
    customers: Annotated[list[RawCustomer], *CUSTOMERS]
    explain: Flag = Field(False, description="As for `/assign`.")
    words: Flag = Field(False, description="As for `/assign`.")
    policy: PolicyField = Field("unassigned", description="As for `/assign`.")
    conditions: Conditions = Field([], description="As for `/assign`; the features come of the rows.")


class ChangeRequest(WireModel):
    """What would bring this customer to that segment?"""

    customer: Customer
    to: Annotated[str, Expected(SEGMENT_WORDS)] = Field(
        description="Id of the segment to reach.", examples=["seg-bxwgagla"]
    )
    changeable: Annotated[list[str], FailFast(), Expected("a list of at least one feature's name")] = Field(
        min_length=1,
        description="The basis features that may change. Those that follow from them by definition move along.",
        examples=[["frequency"]],
    )


class MapRequest(WireModel):
    """Customers to find on the flat picture of the segments."""

    customers: Annotated[list[Customer], *CUSTOMERS]
