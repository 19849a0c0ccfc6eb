"""Calls that may hang, and a service that must not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from segments.errors import SegmentsError

Found = TypeVar("Found")


class TooSlowError(SegmentsError):
    """It was given up on; whatever it brings later is thrown away."""


class Patience:
    """Runs each call in a thread of its own and gives up on it in time.

    A thread cannot be ended from outside, so a call that hangs goes on. At most `most` of them are kept; while there
    are as many, further calls are refused at once: a registry that hangs for days costs `most` sleeping threads.
    """

    def __init__(self, most: int = 3) -> None:
        self._free = threading.Semaphore(most)

    def call(self, function: Callable[[], Found], seconds: float, what: str) -> Found:
        """What the function returns or raises.

        Raises
        ------
        TooSlowError
            If it takes more than `seconds`, or too many earlier calls still hang.
        """
        if not self._free.acquire(blocking=False):
            raise TooSlowError(f"{what}: earlier attempts still hang")
        found: list[Found] = []
        raised: list[BaseException] = []

        def run() -> None:
            try:
                found.append(function())
            except BaseException as error:  # noqa: BLE001  # it is raised again, in the thread that asked
                raised.append(error)
            finally:
                self._free.release()

        thread = threading.Thread(target=run, name=what, daemon=True)
        thread.start()
        thread.join(seconds)
        if thread.is_alive():
            raise TooSlowError(f"{what} took more than {seconds:g} s")
        if raised:
            raise raised[0]
        return found[0]
