"""Refusals: requests that are answered with an error status, all in one error shape.

{"error": {"code": "...", "message": "...", "details": [{"customer", "feature", "got", "expected"}, ...]}}
"""

from __future__ import annotations

import math
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from segment_model.errors import InputError, Problem

MOST_DETAILS = InputError.LIMIT
LONGEST_TEXT = 60
REDACTED = "***"
# A secret is recognised by so many of its first characters, since a shortened text shows its beginning. A shorter text
# is no API key of the service (these have 43 characters), and may be a part of ordinary words.
LEAST_SECRET = 8


@dataclass(frozen=True, slots=True)
class RefusalDetail:
    """One problem. `customer` is the id that was sent, or the position (`#3`) where no usable id was sent."""

    customer: str | None
    feature: str | None
    got: str
    expected: str

    def to_json(self) -> dict[str, str | None]:
        return {"customer": self.customer, "feature": self.feature, "got": self.got, "expected": self.expected}


class Refusal(Exception):  # noqa: N818  # an answer to the caller, not a failure of the service
    """Raised anywhere for a request that is to be answered with an error status; the gateway answers it."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Iterable[RefusalDetail] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = tuple(islice(details, MOST_DETAILS))
        self.headers = dict(headers or {})

    def without_secret(self, secret: str) -> Refusal:
        """The same refusal with the caller's secret redacted, wherever the caller put it by mistake."""
        details = [
            RefusalDetail(
                None if detail.customer is None else redacted(detail.customer, secret),
                None if detail.feature is None else redacted(detail.feature, secret),
                redacted(detail.got, secret),
                redacted(detail.expected, secret),
            )
            for detail in self.details
        ]
        return Refusal(self.status, self.code, redacted(self.message, secret), details, self.headers)

    def to_json(self) -> dict[str, Any]:
        details = [detail.to_json() for detail in self.details]
        return {"error": {"code": self.code, "message": self.message, "details": details}}


class Missing:
    """The value of a key that was not sent."""

    def __repr__(self) -> str:
        return "nothing"


MISSING = Missing()


@dataclass(slots=True)
class RequestProblems:
    """The problems of one request, up to `MOST_DETAILS`, so that one answer names them all."""

    details: list[RefusalDetail] = field(default_factory=list)

    @property
    def full(self) -> bool:
        return len(self.details) >= MOST_DETAILS

    def add(self, got: Any, expected: str) -> None:
        """Add a problem of the request as a whole."""
        self.take([RefusalDetail(None, None, describe_value(got), expected)])

    def take(self, details: Iterable[RefusalDetail]) -> None:
        """Add details up to the limit; a generator computes only these, so that the number of hints is bounded."""
        self.details += islice(details, max(0, MOST_DETAILS - len(self.details)))

    def raise_any(self, code: str, message: str) -> None:
        if self.details:
            raise Refusal(422, code, message, self.details)

    def raise_malformed(self) -> None:
        """Raise a Refusal (422) if the request has another shape than /docs describes."""
        self.raise_any("invalid_request", "the request is not as /docs describes it")


def input_error_refusal(
    error: InputError, ids: Sequence[str], features: Sequence[Mapping[str, Any]], known: Container[str]
) -> Refusal:
    """The model's refusal, with customer ids in place of row numbers and values in the terms of JSON."""

    def got(problem: Problem) -> str:
        if problem.column is not None and problem.column in known:
            return describe_value(features[problem.row].get(problem.column, MISSING))
        return problem.got

    return feature_refusal(
        [RefusalDetail(ids[p.row], p.column and shortened(p.column), got(p), p.expected) for p in error.problems]
    )


def feature_refusal(details: Sequence[RefusalDetail]) -> Refusal:
    """Feature values that the model cannot use; the message names the first."""
    first = details[0]
    feature = f", feature {first.feature!r}" if first.feature else ""
    message = f"customer {shortened(first.customer or '')!r}{feature}: got {first.got}, expected {first.expected}"
    return Refusal(422, "invalid_features", message, details)


def describe_value(value: Any) -> str:
    """A JSON value as an error message shows it: shortened."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and abs(value) >= 10**15:
        return "a huge integer"
    if isinstance(value, float) and not math.isfinite(value):
        return "a number beyond double precision"
    if isinstance(value, str):
        return f"the text {shortened(value)!r}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return "an object"
    return shortened(repr(value))


def shortened(text: str) -> str:
    """At most `LONGEST_TEXT` characters of a text."""
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 3] + "..."


def redacted(text: str, secret: str) -> str:
    """A text with stars in place of the secret, whole or shortened, plain or as `repr` writes it.

    A secret of less than `LEAST_SECRET` characters is not redacted. The secret comes from the caller and may be long:
    only as much of it is compared as the text could show, and each character of the text once or twice.
    """
    if min(len(text), len(secret)) < LEAST_SECRET:
        return text
    secret = secret[: len(text)]
    forms = (secret, repr(secret)[1:-1])
    if not any(form[:LEAST_SECRET] in text for form in forms):
        return text
    beginning = re.compile("|".join(re.escape(form[:LEAST_SECRET]) for form in forms))
    kept, end = [], 0
    while match := beginning.search(text, end):
        start = match.start()
        kept += [text[end:start], REDACTED]
        end = start + max(_alike(text, start, form) for form in forms)
    return "".join([*kept, text[end:]])


def _alike(text: str, start: int, form: str) -> int:
    """How many characters of the text from `start` on equal the first characters of the form."""
    size = 0
    while size < len(form) and text.startswith(form[size], start + size):
        size += 1
    return size
