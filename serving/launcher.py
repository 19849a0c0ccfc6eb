"""Starts the service as a process of its own and waits until it is ready."""

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
START_SECONDS = 120.0  # imports on a busy or slow machine
PAUSE_SECONDS = 0.1
PATIENT_SECONDS = 2.0  # between probes of a service without a model, which logs each probe as refused
GRACE_SECONDS = 10
MARK = "SEGMENTS_LAUNCH"
UNREADY = frozenset({"loading", "no_model"})  # error codes of a service that runs and still tries to load a model


class ServiceError(SegmentsError):
    """The service did not start."""


def serve_command(port: int, host: str = "127.0.0.1", target: str = SERVICE) -> list[str]:
    """The command that serves the checkout's service, or a built Bento given by its tag."""
    # a worker waits for requests in flight, but not endlessly for a caller that never finishes
    grace = ["--timeout-graceful-shutdown", str(GRACE_SECONDS)]
    return [sys.executable, "-m", "bentoml", "serve", target, "--host", host, "--port", str(port), *grace]


def serve_environment(settings: ServiceSettings, environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of the service process: the caller's, our settings, no telemetry, no tracing."""
    quiet = {"BENTOML_DO_NOT_TRACK": "true", "OTEL_SDK_DISABLED": "true"}
    inherited = dict(os.environ if environment is None else environment)
    if settings.alias or settings.version:
        for pointer in ("MODEL_PATH", "ALIAS", "VERSION"):
            inherited.pop(PREFIX + pointer, None)
    merged = {**quiet, **inherited, **settings.to_environment()}
    # the service runs in another folder, so relative paths of the caller's environment are anchored here
    return {**merged, **ServiceSettings.from_environment(merged).anchored(Path.cwd()).to_environment()}


def url_of(host: str, port: int) -> str:
    """The URL of a service; an IPv6 address stands in brackets."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class Launched(subprocess.Popen[bytes]):
    """A server in a session of its own: Ctrl-C reaches only this process, which then stops the server in order.

    Its workers have sessions of their own too, and outlive a server that is killed. All its processes are recognized
    by a mark in their environment, which child processes inherit.
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

    def processes(self) -> list[psutil.Process]:
        """The server and its descendants that are alive."""
        family = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):  # it has ended, or is another user's
                if process.environ().get(MARK) == self._mark:
                    family.append(process)
        return family


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
        If the port is in use, or the service is not ready in `timeout` seconds, has ended, or has no model to serve.
    """
    with _started(settings, port, host, target, log, environment) as (url, process):
        wait_until_ready(url, timeout, process)
        yield url


def serve(
    settings: ServiceSettings, *, port: int, host: str, ready: Callable[[str], None], no_model: Callable[[str], None]
) -> None:
    """Start the service and keep it running until interrupted; `ready` is called with its URL when it is ready.

    Without a model the service stays up, unready, and keeps trying, since a registry may return; `no_model` is called
    once with the reason. BentoML restarts a worker that dies; that BentoML itself has ended is noticed here.

    Raises
    ------
    SettingsError
        As `running_service`.
    ServiceError
        If the port is in use, nothing answers on it for a minute, or the service ends by itself.
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
    url = url_of(host, port)
    _check_free(host, port)
    variables = serve_environment(settings, environment)
    effective = ServiceSettings.from_environment(variables)
    if effective.api_keys_file is not None:
        read_keys(effective.api_keys_file)  # an error is one line here; in a worker it would end the process
    process = Launched(serve_command(port, host, target), variables, log)
    try:
        yield url, process
    finally:
        stop(process, effective.drain_seconds + GRACE_SECONDS)


def wait_until_ready(
    url: str,
    timeout: float,
    process: subprocess.Popen[bytes] | None = None,
    no_model: Callable[[str], None] | None = None,
) -> None:
    """Return when `/readyz` answers 200.

    With `no_model`, a service that answers without a model is waited for endlessly, and `no_model` is called once with
    the reason; `timeout` then limits only its silence.

    Raises
    ------
    ServiceError
        If that does not happen in `timeout` seconds, the process ends first, or, without `no_model`, the service says
        that it cannot load its model.
    """
    end = time.monotonic() + timeout
    reported = False
    while True:
        if process is not None and process.poll() is not None:
            raise ServiceError(f"the service ended with exit code {process.returncode}; its log says why")
        code, message = _probe(url)
        if code == "ready":
            return
        if code == "no_model":
            if no_model is None:
                raise ServiceError(message)
            if not reported:
                no_model(message)
            reported = True
        if no_model is not None and code in UNREADY:
            end = time.monotonic() + timeout
        if time.monotonic() > end:
            raise ServiceError(f"the service at {url} is not ready after {timeout:g} s: {message}")
        time.sleep(PATIENT_SECONDS if reported else PAUSE_SECONDS)


def stop(process: Launched, seconds: float = GRACE_SECONDS) -> None:
    """Stop the service and its workers: by SIGTERM, and `seconds` and a few more later by SIGKILL."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds + 5)
        process.kill()
    process.wait()
    psutil.wait_procs(process.processes(), timeout=1)
    for _ in range(5):  # a worker that was being started is listed the next time
        left = process.processes()
        for survivor in left:
            with suppress(psutil.NoSuchProcess):
                survivor.kill()
        psutil.wait_procs(left, timeout=1)


def _check_free(host: str, port: int) -> None:
    """Refuse a port in use: the server on it would be mistaken for the service that is about to start."""
    with suppress(OSError), socket.create_connection((host, port), timeout=1):
        raise ServiceError(f"port {port} of {host} is in use; stop what is there or choose another port")


def _probe(url: str) -> tuple[str, str]:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2):  # noqa: S310  # our own http URL
            return "ready", ""
    except urllib.error.HTTPError as error:
        with error:
            try:
                refusal = json.load(error)["error"]
                return str(refusal["code"]), str(refusal["message"])
            except (ValueError, KeyError, TypeError):
                return "other", f"it answers {error.code}; is another service on this port?"
    except OSError as error:
        return "silent", str(error)
