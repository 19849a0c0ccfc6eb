"""Admission control: how many requests a worker admits at a time, and how many a second it admits of each key.

A limit is stated for the whole service. Each worker enforces its share, since the workers do not share counts.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from types import TracebackType

from segment_model.errors import counted
from serving.wire.refusals import Refusal

MOST_CALLERS = 10_000  # names come from the file of keys; this bounds what revoked keys leave behind
ROUNDING = 1e-9  # a caller who waits for `Retry-After` finds a token


def share(most: int, workers: int) -> int:
    """One worker's share of a limit of the whole service."""
    return math.ceil(most / workers)


class RateLimit:
    """A token bucket for every caller: `per_second` tokens flow in; it holds those of one second, at least one."""

    def __init__(self, per_second: float | None, workers: int = 1, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit = f"{per_second:g}" if per_second is not None else ""
        self._rate = None if per_second is None else per_second / workers
        self._most = max(1.0, self._rate or 0.0)
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}  # tokens, and the time of their count

    def take(self, caller: str) -> None:
        """Take a token.

        Raises
        ------
        Refusal
            429 if the bucket is empty; `Retry-After` says when it holds one again.
        """
        if self._rate is None:
            return
        now = self._clock()
        tokens, then = self._buckets.get(caller, (self._most, now))
        tokens = min(self._most, tokens + (now - then) * self._rate)
        if tokens < 1 - ROUNDING:
            wait = math.ceil((1 - tokens) / self._rate)
            message = f"this key may ask {self._limit} times a second, of all workers together; ask again in {wait} s"
            raise Refusal(429, "rate_limited", message, headers={"Retry-After": str(wait)})
        if len(self._buckets) >= MOST_CALLERS:
            self._buckets.clear()
        self._buckets[caller] = (tokens - 1, now)


class AdmissionGate:
    """Admits at most `most` requests; one at a time works on the event loop, the others wait in the order of arrival.

    A request beyond these is refused at once, so that no request waits longer than `most` requests take. The event
    loop reads its sockets between two requests: only then does it see a queue, and can refuse what is too long.
    """

    def __init__(self, most: int, workers: int = 1) -> None:
        self.most = share(most, workers)
        self.admitted = 0
        self._lock = asyncio.Lock()

    def check(self) -> None:
        """Raise if another request cannot be admitted.

        Raises
        ------
        Refusal
            503 if as many as possible are admitted.
        """
        if self.admitted >= self.most:
            busy = counted(self.most, "request is", "requests are")
            message = f"{busy} being worked on, as many as are admitted; ask again"
            raise Refusal(503, "busy", message, headers={"Retry-After": "1"})

    def __enter__(self) -> None:
        self.check()
        self.admitted += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.admitted -= 1

    @property
    def loop_lock(self) -> asyncio.Lock:
        """The lock to hold while working on the event loop."""
        return self._lock
