"""Graceful shutdown: a worker drains for some seconds before it stops.

On SIGTERM uvicorn at once stops accepting connections and closes idle ones, so that a request sent at that moment is
lost. Here the worker handles the signal first: `/readyz` answers 503 and each answer closes its connection, so that
load balancers and clients go elsewhere. Some seconds later uvicorn handles the signal. A second signal takes effect at
once.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable
from types import FrameType

import uvicorn

logger = logging.getLogger("bentoml.segments")


def stop_gracefully(server: uvicorn.Server, drain: Callable[[], None], seconds: float) -> None:
    """On SIGTERM call `drain`, and `seconds` later let the server stop."""
    loop = asyncio.get_running_loop()
    signalled = False

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal signalled
        if signalled or seconds == 0:
            drain()
            server.handle_exit(number, frame)
            return
        signalled = True
        drain()
        loop.call_soon_threadsafe(loop.call_later, seconds, server.handle_exit, number, None)
        logger.info("shutting down: answering for %g s more", seconds)

    signal.signal(signal.SIGTERM, on_signal)
