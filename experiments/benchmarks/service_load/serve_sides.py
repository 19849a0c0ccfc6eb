"""The sides of the benchmark `serve`: the service as it runs in production, and its peers, each in its processes."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import pandas as pd

from experiments.benchmarks.peers.bare_peer import MODEL
from experiments.benchmarks.service_load.wrk import LoadError, Round, load
from experiments.load.service_process import HOST, START_SECONDS, Running, cpu_seconds, free_port, started
from registry.versions.model_package import write_package
from segment_model.model import SegmentModel
from serving.launcher import Launched, serve_environment, stop
from serving.settings import ServiceSettings

CONNECTIONS = 16
WARM = 300  # requests whose median is the warm one


@dataclass
class Side:
    """One side of the comparison: its URL and requests, and the measurements of its rounds."""

    url: str
    bodies: list[str]
    processor_seconds: Callable[[], float]
    headers: Mapping[str, str] = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)
    per_cpu_second: list[float] = field(default_factory=list)

    def measure(self, seconds: float) -> None:
        before = self.processor_seconds()
        measured = load(
            self.url, self.bodies, {"Content-Type": "application/json", **self.headers}, CONNECTIONS, seconds
        )
        self.rounds.append(measured)
        self.per_cpu_second.append(measured.requests / max(self.processor_seconds() - before, 1e-9))


def service_settings(folder: Path, workers: int) -> ServiceSettings:
    """The service with everything on, and limits that these rounds do not reach."""
    return ServiceSettings(
        model_path=folder / "model",
        api_keys_file=folder / "keys.json",
        requests_per_second=1_000_000,
        max_concurrency=256,
        workers=workers,
    )


def cold_start(folder: Path, key: str, body: str) -> tuple[float, float]:
    """Seconds from a process's start to readiness, and its first answer's over the median of the warm ones."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    with started(service_settings(folder, 1), folder / "cold.log") as service:
        connection = http.client.HTTPConnection(HOST, service.port, timeout=60)
        connection.connect()
        times = []
        for _ in range(WARM + 1):
            begun = time.perf_counter()
            connection.request("POST", "/assign", body, headers)
            reply = connection.getresponse()
            reply.read()
            times.append(time.perf_counter() - begun)
            if reply.status != 200:
                raise LoadError(f"the first requests were answered by {reply.status}")
        connection.close()
        return service.seconds, times[0] / median(times[1:])


def wait_for_workers(service: Running, workers: int, headers: Mapping[str, str]) -> None:
    """Return when every worker has its model: the service as a whole is ready with the first."""
    pattern = "segments_model_info"
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        connection = http.client.HTTPConnection(HOST, service.port, timeout=30)
        connection.request("GET", "/metrics", headers=dict(headers))
        page = connection.getresponse().read().decode()
        connection.close()
        lines = [line for line in page.splitlines() if line.startswith(pattern)]
        if lines and float(lines[0].rpartition(" ")[2]) >= workers:
            return
        time.sleep(0.3)
    raise LoadError(f"{workers} workers were not ready in {START_SECONDS:g} s")


@contextmanager
def bare(folder: Path, bodies: list[str], workers: int = 1) -> Iterator[Side]:
    """Starlette on uvicorn, with httptools and uvloop."""
    command = [sys.executable, "-m", "uvicorn", "--factory", "experiments.benchmarks.peers.bare_peer:application"]
    command += ["--http", "httptools", "--loop", "uvloop", "--no-access-log", "--log-level", "warning"]
    command += ["--workers", str(workers)]
    environment = {**os.environ, MODEL: str(folder / "model")}
    with peer(command, "/readyz", environment, folder / f"bare-{workers}.log") as (url, spent):
        yield Side(f"{url}/assign", bodies, spent)


@contextmanager
def bento(folder: Path, name: str, bodies: list[str]) -> Iterator[Side]:
    """One of BentoML's own kinds of route."""
    command = [sys.executable, "-m", "bentoml", "serve", f"experiments.benchmarks.peers.bentoml_peers:{name}"]
    environment = {
        **serve_environment(ServiceSettings(model_path=folder / "model")),
        "BENTOML_HOME": str(folder / name),
    }
    with peer(command, "/readyz", environment, folder / f"{name}.log") as (url, spent):
        yield Side(f"{url}/assign", bodies, spent)


@contextmanager
def mlflow(folder: Path, model: SegmentModel, frame: pd.DataFrame, bodies: list[str]) -> Iterator[Side]:
    """MLflow's own server of the model as the registry holds it; it answers without explanation."""
    package = folder / "package"
    identity = {"artifact_path": "model", "model_uuid": uuid.uuid4().hex}
    write_package(model, frame, package, identity)
    command = [sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(package), "--env-manager", "local"]
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])  # of uvicorn
    environment = {**os.environ, "PATH": programs, "MLFLOW_DISABLE_TELEMETRY": "true"}
    with peer([*command, "--workers", "1"], "/ping", environment, folder / "mlflow.log") as (url, spent):
        yield Side(f"{url}/invocations", bodies, spent)


@contextmanager
def peer(
    command: list[str], probe: str, environment: Mapping[str, str], log: Path
) -> Iterator[tuple[str, Callable[[], float]]]:
    """A server on a free port: its URL once `probe` answers 200, and a function for its processor seconds."""
    port = free_port()
    with log.open("wb") as file:
        process = Launched([*command, "--host", HOST, "--port", str(port)], environment, file)
        try:
            wait_for(process, port, probe, log)
            yield f"http://{HOST}:{port}", lambda: cpu_seconds(process)
        finally:
            stop(process)


def wait_for(process: subprocess.Popen[bytes], port: int, probe: str, log: Path) -> None:
    """Return when the server answers 200."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        connection = http.client.HTTPConnection(HOST, port, timeout=5)
        try:
            connection.request("GET", probe)
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.2)
        finally:
            connection.close()
    raise LoadError(f"a peer did not start: {log.read_text(errors='replace')[-2000:]}")
