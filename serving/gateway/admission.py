"""How much one process works on at a time, and how often each key may ask.

Limits are stated for the whole service; every worker keeps its share of them, since they count each for itself.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from types import TracebackType

from serving.wire.refusals import Refusal

MOST_CALLERS = 10_000  # names come from the file of keys; this only bounds what revoked ones leave behind
ROUNDING = 1e-9  # who waits as long as told finds his token


def share(most: int, workers: int) -> int:
    """One worker's part of a limit of the whole service."""
    return math.ceil(most / workers)


class RateLimit:
    """A bucket of tokens for every caller: `per_second` flow in, a second's worth (at least one) fits."""

    def __init__(self, per_second: float | None, workers: int = 1, clock: Callable[[], float] = time.monotonic) -> None:
        self._told = f"{per_second:g}" if per_second is not None else ""
        self._rate = None if per_second is None else per_second / workers
        self._most = max(1.0, self._rate or 0.0)
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}  # tokens, and when they were counted

    def take(self, caller: str) -> None:
        """Take a token.

        Raises
        ------
        Refusal
            429 if there is none; `Retry-After` says when there will be.
        """
        if self._rate is None:
            return
        now = self._clock()
        tokens, then = self._buckets.get(caller, (self._most, now))
        tokens = min(self._most, tokens + (now - then) * self._rate)
        if tokens < 1 - ROUNDING:
            wait = math.ceil((1 - tokens) / self._rate)
            message = f"this key may ask {self._told} times a second, of all workers together; ask again in {wait} s"
            raise Refusal(429, "rate_limited", message, headers={"Retry-After": str(wait)})
        if len(self._buckets) >= MOST_CALLERS:
            self._buckets.clear()
        self._buckets[caller] = (tokens - 1, now)


class Turn:
    """Room for `most` requests: one is worked on, the others wait for their turn in the order they came.

    Whoever finds no room is told so at once, so that nobody waits longer than `most` requests take. Between two turns
    the event loop looks at its sockets: it is there that a queue becomes visible, and can be refused.
    """

    def __init__(self, most: int, workers: int = 1) -> None:
        self.most = share(most, workers)
        self.inside = 0
        self._lock = asyncio.Lock()

    def check(self) -> None:
        """Is there room?

        Raises
        ------
        Refusal
            503 if there is none.
        """
        if self.inside >= self.most:
            message = f"{self.most} requests are being worked on already, as many as are let in; ask again"
            raise Refusal(503, "busy", message, headers={"Retry-After": "1"})

    def __enter__(self) -> None:
        self.check()
        self.inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.inside -= 1

    @property
    def turn(self) -> asyncio.Lock:
        """To be held while working in the event loop."""
        return self._lock
