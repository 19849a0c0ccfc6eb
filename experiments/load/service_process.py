"""A service in its own processes, whose memory and processor time can be read, and which can be killed."""

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
    """A started service that has become ready."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    seconds: float  # from its start until it was ready

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def processes(self) -> list[psutil.Process]:
        """The started process and its descendants."""
        return [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]

    def workers(self) -> list[psutil.Process]:
        """The worker processes."""
        return [process for process in self.processes() if any("worker" in word for word in process.cmdline()[:4])]

    def resident_bytes(self) -> int:
        """Memory of the workers."""
        return sum(worker.memory_info().rss for worker in self.workers())

    def worker_seconds(self) -> dict[int, float]:
        """Processor time that each worker has taken so far, by its process."""
        return {worker.pid: sum(worker.cpu_times()[:2]) for worker in self.workers()}

    def cpu_seconds(self) -> float:
        """Processor time that all of them have taken so far."""
        return cpu_seconds(self.process)


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    """Processor time of a process and of those that it started, so far."""
    parent = psutil.Process(process.pid)
    times = [member.cpu_times() for member in (parent, *parent.children(recursive=True))]
    return float(sum(time.user + time.system for time in times))


def free_port() -> int:
    """A free port."""
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
