"""The service's log: JSON lines, with the id of the request and the name of the key, never a key.

What a customer sent is left out unless `values` asks for it: refusals are told by their code, failures of ours by
their trace without the words of the exception, which may hold a value.

A line costs about as much as an answer's JSON, so the rule is: failures of ours always, refusals up to `REFUSAL_LINES`
a second (how many were left out stands in the next), answers where `SEGMENTS_LOG_REQUESTS` asks for them.
"""

from __future__ import annotations

import itertools
import json
import logging
import os
import re
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from serving.gateway.api_keys import sent_key
from serving.wire.messages import Headers
from serving.wire.refusals import Refusal, hidden

logger = logging.getLogger("bentoml.segments")

REFUSAL_LINES = 20
REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
FIELDS = "segments_fields"  # the attribute of a log record that carries the fields of its line


@dataclass(slots=True)
class Seen:
    """What is known of one request by the time it is answered."""

    method: str
    request_id: str = ""
    route: str = ""
    key: str = ""


class RequestIds:
    """Takes the id that came in `X-Request-Id`, or makes one: a text of this process, and a number."""

    def __init__(self) -> None:
        self._prefix = os.urandom(6).hex()
        self._numbers = itertools.count(1)

    def of(self, headers: Headers) -> str:
        sent = headers.get(b"x-request-id")
        if sent is not None and REQUEST_ID.fullmatch(sent) and (sent_key(headers) or b" ") not in sent:
            return sent.decode("ascii")
        return f"{self._prefix}-{next(self._numbers):x}"


@dataclass(slots=True)
class RequestLog:
    """Writes a line for a request where the rule says so."""

    answers: bool = False
    values: bool = False
    clock: Callable[[], float] = time.monotonic
    _second: int = field(default=-1, init=False)
    _lines: int = field(default=0, init=False)
    _left_out: int = field(default=0, init=False)

    def answered(self, seen: Seen, status: int, seconds: float) -> None:
        if self.answers:
            _write(logging.INFO, "answered", _fields(seen, status, seconds))

    def refused(self, seen: Seen, refusal: Refusal, seconds: float) -> None:
        """One line of at most `REFUSAL_LINES` a second: whoever floods the service must not flood its log."""
        second = int(self.clock())
        if second != self._second:
            self._second, self._lines = second, 0
        if self._lines >= REFUSAL_LINES:
            self._left_out += 1
            return
        self._lines += 1
        fields = _fields(seen, refusal.status, seconds) | {"code": refusal.code}
        if self._left_out:
            fields["left_out"], self._left_out = self._left_out, 0
        if self.values:
            fields |= {"reason": refusal.message, "details": [detail.to_json() for detail in refusal.details]}
        _write(logging.WARNING if refusal.status >= 500 else logging.INFO, "refused", fields)

    def failed(self, seen: Seen, error: BaseException, seconds: float, secret: str = "") -> None:
        """A failure of ours, with its trace; the caller's secret stays out of it."""
        fields = _fields(seen, 500, seconds) | {"error": type(error).__name__, "trace": _trace(error)}
        if self.values:
            fields["reason"] = hidden(str(error), secret)
        _write(logging.ERROR, f"failed: {type(error).__name__}", fields)


class JsonLines(logging.Formatter):
    """A log record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line |= {"error": type(record.exc_info[1]).__name__, "trace": _trace(record.exc_info[1])}
        return json.dumps(line, ensure_ascii=False, default=str)


def log_json_lines() -> None:
    """Make every line that this process logs one of JSON on standard error, those of BentoML and uvicorn too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    for name, found in logging.root.manager.loggerDict.items():
        if isinstance(found, logging.Logger) and found.handlers and name.partition(".")[0] in ("bentoml", "uvicorn"):
            found.handlers.clear()
            found.propagate = True


def _fields(seen: Seen, status: int, seconds: float) -> dict[str, Any]:
    return {
        "request_id": seen.request_id,
        "key": seen.key or None,
        "method": seen.method,
        "route": seen.route or None,  # as the table has it: a path may hold anything
        "status": status,
        "milliseconds": round(seconds * 1000, 3),
    }


def _write(level: int, message: str, fields: dict[str, Any]) -> None:
    logger.log(level, message, extra={FIELDS: fields})


def _trace(error: BaseException) -> list[str]:
    """Where it happened, without the exception's own words."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return (
        lines
        if error.__cause__ is None
        else [*lines, f"from {type(error.__cause__).__name__}:", *_trace(error.__cause__)]
    )
