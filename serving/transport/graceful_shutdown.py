"""How a worker leaves: it says so first, and goes when those who listen have gone elsewhere.

On SIGTERM uvicorn stops to accept connections at once, and closes those that wait for their next request; whoever
sends at that moment is cut off. So the signal comes here first: `/readyz` says 503 and every answer ends its
connection, for some seconds, and then uvicorn gets the signal. A second signal does not wait.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from types import FrameType

import uvicorn

logger = logging.getLogger("bentoml.segments")


def leave_in_order(server: uvicorn.Server, leave: Callable[[], None], seconds: float) -> None:
    """On SIGTERM call `leave`, and `seconds` later let the server stop."""
    loop = asyncio.get_running_loop()
    told = False

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal told
        if told or seconds == 0:
            leave()
            server.handle_exit(number, frame)
            return
        told = True
        leave()
        loop.call_soon_threadsafe(loop.call_later, seconds, server.handle_exit, number, None)
        logger.info("leaving: answering for %g s more", seconds)

    signal.signal(signal.SIGTERM, on_signal)
