"""A full worker accepts new connections many at a time.

libuv accepts one connection in each iteration of the event loop, which shares them among the workers, since an idle one
iterates faster. But in an overloaded worker an iteration answers or refuses many requests of open connections, so that
a new connection waits for seconds, even for a refusal (measured at twice the capacity: 5 s against 0.2 s).
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable

import uvicorn

PAUSE_SECONDS = 0.1
MOST_AT_ONCE = 32


def accept_more(server: uvicorn.Server, full: Callable[[], bool]) -> None:
    """Once the server listens, accept all waiting connections whenever `full` is true."""
    loop = asyncio.get_running_loop()
    connecting: set[asyncio.Task[object]] = set()

    def make_connection() -> asyncio.Protocol:
        protocol: asyncio.Protocol = server.config.http_protocol_class(  # type: ignore[call-arg]
            config=server.config, server_state=server.server_state, app_state=server.lifespan.state
        )
        return protocol

    def attach() -> None:
        if not server.started:
            loop.call_later(PAUSE_SECONDS, attach)
            return
        for listening in [listening for started in server.servers for listening in started.sockets]:
            # a second descriptor of the socket, beside that of the event loop
            second = socket.socket(fileno=os.dup(listening.fileno()))
            second.setblocking(False)
            loop.add_reader(second, accept_all, second)

    def accept_all(listening: socket.socket) -> None:
        if server.should_exit:
            loop.remove_reader(listening)
            listening.close()
            return
        for _ in range(MOST_AT_ONCE if full() else 0):
            try:
                connection, _ = listening.accept()
            except OSError:  # none waits any more; or the process has no descriptor left, which the event loop reports
                return
            connection.setblocking(False)
            task = loop.create_task(loop.connect_accepted_socket(make_connection, connection))
            connecting.add(task)
            task.add_done_callback(connecting.discard)

    loop.call_later(PAUSE_SECONDS, attach)
