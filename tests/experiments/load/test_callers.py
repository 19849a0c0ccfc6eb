"""Callers take an answer for that of its own request, and for no other."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from experiments.load import callers
from experiments.load.callers import Connection, request_bytes, run

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"


def test_a_late_answer_is_not_taken_for_that_of_the_next_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(callers, "TIMEOUT", 0.2)
    number = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal number
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while await reader.readuntil(b"\r\n\r\n"):
                number += 1
                own = str(number).encode()
                if number == 1:
                    await asyncio.sleep(0.3)
                writer.write(HEAD + own)
        writer.close()
        await writer.wait_closed()

    async def ask_twice() -> bytes:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, Connection(f"http://127.0.0.1:{port}") as connection:
            with pytest.raises(TimeoutError):
                await connection.ask(request_bytes("GET", "/"))
            await asyncio.sleep(0.3)
            reply = await connection.ask(request_bytes("GET", "/"))
        await asyncio.sleep(0.1)  # both sides close
        return reply.body

    assert run(ask_twice()) == b"2"
