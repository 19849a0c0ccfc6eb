"""Start the service as a process of its own, and wait until it is ready."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psutil

from segment_model.errors import SegmentsError
from serving.gateway.api_keys import read_keys
from serving.settings import PREFIX, ServiceSettings

SERVICE = "serving.service:SegmentService"
CHECKOUT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
PAUSE_SECONDS = 0.1
PATIENT_SECONDS = 2.0  # between looks at a service without a model, which logs each as refused
GRACE_SECONDS = 10
MARK = "SEGMENTS_LAUNCH"
UNREADY = frozenset({"loading", "no_model"})  # what a service says of itself that runs and goes on trying


class ServiceError(SegmentsError):
    """The service did not start."""


def serve_command(port: int, host: str = "127.0.0.1", target: str = SERVICE) -> list[str]:
    """The command that serves the checkout's service, or a built Bento given by its tag."""
    # a worker waits for requests in flight, but not for a caller that never finishes
    grace = ["--timeout-graceful-shutdown", str(GRACE_SECONDS)]
    return [sys.executable, "-m", "bentoml", "serve", target, "--host", host, "--port", str(port), *grace]


def serve_environment(settings: ServiceSettings, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of the service process: the caller's, our settings, no telemetry, no tracing."""
    quiet = {"BENTOML_DO_NOT_TRACK": "true", "OTEL_SDK_DISABLED": "true"}
    there = dict(os.environ if environment is None else environment)
    if settings.alias or settings.version:
        for pointer in ("ALIAS", "VERSION"):
            there.pop(PREFIX + pointer, None)
    merged = {**quiet, **there, **settings.to_environment()}
    # the service runs in another folder, also for paths that the caller's environment names
    return {**merged, **ServiceSettings.from_environment(merged).anchored(Path.cwd()).to_environment()}


class Launched(subprocess.Popen[bytes]):
    """A server in a session of its own, so that Ctrl-C reaches us alone, and we stop it in order.

    Its workers have sessions of their own too, and outlive it where it is killed: all are found by a mark in their
    environment, which whoever they start inherits.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        log: IO[bytes] | None = None,
        folder: Path = CHECKOUT,
    ) -> None:
        self._mark = secrets.token_hex(16)
        super().__init__(
            command,
            cwd=folder,
            env={**environment, MARK: self._mark},
            stdout=log,
            stderr=subprocess.STDOUT if log is not None else None,
            start_new_session=True,
        )

    def everyone(self) -> list[psutil.Process]:
        """The processes that come of it and still live, itself among them."""
        found = []
        for one in psutil.process_iter():
            with suppress(psutil.Error):  # it is gone, or another user's
                if one.environ().get(MARK) == self._mark:
                    found.append(one)
        return found


@contextmanager
def running_service(
    settings: ServiceSettings,
    *,
    port: int,
    host: str = "127.0.0.1",
    target: str = SERVICE,
    log: IO[bytes] | None = None,
    timeout: float = START_SECONDS,
    environment: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """Start the service, wait until it is ready, yield its URL, and stop it with all its workers.

    Its output goes to `log`, by default to the caller's own.

    Raises
    ------
    SettingsError
        If a variable of the environment or the file of keys is not what it must be.
    ServiceError
        If the port is taken, or the service is not ready in `timeout` seconds, has ended, or has no model to serve.
    """
    with _started(settings, port, host, target, log, environment) as (url, process):
        wait_until_ready(url, timeout, process)
        yield url


def serve(
    settings: ServiceSettings, *, port: int, host: str, ready: Callable[[str], None], no_model: Callable[[str], None]
) -> None:
    """Start the service and keep it until we are interrupted; `ready` is told its URL when it is.

    While it has no model it stays, unready, and goes on trying: a registry comes back. `no_model` is told why, once.
    BentoML brings back a worker that dies; nobody but us would see that BentoML itself did.

    Raises
    ------
    SettingsError
        As `running_service`.
    ServiceError
        If the port is taken, nothing answers on it for a minute, or the service ends by itself.
    """
    with _started(settings, port, host) as (url, process):
        wait_until_ready(url, START_SECONDS, process, no_model)
        ready(url)
        raise ServiceError(f"the service ended with exit code {process.wait()}; its log says why")


@contextmanager
def _started(
    settings: ServiceSettings,
    port: int,
    host: str,
    target: str = SERVICE,
    log: IO[bytes] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[tuple[str, Launched]]:
    url = f"http://{host}:{port}"
    _check_free(host, port)
    given = serve_environment(settings, environment)
    chosen = ServiceSettings.from_environment(given)
    if chosen.api_keys_file is not None:
        read_keys(chosen.api_keys_file)  # here it is one line; a worker that cannot read it dies of it
    process = Launched(serve_command(port, host, target), given, log)
    try:
        yield url, process
    finally:
        stop(process, chosen.drain_seconds + GRACE_SECONDS)


def wait_until_ready(
    url: str,
    timeout: float,
    process: subprocess.Popen[bytes] | None = None,
    no_model: Callable[[str], None] | None = None,
) -> None:
    """Return when `/readyz` answers 200.

    With `no_model` a service that answers at all is waited for without end, and `no_model` told, once, why it has no
    model yet; only its silence is limited then.

    Raises
    ------
    ServiceError
        If that does not happen in `timeout` seconds, the process ends first, or, without `no_model`, the service says
        that it cannot load its model.
    """
    end = time.monotonic() + timeout
    told = False
    while True:
        if process is not None and process.poll() is not None:
            raise ServiceError(f"the service ended with exit code {process.returncode}; its log says why")
        code, message = _probe(url)
        if code == "ready":
            return
        if code == "no_model":
            if no_model is None:
                raise ServiceError(message)
            if not told:
                no_model(message)
            told = True
        if no_model is not None and code in UNREADY:
            end = time.monotonic() + timeout
        if time.monotonic() > end:
            raise ServiceError(f"the service at {url} is not ready after {timeout:g} s: {message}")
        time.sleep(PATIENT_SECONDS if told else PAUSE_SECONDS)


def stop(process: Launched, seconds: float = GRACE_SECONDS) -> None:
    """End the service and its workers: politely, and after so many seconds and some more by force."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds + 5)
        process.kill()
    process.wait()
    psutil.wait_procs(process.everyone(), timeout=1)
    for _ in range(5):  # a worker that was just being started when we looked is there the next time
        left = process.everyone()
        for one in left:
            with suppress(psutil.NoSuchProcess):
                one.kill()
        psutil.wait_procs(left, timeout=1)


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
