"""The service's log: JSON lines, with the id of the request and the name of the key, never a key.

Values of customers are left out unless `values` is set: a refusal is logged with its code, a failure of the service
with its trace but without the message of the exception, which may hold a value.

A line costs about as much as the JSON of an answer. So failures are always logged, refusals up to `REFUSAL_LINES` a
second (the next line has the number of those left out), answers only if `SEGMENTS_LOG_REQUESTS` is set. Probes of
readiness ask several times a second: one that is refused as the one before is left out, too.
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
from serving.wire.refusals import Refusal, redacted

logger = logging.getLogger("bentoml.segments")

REFUSAL_LINES = 20
READINESS = "/readyz"
REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
FIELDS = "segments_fields"  # the attribute of a log record that holds the fields of its line


@dataclass(slots=True)
class LoggedRequest:
    """What the log says of one request."""

    method: str
    request_id: str = ""
    route: str = ""
    key: str = ""


class RequestIds:
    """The id of a request: that of its header `X-Request-Id`, or a new one: a prefix of this process and a number."""

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
    """Writes the line of a request, if it is to be logged."""

    answers: bool = False
    values: bool = False
    clock: Callable[[], float] = time.monotonic
    _second: int = field(default=-1, init=False)
    _lines: int = field(default=0, init=False)
    _left_out: int = field(default=0, init=False)
    _unready: str = field(default="", init=False)  # why the last probe was refused

    def answered(self, request: LoggedRequest, status: int, seconds: float) -> None:
        if request.route == READINESS:
            self._unready = ""
        if self.answers:
            _write(logging.INFO, "answered", _fields(request, status, seconds))

    def refused(self, request: LoggedRequest, refusal: Refusal, seconds: float) -> None:
        """Log a refusal, at most `REFUSAL_LINES` a second: a flood of requests must not flood the log."""
        if request.route == READINESS:
            as_before, self._unready = self._unready == refusal.code, refusal.code
            if as_before:
                self._left_out += 1
                return
        second = int(self.clock())
        if second != self._second:
            self._second, self._lines = second, 0
        if self._lines >= REFUSAL_LINES:
            self._left_out += 1
            return
        self._lines += 1
        fields = _fields(request, refusal.status, seconds) | {"code": refusal.code}
        if self._left_out:
            fields["left_out"], self._left_out = self._left_out, 0
        if self.values:
            fields |= {"reason": refusal.message, "details": [detail.to_json() for detail in refusal.details]}
        _write(logging.WARNING if refusal.status >= 500 else logging.INFO, "refused", fields)

    def failed(self, request: LoggedRequest, error: BaseException, seconds: float, secret: str = "") -> None:
        """Log a failure of the service with its trace, without the caller's secret."""
        fields = _fields(request, 500, seconds) | {"error": type(error).__name__, "trace": _trace(error)}
        if self.values:
            fields["reason"] = redacted(str(error), secret)
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
    """Write every log record of this process, those of BentoML and uvicorn too, as a line of JSON to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    for name, named in logging.root.manager.loggerDict.items():
        if isinstance(named, logging.Logger) and named.handlers and name.partition(".")[0] in ("bentoml", "uvicorn"):
            named.handlers.clear()
            named.propagate = True


def _fields(request: LoggedRequest, status: int, seconds: float) -> dict[str, Any]:
    return {
        "request_id": request.request_id,
        "key": request.key or None,
        "method": request.method,
        "route": request.route or None,  # a route of the table, never the path, which may hold a secret
        "status": status,
        "milliseconds": round(seconds * 1000, 3),
    }


def _write(level: int, message: str, fields: dict[str, Any]) -> None:
    logger.log(level, message, extra={FIELDS: fields})


def _trace(error: BaseException) -> list[str]:
    """The lines of code that the exception passed, without its message."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    return (
        lines
        if error.__cause__ is None
        else [*lines, f"from {type(error.__cause__).__name__}:", *_trace(error.__cause__)]
    )
