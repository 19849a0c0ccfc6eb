"""Start the service as a process of its own, and wait until it is ready."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psutil  # type: ignore[import-untyped]

from segments.errors import SegmentsError
from serving.settings import ServiceSettings

SERVICE = "serving.service:SegmentService"
CHECKOUT = Path(__file__).resolve().parent.parent
PAUSE_SECONDS = 0.1
GRACE_SECONDS = 10


class ServiceError(SegmentsError):
    """The service did not start."""


def serve_command(port: int, host: str = "127.0.0.1", target: str = SERVICE) -> list[str]:
    """The command that serves the checkout's service, or a built Bento given by its tag."""
    # a worker waits for requests in flight, but not for a caller that never finishes
    grace = ["--timeout-graceful-shutdown", str(GRACE_SECONDS)]
    return [sys.executable, "-m", "bentoml", "serve", target, "--host", host, "--port", str(port), *grace]


def serve_environment(settings: ServiceSettings, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of the service process: the caller's, our settings, no telemetry, no tracing."""
    there = os.environ if environment is None else environment
    quiet = {"BENTOML_DO_NOT_TRACK": "true", "OTEL_SDK_DISABLED": "true"}
    return {**quiet, **there, **settings.anchored(Path.cwd()).to_environment()}


@contextmanager
def running_service(
    settings: ServiceSettings,
    *,
    port: int,
    host: str = "127.0.0.1",
    target: str = SERVICE,
    log: IO[bytes] | None = None,
    timeout: float = 60.0,
    environment: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Start the service, wait until it is ready, yield its URL, and stop it with all its workers.

    Its output goes to `log`, by default to the caller's own.

    Raises
    ------
    ServiceError
        If the port is taken, or the service is not ready in `timeout` seconds, has ended, or has no model to serve.
    """
    url = f"http://{host}:{port}"
    _check_free(host, port)
    process = subprocess.Popen(  # noqa: S603  # our own command, no shell
        serve_command(port, host, target),
        cwd=CHECKOUT,
        env=serve_environment(settings, environment),
        stdout=log,
        stderr=subprocess.STDOUT if log is not None else None,
        start_new_session=True,  # so that Ctrl-C reaches us alone, and we stop it in order
    )
    try:
        wait_until_ready(url, timeout, process)
        yield url
    finally:
        stop(process)


def wait_until_ready(url: str, timeout: float, process: subprocess.Popen[bytes] | None = None) -> None:
    """Return when `/readyz` answers 200.

    Raises
    ------
    ServiceError
        If that does not happen in `timeout` seconds, the process ends first, or the service says that it cannot load
        its model.
    """
    end = time.monotonic() + timeout
    while True:
        if process is not None and process.poll() is not None:
            raise ServiceError(f"the service ended with exit code {process.returncode}; its log says why")
        code, message = _probe(url)
        if code == "ready":
            return
        if code == "no_model":
            raise ServiceError(message)
        if time.monotonic() > end:
            raise ServiceError(f"the service at {url} is not ready after {timeout:g} s: {message}")
        time.sleep(PAUSE_SECONDS)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End the service and its workers: politely, and after the grace time by force."""
    try:
        workers = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        workers = []
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS + 5)
        process.kill()
    process.wait()
    for worker in psutil.wait_procs(workers, timeout=1)[1]:
        worker.kill()  # each has a session of its own, and outlives a parent that was killed


def _check_free(host: str, port: int) -> None:
    """Whoever answers on the port already would pass for the service that we are about to start."""
    with suppress(OSError), socket.create_connection((host, port), timeout=1):
        raise ServiceError(f"port {port} of {host} is in use; stop what is there or choose another port")


def _probe(url: str) -> tuple[str, str]:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2):  # noqa: S310  # our own http URL
            return "ready", ""
    except urllib.error.HTTPError as error:
        with error:
            try:
                found = json.load(error)["error"]
                return str(found["code"]), str(found["message"])
            except (ValueError, KeyError, TypeError):
                return "other", f"it answers {error.code}; is another service on this port?"
    except OSError as error:
        return "silent", str(error)
