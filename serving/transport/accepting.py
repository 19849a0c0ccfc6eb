"""Where a worker is full, those who connect anew are taken in many at a time.

libuv takes in one for each turn of the event loop: that shares new connections among workers, since the idle one is
quicker. But where those who are connected already ask for more than a worker can do, each turn answers or refuses many
of them, and who comes new waits for seconds, even for a refusal (measured at twice the capacity: 5 s against 0.2 s).
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
    """From the moment on that the server listens, take in those who wait, whenever `full` says so."""
    loop = asyncio.get_running_loop()
    under_way: set[asyncio.Task[object]] = set()

    def connection_of() -> asyncio.Protocol:
        made: asyncio.Protocol = server.config.http_protocol_class(  # type: ignore[call-arg]
            config=server.config, server_state=server.server_state, app_state=server.lifespan.state
        )
        return made

    def attach() -> None:
        if not server.started:
            loop.call_later(PAUSE_SECONDS, attach)
            return
        for listening in [one for found in server.servers for one in found.sockets]:
            # a descriptor of our own, beside the event loop's
            ours = socket.socket(fileno=os.dup(listening.fileno()))
            ours.setblocking(False)
            loop.add_reader(ours, take_in, ours)

    def take_in(listening: socket.socket) -> None:
        if server.should_exit:
            loop.remove_reader(listening)
            listening.close()
            return
        for _ in range(MOST_AT_ONCE if full() else 0):
            try:
                connection, _ = listening.accept()
            except OSError:  # nobody waits any more, or was gone already; or there is no room, of which the loop tells
                return
            connection.setblocking(False)
            task = loop.create_task(loop.connect_accepted_socket(connection_of, connection))
            under_way.add(task)
            task.add_done_callback(under_way.discard)

    loop.call_later(PAUSE_SECONDS, attach)
