"""How the service says no: one error shape for everything.

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
HIDDEN = "***"
# So many of a secret's first characters are known for it: a text that was cut shows its beginning. Whatever is shorter
# is no key of ours (they have 43 characters), and as a part of words it would put stars all over them.
TELLING = 8


@dataclass(frozen=True, slots=True)
class Detail:
    """One thing wrong. `customer` is the id that was sent (or `#3`, the position, where there is no usable id)."""

    customer: str | None
    feature: str | None
    got: str
    expected: str

    def to_json(self) -> dict[str, str | None]:
        return {"customer": self.customer, "feature": self.feature, "got": self.got, "expected": self.expected}


class Refusal(Exception):  # noqa: N818  # a refusal is an answer, not a failure of ours
    """A request that is answered with an error status; raised anywhere, answered in one place."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        details: Iterable[Detail] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = tuple(islice(details, MOST_DETAILS))
        self.headers = dict(headers or {})

    def hiding(self, secret: str) -> Refusal:
        """The same, without a secret of the caller's that was sent where anybody may read it."""
        details = [
            Detail(
                None if one.customer is None else hidden(one.customer, secret),
                None if one.feature is None else hidden(one.feature, secret),
                hidden(one.got, secret),
                hidden(one.expected, secret),
            )
            for one in self.details
        ]
        return Refusal(self.status, self.code, hidden(self.message, secret), details, self.headers)

    def to_json(self) -> dict[str, Any]:
        details = [detail.to_json() for detail in self.details]
        return {"error": {"code": self.code, "message": self.message, "details": details}}


class Nothing:
    """What came where a key is absent."""

    def __repr__(self) -> str:
        return "nothing"


NOTHING = Nothing()


@dataclass(slots=True)
class Complaints:
    """Collects what is wrong with one request, so that the caller hears of it in one answer, up to `MOST_DETAILS`."""

    details: list[Detail] = field(default_factory=list)

    @property
    def full(self) -> bool:
        return len(self.details) >= MOST_DETAILS

    def add(self, got: Any, expected: str, customer: str | None = None, feature: str | None = None) -> None:
        self.take([Detail(customer, feature, in_words(got), expected)])

    def take(self, details: Iterable[Detail]) -> None:
        """As many of these as the caller will hear of. A generator makes no others, so that hints cost little."""
        self.details += islice(details, max(0, MOST_DETAILS - len(self.details)))

    def raise_any(self, code: str, message: str) -> None:
        if self.details:
            raise Refusal(422, code, message, self.details)

    def raise_malformed(self) -> None:
        """Refuse a request of another shape than /docs describes."""
        self.raise_any("invalid_request", "the request is not as /docs describes it")


def from_input_error(
    error: InputError, ids: Sequence[str], features: Sequence[Mapping[str, Any]], known: Container[str]
) -> Refusal:
    """The model's own refusal, with the callers' ids in place of row numbers and JSON's words for what came."""

    def got(problem: Problem) -> str:
        if problem.column is not None and problem.column in known:
            return in_words(features[problem.row].get(problem.column, NOTHING))
        return problem.got

    return feature_refusal(
        [Detail(ids[p.row], p.column and printable(p.column), got(p), p.expected) for p in error.problems]
    )


def feature_refusal(details: Sequence[Detail]) -> Refusal:
    """Values that no model could use; the message tells the first of them."""
    first = details[0]
    feature = f", feature {first.feature!r}" if first.feature else ""
    message = f"customer {printable(first.customer or '')!r}{feature}: got {first.got}, expected {first.expected}"
    return Refusal(422, "invalid_features", message, details)


def in_words(value: Any) -> str:
    """A JSON value as an error message shows it, never long."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and abs(value) >= 10**15:
        return "a huge integer"
    if isinstance(value, float) and not math.isfinite(value):
        return "a number beyond double precision"
    if isinstance(value, str):
        return f"the text {printable(value)!r}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return "an object"
    return printable(repr(value))


def printable(text: str) -> str:
    """At most `LONGEST_TEXT` characters of a text."""
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 3] + "..."


def hidden(text: str, secret: str) -> str:
    """A text with stars for the secret, whole or cut short, as it is or as `repr` writes it.

    A secret of less than `TELLING` characters is left as it is. What was sent as one may be long, and is not trusted:
    no more of it is looked at than the text could show, and each character of the text once or twice.
    """
    if min(len(text), len(secret)) < TELLING:
        return text
    secret = secret[: len(text)]
    forms = (secret, repr(secret)[1:-1])
    if not any(form[:TELLING] in text for form in forms):
        return text
    beginning = re.compile("|".join(re.escape(form[:TELLING]) for form in forms))
    kept, end = [], 0
    while found := beginning.search(text, end):
        start = found.start()
        kept += [text[end:start], HIDDEN]
        end = start + max(_alike(text, start, form) for form in forms)
    return "".join([*kept, text[end:]])


def _alike(text: str, start: int, form: str) -> int:
    """How many characters of the text, from there on, are those at the beginning of the form."""
    size = 0
    while size < len(form) and text.startswith(form[size], start + size):
        size += 1
    return size
