"""Every error code of the service: its HTTP status, what it means, and what to do about it.

The OpenAPI document and the tables of the documentation are derived from `ERROR_CODES`.
"""

from __future__ import annotations

from dataclasses import dataclass

from features.grammar.summed_numbers import LARGEST, limit_in_words
from serving.contracts.requests import MOST_ROWS


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One code. `cause` says on which side the error arises: the caller's or the operator's; `remedy` is for both."""

    status: int
    code: str
    cause: str
    meaning: str
    remedy: str


CALLER, OPERATOR = "caller", "operator"

ERROR_CODES: tuple[ErrorCode, ...] = (
    ErrorCode(
        400,
        "malformed_json",
        CALLER,
        "the body is not JSON",
        "correct the JSON; the message says where it breaks",
    ),
    ErrorCode(
        400,
        "malformed_request",
        CALLER,
        "the request is not HTTP/1.1, or ended before its headers or body did",
        "speak HTTP/1.1; often TLS is sent to a plain port, or a client ends a request half sent",
    ),
    ErrorCode(
        401,
        "unauthorized",
        CALLER,
        "the service has API keys, and the request has none of them",
        "send a key; many of these may be an attempt to guess one",
    ),
    ErrorCode(
        404,
        "not_found",
        CALLER,
        "the path does not exist",
        "correct the path; many different ones come from a scanner",
    ),
    ErrorCode(
        404,
        "no_report",
        OPERATOR,
        "`/report` only: no report is stored with the model in service, as it comes from a folder or an older version",
        "discover again with this version and promote the new version, or read `report.html` of the MLflow run",
    ),
    ErrorCode(
        404,
        "no_assignments",
        OPERATOR,
        "`/find_customer` only: `SEGMENTS_ASSIGNMENTS` is not set, or its file cannot be read",
        "write the file by `segments assign --out` and name it in `SEGMENTS_ASSIGNMENTS`",
    ),
    ErrorCode(
        404,
        "unknown_customer",
        CALLER,
        "`/find_customer` only: the file of assignments has no customer of this id",
        "correct the id, or write the file anew",
    ),
    ErrorCode(
        405,
        "method_not_allowed",
        CALLER,
        "the path takes another method",
        "use the method that the header `Allow` names",
    ),
    ErrorCode(
        408,
        "head_timeout",
        CALLER,
        "URL and headers did not arrive within `SEGMENTS_HEADER_SECONDS`",
        "look for a slow network, or an attack by slowness; connections are bounded",
    ),
    ErrorCode(
        408,
        "body_timeout",
        CALLER,
        "the body did not arrive within `SEGMENTS_BODY_SECONDS`",
        "the same; raise `SEGMENTS_BODY_SECONDS` for distant callers",
    ),
    ErrorCode(
        409,
        "no_feature_recipe",
        OPERATOR,
        "the model does not know how its features are computed: an older version discovered it, or it was discovered "
        "from vectors",
        "discover again from raw tables with this version, and promote the new version",
    ),
    ErrorCode(
        413,
        "body_too_large",
        CALLER,
        "the body is larger than `SEGMENTS_MAX_BODY_BYTES`",
        "send fewer customers a request, or raise `SEGMENTS_MAX_BODY_BYTES`",
    ),
    ErrorCode(414, "url_too_long", CALLER, "the URL has more than 8 KiB", "shorten it; no route needs a long URL"),
    ErrorCode(
        415,
        "unsupported_media_type",
        CALLER,
        "the content type is not JSON in UTF-8",
        "send `Content-Type: application/json`",
    ),
    ErrorCode(
        415,
        "unsupported_encoding",
        CALLER,
        "the body is compressed",
        "send the body without `Content-Encoding`",
    ),
    ErrorCode(
        422,
        "invalid_request",
        CALLER,
        "the body is JSON of another shape than `/docs` describes",
        "follow the shape in `/docs`",
    ),
    ErrorCode(422, "no_customers", CALLER, "the list of customers is empty", "send at least one customer"),
    ErrorCode(
        422,
        "too_many_customers",
        CALLER,
        "the request has more customers than `SEGMENTS_MAX_CUSTOMERS`",
        "send fewer customers a request, or raise `SEGMENTS_MAX_CUSTOMERS`",
    ),
    ErrorCode(422, "duplicate_ids", CALLER, "two customers have the same id", "send each customer once a request"),
    ErrorCode(
        422,
        "unknown_condition",
        CALLER,
        "`conditions` has a name that no condition of the model in service has",
        "use a name from `GET /model`; a condition is new in the next model that is discovered with it",
    ),
    ErrorCode(
        422,
        "unknown_segment",
        CALLER,
        "`against` or `to` names a segment that the model does not have",
        "use an id from `GET /segments`; it may belong to an older model",
    ),
    ErrorCode(
        422,
        "not_changeable",
        CALLER,
        "`changeable` names a column that is not a basis feature",
        "use the basis features that `GET /model` lists",
    ),
    ErrorCode(
        422,
        "too_many_rows",
        CALLER,
        f"the request of `/assign_records` has more than {MOST_ROWS:,} rows",
        "send fewer customers a request",
    ),
    ErrorCode(
        422,
        "invalid_records",
        CALLER,
        f"a row has an unknown column, an unreadable value, or a summed number beyond {limit_in_words(LARGEST)}",
        "correct what the details name: customer, table, row and column",
    ),
    ErrorCode(
        422,
        "no_usable_rows",
        CALLER,
        "a customer has no row before `as_of` that counts, in any table",
        "send rows before `as_of`; rows at or after it do not count",
    ),
    ErrorCode(
        422,
        "invalid_features",
        CALLER,
        "a feature is absent, unknown, of another type, or not a finite number",
        "correct what the details name: customer and feature; after a promotion, read `GET /model`",
    ),
    ErrorCode(
        429,
        "rate_limited",
        CALLER,
        "this key sends more requests a second than `SEGMENTS_REQUESTS_PER_SECOND`",
        "wait as `Retry-After` says, or raise the limit",
    ),
    ErrorCode(
        429,
        "too_many_waiting",
        CALLER,
        "more than 16 requests wait on one connection behind the one under way; earlier ones are answered, then the "
        "connection is closed",
        "read answers before sending more requests on the connection",
    ),
    ErrorCode(
        431,
        "headers_too_large",
        CALLER,
        "the request has more than 100 headers, or more than 32 KiB of headers or trailers",
        "send fewer headers; often they are a browser's cookies: give the service a host name of its own",
    ),
    ErrorCode(
        500,
        "internal_error",
        OPERATOR,
        "the service failed",
        "read the log: it has the traceback under the request id; report it",
    ),
    ErrorCode(
        503,
        "loading",
        OPERATOR,
        "the model is being loaded",
        "wait as `Retry-After` says; if it lasts, read the log",
    ),
    ErrorCode(
        503,
        "no_model",
        OPERATOR,
        "there is no model to serve; the message says why",
        "correct the cause: no registry, no such alias, or a damaged version without a copy; the service retries and "
        "needs no restart",
    ),
    ErrorCode(
        503,
        "busy",
        OPERATOR,
        "`SEGMENTS_MAX_CONCURRENCY` requests or `SEGMENTS_MAX_CONNECTIONS` connections are under way",
        "wait as `Retry-After` says; if it lasts, add workers or instances",
    ),
    ErrorCode(
        503,
        "leaving",
        OPERATOR,
        "`/readyz` only: the service is stopping, and still answers other requests",
        "send traffic to another instance",
    ),
    ErrorCode(
        504,
        "deadline",
        f"{CALLER} or {OPERATOR}",
        "the work took more than `SEGMENTS_REQUEST_SECONDS`",
        "send fewer customers, or let fewer features change; if it lasts, the machine is too busy",
    ),
)


def codes_by_status() -> dict[int, tuple[str, ...]]:
    """The codes of each status, in the order of their declaration."""
    statuses = dict.fromkeys(error.status for error in ERROR_CODES)
    return {status: tuple(error.code for error in ERROR_CODES if error.status == status) for status in statuses}
