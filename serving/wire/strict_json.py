"""JSON in and out, strictly: no NaN, no key twice, no broken text, in either direction.

Parsing is by pydantic-core's Rust parser (4 times faster than `json` here). It keeps the last of two equal keys, so a
body is checked for them: each key is written with one colon, so a body with as many colons as parsed keys repeats
none. Only where the counts differ (a colon in a text, or a repeated key), or where `NaN` or `Infinity` is written, is
the body parsed again by `json`, which can say where.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json, to_json

from serving.wire.refusals import Refusal


@dataclass(frozen=True, slots=True)
class RepeatedKey:
    """Stands where an object named one key twice, so that whoever meets it can say where it was."""

    key: str

    def __repr__(self) -> str:
        return f"an object that names {self.key!r} twice"


@dataclass(frozen=True, slots=True)
class NotJson:
    """Stands where `NaN`, `Infinity` or `-Infinity` was written."""

    literal: str

    def __repr__(self) -> str:
        return self.literal


def parse(body: bytes) -> Any:
    """The value of a JSON text in UTF-8, where `RepeatedKey` and `NotJson` stand for what nobody may accept.

    Raises
    ------
    Refusal
        400 if the text is not JSON in any way: broken, nested too deep, not UTF-8, a lone surrogate.
    """
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError:
        try:
            from_json(body, allow_inf_nan=True)
        except ValueError as error:
            raise Refusal(400, "malformed_json", f"the body is not JSON: {error}") from error
    else:
        if body.count(b":") == _count_keys(value):
            return value
    return json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=NotJson)


def dump(value: Any) -> bytes:
    """JSON in UTF-8. A number that JSON has no word for is written as null."""
    return to_json(value, inf_nan_mode="null")


def _count_keys(value: Any) -> int:
    if type(value) is dict:
        return len(value) + sum([_count_keys(v) for v in value.values() if type(v) is dict or type(v) is list])
    if type(value) is list:
        return sum([_count_keys(v) for v in value])
    return 0


def _unique(pairs: list[tuple[str, Any]]) -> Any:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    times = Counter(name for name, _ in pairs)
    return RepeatedKey(next(name for name, number in times.items() if number > 1))
