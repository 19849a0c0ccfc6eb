"""`POST /assign_records`: the segment of each customer, computed from raw rows.

`serving.assignment.raw_rows` checks the rows; the expressions of `features` compute the customer vectors from them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from segment_model.errors import ContractError
from serving.assignment.raw_rows import SINGLE, TABLES, RawTables, read_moment, read_rows
from serving.assignment.request import AssignmentRequest, read_customers
from serving.assignment.stepwise import assign_in_steps, takes_long
from serving.contracts import requests
from serving.contracts.requests import MOMENT_WORDS, MOST_CUSTOMERS, MOST_ROWS, RawCustomer
from serving.contracts.responses import RecordsResponse
from serving.model.served_model import ServedModel
from serving.routing.context import Context, ForModel
from serving.routing.route import BODY_STATUSES, Lane, Route
from serving.wire.deadline import Deadline
from serving.wire.messages import Answer
from serving.wire.refusals import MISSING, Refusal, RefusalDetail, RequestProblems, shortened
from serving.wire.strict_json import parse

if TYPE_CHECKING:
    from features.request.compiled import VectorCompiler


@dataclass(frozen=True, slots=True)
class RecordsRequest:
    """A well-formed request: `base` holds each customer's rows as they were sent, `raw` as the engine expects them."""

    base: AssignmentRequest
    as_of: date | datetime
    raw: RawTables


def compiler_of(served: ServedModel) -> VectorCompiler:
    """The compiler of the model's vectors from raw rows.

    Raises
    ------
    Refusal
        409 if the model does not record how its features were computed.
    """
    try:
        return served.compiler
    except ContractError as error:
        raise Refusal(409, "no_feature_recipe", str(error)) from error


def read_raw_customers(body: Any, most_customers: int = MOST_CUSTOMERS) -> AssignmentRequest:
    """Check the shape of a parsed body, of which each customer's `features` are rows by table.

    Raises
    ------
    Refusal
        422, with all problems (up to the limit of details).
    """
    asked = read_customers(requests.RecordsRequest, body, most_customers)
    ids = [customer["id"] for customer in asked.customers]
    rows = [_rows_by_table(customer) for customer in asked.customers]
    return AssignmentRequest(
        ids, rows, asked.explain or asked.words, asked.words, asked.policy, conditions=tuple(asked.conditions)
    )


def read_records(body: Any, served: ServedModel, most_customers: int = MOST_CUSTOMERS) -> RecordsRequest:
    """Check a parsed body, down to the values of its rows.

    Raises
    ------
    Refusal
        422, with all problems (up to the limit of details); 409 if the model cannot compute features.
    """
    base = read_raw_customers(body, most_customers)
    as_of = read_moment(body.get("as_of"))
    if as_of is None:
        problems = RequestProblems()
        problems.add(body.get("as_of", MISSING), f"{MOMENT_WORDS} for 'as_of'")
        problems.raise_malformed()
    rows = sum(len(listed) for customer in base.features for listed in customer.values())
    if rows > MOST_ROWS:
        message = f"a request carries at most {MOST_ROWS} rows, this one {rows}; send fewer customers at a time"
        raise Refusal(422, "too_many_rows", message)
    compiler = compiler_of(served)
    columns = {name: compiler.columns(ours) for name, ours in TABLES.items()}
    return RecordsRequest(base, as_of or date.min, read_rows(base.features, base.ids, columns))


def answer_records(served: ServedModel, request: RecordsRequest, deadline: Deadline) -> dict[str, Any]:
    """Compute the vectors of the customers and assign them, in their order.

    Raises
    ------
    Refusal
        422 if a customer has no usable row at all, or gets a feature value that the model cannot use; 504 if it takes
        too long.
    EngineError
        If the engine fails: a failure of the service, for the values of the rows were checked before.
    """
    from features.request.compiled import EngineTimeoutError

    ids = request.base.ids
    compiler = compiler_of(served)
    try:
        vectors = compiler.vectors(
            request.raw.tables, len(ids), request.as_of, request.raw.zoned, max(0.0, deadline.left)
        )
    except EngineTimeoutError as error:
        raise deadline.passed() from error
    as_of = request.as_of.isoformat()
    without_rows = [
        RefusalDetail(name, None, "no usable row", f"at least one usable row before {as_of} in any table")
        for name, record in zip(ids, vectors.records, strict=True)
        if record is None
    ]
    if without_rows:
        message = f"customer {shortened(without_rows[0].customer or '')!r} has no usable row before {as_of}"
        raise Refusal(422, "no_usable_rows", message, without_rows)
    records = [record for record in vectors.records if record is not None]
    content = assign_in_steps(served, replace(request.base, features=records), deadline)
    for assignment, record in zip(content["assignments"], records, strict=True):
        assignment["features"] = record
    names = {ours: name for name, ours in TABLES.items()}
    rows = {names[ours]: dict(counts) for ours, counts in vectors.counts.items()}
    return {**content, "as_of": as_of, "rows": rows}


def _rows_by_table(customer: RawCustomer) -> dict[str, Any]:
    """The rows of the tables that were sent, single objects as one row."""
    return {table: [rows] if table in SINGLE else rows for table, rows in customer.items() if table in TABLES}


def _read(context: Context, body: bytes) -> ForModel[RecordsRequest]:
    served = context.served()
    return ForModel(served, read_records(parse(body), served, context.settings.max_customers))


def _answer(context: Context, request: ForModel[RecordsRequest], deadline: Deadline) -> Answer:
    content = answer_records(request.served, request.content, deadline)
    vectors = [row["features"] for row in content["assignments"]]
    return context.assigned(request.served, vectors, request.content.base.policy, content)


def _takes_long(request: ForModel[RecordsRequest]) -> bool:
    return takes_long(request.served, request.content.base)


ROUTE = Route(
    "POST",
    "/assign_records",
    "Assign customers from their raw orders, events, subscriptions, attributes and own vectors",
    _answer,
    _read,
    lane=Lane.LIST,
    takes_long=_takes_long,
    request=requests.RecordsRequest,
    response=RecordsResponse,
    refusals=(*BODY_STATUSES, 409),
)
