"""The one body of every answer with status 400 or above, and the error codes by status."""

from __future__ import annotations

from pydantic import Field

from serving.contracts.error_codes import codes_by_status
from serving.contracts.wire_model import WireModel

CODES = codes_by_status()


class ErrorDetail(WireModel):
    """One thing wrong."""

    customer: str | None = Field(description="The id sent, or `#3` (a position) where no usable id was sent.")
    feature: str | None
    got: str
    expected: str


class Error(WireModel):
    """What is wrong and how to correct it."""

    code: str = Field(
        description="For programs: one of those that the response's description names. A later version may have more.",
        examples=["invalid_features"],
    )
    message: str = Field(description="For people.")
    details: list[ErrorDetail]


class ErrorResponse(WireModel):
    """Every status of 400 and above has this body."""

    error: Error
