"""A moment after which nobody waits for an answer any more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from serving.wire.refusals import Refusal


@dataclass(frozen=True, slots=True)
class Deadline:
    """Work that may take long asks `check` between its steps, so that it ends soon after its caller was told 504."""

    seconds: float
    end: float

    @classmethod
    def after(cls, seconds: float) -> Self:
        return cls(seconds, time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds; negative when the moment has passed."""
        return self.end - time.monotonic()

    def check(self) -> None:
        """Go on, or give up.

        Raises
        ------
        Refusal
            504 if the moment has passed.
        """
        if time.monotonic() > self.end:
            raise self.passed()

    def passed(self) -> Refusal:
        message = f"this took more than {self.seconds:g} s; send fewer customers, or let fewer features change"
        return Refusal(504, "deadline", message)

    def steps(self, total: int, step: int) -> Iterator[slice]:
        """Slices of at most `step` that cover `total`, one after the other, each only while there is time."""
        for start in range(0, total, step):
            self.check()
            yield slice(start, start + step)
