"""A real service of two workers: both follow a promotion as they do by default, its metrics are whole, a worker that is
killed comes back, and it leaves in order."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from registry.connection import DEFAULT_NAME, RegistryLocation, connected
from segment_model.model import SegmentModel
from tests.registries import registry_in

FOLLOWED_SECONDS = 10.0  # the promise
COUNTED = re.compile(rb'segments_requests_total\{route="/assign",status="200"\} (\S+)')
SERVING = {version: re.compile(rb'segments_model_info\{[^}]*version="%d"[^}]*\} (\S+)' % version) for version in (1, 2)}


def counted(service: Any, pattern: re.Pattern[bytes]) -> float:
    match = pattern.search(service.ask(service.request("GET", "/metrics"))[2])
    return float(match.group(1)) if match else 0.0


def register(location: RegistryLocation, folder: Path, model: SegmentModel) -> None:
    """Another version, without a run."""
    model.save(folder / "artifacts" / "segment_model")
    tags = {"digest": model.digest, "segment_ids": json.dumps(model.ids)}
    with connected(location, create=True) as connection:
        if not connection.client.search_registered_models():
            connection.client.create_registered_model(DEFAULT_NAME)
        connection.client.create_model_version(DEFAULT_NAME, folder.as_uri(), tags=tags)


def point(location: RegistryLocation, version: str) -> None:
    with connected(location) as connection:
        connection.client.set_registered_model_alias(DEFAULT_NAME, "champion", version)


def wait_for_both(service: Any, version: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    while counted(service, SERVING[version]) < 2:
        assert time.monotonic() < end, f"not both workers serve version {version} after {seconds:g} s"
        time.sleep(0.2)


def test_two_workers_from_their_start_to_their_end(
    start_service: Any, good: dict[str, Any], kmeans: SegmentModel, tmp_path: Path
) -> None:
    """One service, since starting it is what takes long. BentoML believes itself in a container, where it would not
    bring back a worker that died."""
    location = registry_in(tmp_path)
    for number in (1, 2):
        register(location, tmp_path / f"v{number}", replace(kmeans, provenance={"number": number}))
    point(location, "1")
    settings = {"model_path": None, "tracking_uri": location.tracking_uri}
    with start_service({"BENTOML_CONTAINERIZED": "true"}, workers=2, drain_seconds=1.5, **settings) as service:
        wait_for_both(service, 1, 60)
        point(location, "2")
        wait_for_both(service, 2, FOLLOWED_SECONDS)
        for _ in range(100):
            assert service.ask(service.assign(good))[0] == 200
        time.sleep(1.2)  # each worker writes its numbers once a second
        assert {counted(service, COUNTED) for _ in range(10)} == {100}, "whoever answers counts for both"
        kill_one(service, good)
        stop_under_load(service, good)


def test_no_worker_outlives_a_service_that_was_killed(start_service: Any) -> None:
    with start_service(workers=2) as service:
        assert len(workers := service.workers()) == 2
        service.process.kill()
        service.process.wait()
        assert {process.pid for process in workers} <= {process.pid for process in service.process.processes()}
    assert service.process.processes() == []
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in workers)


def kill_one(service: Any, good: dict[str, Any]) -> None:
    before = {worker.pid for worker in service.workers()}
    assert len(before) == 2
    os.kill(min(before), signal.SIGKILL)
    end = time.monotonic() + 30
    answers = 0
    while len({worker.pid for worker in service.workers()} | before) < 3 or counted(service, SERVING[2]) < 2:
        assert time.monotonic() < end, "the worker was not brought back in 30 s"
        assert service.ask(service.assign(good))[0] == 200, "the other one answers"
        answers += 1
        time.sleep(0.1)
    time.sleep(1.2)
    assert {counted(service, COUNTED) for _ in range(10)} == {100 + answers}, "what the dead one counted is not lost"


def stop_under_load(service: Any, good: dict[str, Any]) -> None:
    """Callers keep their connections while they may, and make no new one once `/readyz` says 503, as a load balancer
    does. Every request is answered, and with 200."""
    gone, lost, answered = threading.Event(), [], []

    def call(caller: int) -> None:
        connection: socket.socket | None = None
        number = 0
        while True:
            if connection is None:
                if gone.is_set():
                    return
                connection = service.connect()
            name = f"{caller}-{number}"
            number += 1
            try:
                connection.sendall(service.assign(good, name))
                status, headers, value = service.read(connection)
            except OSError as error:
                lost.append((name, repr(error)))
                return
            if status == 200 and value["assignments"][0]["id"] == name:
                answered.append(name)
            else:
                lost.append((name, str(status)))
            if headers.get("connection") == "close":
                connection.close()
                connection = None

    slow, request = service.connect(), service.assign(good, "slow")
    with ThreadPoolExecutor(4) as pool:
        calls = [pool.submit(call, caller) for caller in range(4)]
        time.sleep(0.5)
        before = len(answered)
        slow.sendall(request[:-20])
        time.sleep(0.1)  # its worker has begun with it
        begun = time.monotonic()
        service.process.terminate()
        while True:
            status, headers, value = service.ask(b"GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")
            if status == 503:
                break
            assert time.monotonic() - begun < 1.4
            time.sleep(0.02)
        assert (value["error"]["code"], headers["connection"]) == ("leaving", "close")
        assert service.ask(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")[0] == 200
        gone.set()
        for done in calls:
            done.result(30)
    assert lost == []
    assert len(answered) > before > 0
    time.sleep(max(0.0, begun + 2.5 - time.monotonic()))  # the sockets are closed, and what is under way is waited for
    slow.sendall(request[-20:])
    status, headers, value = service.read(slow)
    slow.close()
    assert (status, headers["connection"], value["assignments"][0]["id"]) == (200, "close", "slow")
    assert service.process.wait(15) is not None
    assert time.monotonic() - begun < 10
