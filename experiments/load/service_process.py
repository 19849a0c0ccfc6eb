"""A service in processes of its own, of which one may ask what they hold and what they cost, or whom one may kill."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from serving.launcher import SERVICE, Launched, serve_command, serve_environment, stop, wait_until_ready
from serving.settings import ServiceSettings

HOST = "127.0.0.1"
START_SECONDS = 240.0  # of processor-bound imports, which a busy machine stretches


@dataclass(frozen=True, slots=True)
class Running:
    """A service that was ready once."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    seconds: float  # from its start until it was ready

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def everyone(self) -> list[psutil.Process]:
        """The process that was started, and those that it started."""
        return [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]

    def workers(self) -> list[psutil.Process]:
        """The processes that answer."""
        return [one for one in self.everyone() if any("worker" in word for word in one.cmdline()[:4])]

    def resident_bytes(self) -> int:
        """Memory of the workers."""
        return sum(one.memory_info().rss for one in self.workers())

    def worker_seconds(self) -> dict[int, float]:
        """Processor time that each worker has taken so far, by its process."""
        return {one.pid: sum(one.cpu_times()[:2]) for one in self.workers()}

    def cpu_seconds(self) -> float:
        """Processor time that all of them have taken so far."""
        return cpu_seconds(self.process)


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    """Processor time of a process and of those that it started, so far."""
    parent = psutil.Process(process.pid)
    times = [one.cpu_times() for one in (parent, *parent.children(recursive=True))]
    return float(sum(time.user + time.system for time in times))


def free_port() -> int:
    """A port that nobody has at the moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(
    settings: ServiceSettings, log: Path, environment: Mapping[str, str] | None = None, target: str = SERVICE
) -> Iterator[Running]:
    """Start the service on a free port, wait until it is ready, stop it with all its workers.

    Raises
    ------
    ServiceError
        If it does not become ready.
    """
    port = free_port()
    url = f"http://{HOST}:{port}"
    with log.open("wb") as file:
        begun = time.perf_counter()
        process = Launched(serve_command(port, HOST, target), serve_environment(settings, environment), file)
        try:
            wait_until_ready(url, START_SECONDS, process)
            yield Running(url, process, log, time.perf_counter() - begun)
        finally:
            stop(process)
