"""The deadline of a request, which long work checks between its steps."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from serving.wire.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of the time for one request; long work calls `check` between its steps and so ends soon after a 504."""

    seconds: float
    end: float

    @classmethod
    def after(cls, seconds: float) -> Self:
        return cls(seconds, time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds until the deadline; negative after it."""
        return self.end - time.monotonic()

    def check(self) -> None:
        """Raise if the deadline has passed.

        Raises
        ------
        Refusal
            504 if the deadline has passed.
        """
        if time.monotonic() > self.end:
            raise self.passed()

    def passed(self) -> Refusal:
        message = f"this took more than {self.seconds:g} s; send fewer customers, or let fewer features change"
        return Refusal(504, "deadline", message)

    def steps(self, total: int, step: int) -> Iterator[slice]:
        """Consecutive slices of at most `step` that cover `total`; `check` precedes each."""
        for start in range(0, total, step):
            self.check()
            yield slice(start, start + step)
