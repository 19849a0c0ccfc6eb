"""The uvicorn server of a worker process, and the application that it serves."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any

import uvicorn


def running_server() -> uvicorn.Server | None:
    """The server of this process, whose method handles SIGTERM; None where something else runs the application."""
    server = getattr(signal.getsignal(signal.SIGTERM), "__self__", None)
    return server if isinstance(server, uvicorn.Server) else None


def put_in_front(server: uvicorn.Server, wrap: Callable[[Any], Any]) -> None:
    """Have the server answer by `wrap(application)`, before any middleware of the application that it has loaded."""
    server.config.loaded_app = wrap(server.config.loaded_app)
