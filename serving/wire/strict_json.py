"""Strict JSON in both directions: no NaN or infinity, no repeated key, no invalid Unicode.

pydantic-core parses (measured at 4 times the speed of `json`). It keeps the last of two equal keys, so `parse` counts:
each key is written with one colon, and a body with as many colons as parsed keys repeats none. Only where the counts
differ (a colon in a text, or a repeated key), or where `NaN` or `Infinity` is written, `json` parses the body again to
locate the problem.
"""

from __future__ import annotations

import codecs
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json, to_json

from serving.wire.refusals import Refusal


@dataclass(frozen=True, slots=True)
class RepeatedKey:
    """Stands in place of an object with a repeated key, so that its reader can name the place."""

    key: str

    def __repr__(self) -> str:
        return f"an object that names {self.key!r} twice"


@dataclass(frozen=True, slots=True)
class NotJson:
    """Stands in place of `NaN`, `Infinity` or `-Infinity`."""

    literal: str

    def __repr__(self) -> str:
        return self.literal


def parse(body: bytes) -> Any:
    """The value of a JSON text in UTF-8; `RepeatedKey` and `NotJson` mark what no reader may accept.

    Raises
    ------
    Refusal
        400 if the text is not JSON at all: a syntax error, nesting too deep, not UTF-8, a lone surrogate.
    """
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError:
        try:
            from_json(body, allow_inf_nan=True)
        except ValueError as error:
            raise Refusal(400, "malformed_json", f"the body is not JSON: {_fault(body, error)}") from error
    else:
        if body.count(b":") == _count_keys(value):
            return value
    return json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=NotJson)


def _fault(body: bytes, error: ValueError) -> str:
    """What is wrong with a body that is no JSON: it is empty, or has the mark of Windows; else the parser's words."""
    if not body.strip():
        return "it is empty"
    if body.startswith(codecs.BOM_UTF8):
        return "it begins with a byte order mark; send UTF-8 without one"
    return str(error)


def dump(value: Any) -> bytes:
    """JSON in UTF-8. NaN and infinity, which JSON lacks, are written as null."""
    return to_json(value, inf_nan_mode="null")


def _count_keys(value: Any) -> int:
    if type(value) is dict:
        return len(value) + sum([_count_keys(v) for v in value.values() if type(v) is dict or type(v) is list])
    if type(value) is list:
        return sum([_count_keys(v) for v in value if type(v) is dict or type(v) is list])
    return 0


def _unique(pairs: list[tuple[str, Any]]) -> Any:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    counts = Counter(name for name, _ in pairs)
    return RepeatedKey(next(name for name, number in counts.items() if number > 1))
