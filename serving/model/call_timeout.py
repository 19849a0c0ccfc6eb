"""A time limit for calls that may hang, such as those to the registry, so that their caller does not."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from segment_model.errors import SegmentsError

Returned = TypeVar("Returned")


class TooSlowError(SegmentsError):
    """A call took longer than its limit; what it returns later is discarded."""


class CallTimeout:
    """Runs each call in a thread of its own and stops waiting for it at its limit.

    A thread cannot be ended from outside, so a call that hangs keeps its thread. At most `alike` calls of one name, and
    `most` in all, may hang; further ones are refused at once. So a registry that hangs for days costs a few sleeping
    threads, and a version that hangs does not block another one. For one caller at a time.
    """

    def __init__(self, alike: int = 3, most: int = 8) -> None:
        self._alike = alike
        self._most = most
        self._threads: list[threading.Thread] = []

    def call(
        self,
        function: Callable[[], Returned],
        seconds: float,
        name: str,
        *,
        meanwhile: Callable[[], None] = lambda: None,
        every: float = math.inf,
    ) -> Returned:
        """Return what the function returns, or raise what it raises.

        `meanwhile` is called `every` so many seconds during the wait; an error that it raises ends the wait.

        Raises
        ------
        TooSlowError
            If the call takes more than `seconds`, or too many earlier ones still hang.
        """
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        alike = sum(thread.name == name for thread in self._threads)
        if alike >= self._alike or len(self._threads) >= self._most:
            raise TooSlowError(f"{name}: earlier attempts still hang")
        returned: list[Returned] = []
        raised: list[BaseException] = []

        def run() -> None:
            try:
                returned.append(function())
            except BaseException as error:  # noqa: BLE001  # raised again in the calling thread
                raised.append(error)

        end = time.monotonic() + seconds
        thread = threading.Thread(target=run, name=name, daemon=True)
        thread.start()
        self._threads.append(thread)
        while thread.is_alive():
            left = end - time.monotonic()
            if left <= 0:
                raise TooSlowError(f"{name} took more than {seconds:g} s")
            thread.join(min(left, every))
            if thread.is_alive():
                meanwhile()
        if raised:
            raise raised[0]
        return returned[0]
