"""The one body of every answer of 400 and above, and the codes that it may bear."""

from __future__ import annotations

from pydantic import Field

from serving.contracts.wire_model import Strict

# The codes of errors by status: what the OpenAPI document tells of them. A test holds them to those that are raised.
CODES: dict[int, tuple[str, ...]] = {
    400: ("malformed_json", "malformed_request"),
    401: ("unauthorized",),
    404: ("not_found",),
    405: ("method_not_allowed",),
    408: ("head_timeout", "body_timeout"),
    409: ("no_feature_recipe",),
    413: ("body_too_large",),
    414: ("url_too_long",),
    415: ("unsupported_media_type", "unsupported_encoding"),
    422: (
        *("invalid_request", "no_customers", "too_many_customers", "duplicate_ids", "unknown_segment"),
        *("not_changeable", "too_many_rows", "invalid_records", "no_usable_rows", "invalid_features"),
    ),
    429: ("rate_limited", "too_many_waiting"),
    431: ("headers_too_large",),
    500: ("internal_error",),
    503: ("loading", "no_model", "busy", "leaving"),
    504: ("deadline",),
}


class ErrorDetail(Strict):
    """One thing wrong."""

    customer: str | None = Field(description="The id sent, or `#3` (a position) where no usable id was sent.")
    feature: str | None
    got: str
    expected: str


class Error(Strict):
    """What is wrong and how to mend it."""

    code: str = Field(
        description="For programs: one of those that the response's description names. A later version may have more.",
        examples=["invalid_features"],
    )
    message: str = Field(description="For people.")
    details: list[ErrorDetail]


class ErrorResponse(Strict):
    """Every status of 400 and above has this body."""

    error: Error
