"""Callers of a service over real sockets: each has its own connection and sends its bytes as they are.

In a *closed* loop a caller sends the next request after the answer, so there are as many requests in flight as callers.
In an *open* loop requests are sent at their scheduled times, regardless of earlier answers, as real traffic is.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import pandas as pd
import uvloop

TIMEOUT = 60.0
LAG_SECONDS = 0.005

Found = TypeVar("Found")


def run(calls: Coroutine[Any, Any, Found]) -> Found:
    """Run callers in an event loop as fast as the service's, so that the callers are not the bottleneck."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(calls)


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, and how long it took from the first byte sent."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    seconds: float

    @property
    def json(self) -> Any:
        """The body, which must be strict JSON."""

        def refuse(literal: str) -> Any:
            raise ValueError(f"{literal} is not JSON")

        return json.loads(self.body.decode("utf-8"), parse_constant=refuse)

    @property
    def code(self) -> str:
        """The code of an error."""
        return str(self.json["error"]["code"])


def request_bytes(
    method: str, path: str, value: Any = None, headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> bytes:
    """A whole HTTP request; `value` is sent as JSON, or `body` as it is."""
    content = body if body is not None else b"" if value is None else json.dumps(value).encode()
    named = {"Host": "service", "Content-Type": "application/json", "Content-Length": str(len(content))}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {text}" for name, text in {**named, **(headers or {})}.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


def as_json(value: Any) -> Any:
    """A cell of a table as a body carries it."""
    if pd.isna(value):
        return None
    if isinstance(value, date):
        return pd.Timestamp(value).isoformat()
    return value.item() if hasattr(value, "item") else value


class Connection:
    """One connection to a service; opened anew where the service has closed it."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._place = (parts.hostname or "", parts.port or 80)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def ask(self, request: bytes) -> Reply:
        """Send a request and wait for its answer.

        Raises
        ------
        OSError, asyncio.IncompleteReadError, TimeoutError
            If the connection breaks before the answer is whole, or that takes longer than `TIMEOUT`.
        """
        async with asyncio.timeout(TIMEOUT):
            if self._streams is not None and self._streams[0].at_eof():
                self.close()  # the service has closed the idle connection
            if self._streams is None:
                self._streams = await asyncio.open_connection(*self._place)
            reader, writer = self._streams
            begun = time.perf_counter()
            is_whole = False
            try:
                writer.write(request)
                reply = await read_reply(reader, begun)
                is_whole = True
            finally:
                if not is_whole:  # what is still to come would be taken for the answer to the next request
                    self.close()
        if reply.headers.get("connection", "").lower() == "close":
            self.close()
        return reply


async def read_reply(reader: asyncio.StreamReader, begun: float) -> Reply:
    """Read one answer, whose headers give its length."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Reply(int(head[0].split(" ")[1]), headers, body, time.perf_counter() - begun)


@dataclass
class Tally:
    """The outcomes of many requests."""

    statuses: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)  # of those answered by 200
    broken: int = 0  # no answer came
    lags: list[float] = field(default_factory=list)  # seconds by which the callers themselves were late
    asking: float = 0.0  # seconds from the first request to the last

    def add(self, reply: Reply) -> None:
        self.statuses[reply.status] += 1
        if reply.status == 200:
            self.seconds.append(reply.seconds)

    def quantile(self, share: float) -> float:
        """Seconds that this share of the answers by 200 took at most."""
        return _quantile(self.seconds, share)

    def lag(self, share: float) -> float:
        """Seconds by which the callers themselves were late: the quantile at this share."""
        return _quantile(self.lags, share)

    async def watch(self) -> None:
        """Measure the lag of the callers' event loop every few milliseconds, until cancelled."""
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(LAG_SECONDS)
            self.lags.append(time.perf_counter() - begun - LAG_SECONDS)


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


Asks = Callable[[Connection, int], Any]


async def all_at_once(url: str, callers: int, ask: Asks) -> list[Any]:
    """Run `ask(connection, number)` for each of `callers` at the same time; return what each returns."""

    async def ask_once(number: int) -> Any:
        async with Connection(url) as connection:
            return await ask(connection, number)

    return list(await asyncio.gather(*[ask_once(number) for number in range(callers)]))


async def closed_loop(url: str, callers: int, seconds: float, requests: Sequence[bytes]) -> Tally:
    """Callers that ask again and again, one request after the other, for that long."""
    tally = Tally()
    end = time.perf_counter() + seconds

    async def ask(connection: Connection, number: int) -> None:
        position = number
        while time.perf_counter() < end:
            try:
                tally.add(await connection.ask(requests[position % len(requests)]))
            except (OSError, asyncio.IncompleteReadError):
                tally.broken += 1
            position += callers

    watch = asyncio.create_task(tally.watch())
    await all_at_once(url, callers, ask)
    watch.cancel()
    return tally


async def open_loop(url: str, per_second: float, seconds: float, requests: Sequence[bytes], most: int = 500) -> Tally:
    """Requests at even distances, for that long, over at most `most` connections that are kept open.

    The connections take turns, so that none is idle for long. While all of them wait for an answer, the next request is
    late, and `asking` exceeds `seconds`.
    """
    tally = Tally()
    idle: deque[Connection] = deque()
    made: list[Connection] = []
    under_way: set[asyncio.Task[None]] = set()

    async def ask(connection: Connection, request: bytes) -> None:
        try:
            tally.add(await connection.ask(request))
        except (OSError, asyncio.IncompleteReadError):
            tally.broken += 1
        idle.append(connection)

    watch = asyncio.create_task(tally.watch())
    start = time.perf_counter()
    for number in range(int(per_second * seconds)):
        wait = start + number / per_second - time.perf_counter()
        if wait > 0:
            await asyncio.sleep(wait)
        elif number % 16 == 0:
            await asyncio.sleep(0)  # late: answers are read all the same
        if not idle and len(made) >= most:
            while not idle:
                await asyncio.sleep(0.001)
        if not idle:
            made.append(Connection(url))
            idle.append(made[-1])
        task = asyncio.create_task(ask(idle.popleft(), requests[number % len(requests)]))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    tally.asking = time.perf_counter() - start
    await asyncio.gather(*under_way)
    watch.cancel()
    for connection in made:
        connection.close()
    return tally
