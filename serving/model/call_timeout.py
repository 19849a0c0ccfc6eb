"""Calls that may hang, and a service that must not."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from segment_model.errors import SegmentsError

Found = TypeVar("Found")


class TooSlowError(SegmentsError):
    """It was given up on; whatever it brings later is thrown away."""


class Patience:
    """Runs each call in a thread of its own and gives up on it in time.

    A thread cannot be ended from outside, so a call that hangs goes on. At most `alike` of one name are kept, and
    `most` in all; while there are as many, further calls are refused at once: a registry that hangs for days costs so
    many sleeping threads, and one version that hangs does not stand in the way of another. For one caller at a time.
    """

    def __init__(self, alike: int = 3, most: int = 8) -> None:
        self._alike = alike
        self._most = most
        self._threads: list[threading.Thread] = []

    def call(
        self,
        function: Callable[[], Found],
        seconds: float,
        name: str,
        *,
        meanwhile: Callable[[], None] = lambda: None,
        every: float = math.inf,
    ) -> Found:
        """What the function returns or raises.

        `meanwhile` is called every so many seconds while we wait; what it raises ends the wait.

        Raises
        ------
        TooSlowError
            If it takes more than `seconds`, or too many earlier calls still hang.
        """
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        alike = sum(thread.name == name for thread in self._threads)
        if alike >= self._alike or len(self._threads) >= self._most:
            raise TooSlowError(f"{name}: earlier attempts still hang")
        found: list[Found] = []
        raised: list[BaseException] = []

        def run() -> None:
            try:
                found.append(function())
            except BaseException as error:  # noqa: BLE001  # it is raised again, in the thread that asked
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
        return found[0]
