"""One standalone cluster, a master and two workers on this machine: a driver and a worker are killed in mid-job."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from experiments.load.service_process import free_port
from features.spark.stored_table import read_stored
from segments import SegmentModel

pytestmark = pytest.mark.spark
DRIVER = Path(__file__).with_name("cluster_driver.py")
SECONDS = 240  # a machine under load takes a minute to start a session
PARTITIONS = 60


class Cluster:
    """A master and workers, each a process group of its own."""

    def __init__(self, folder: Path) -> None:
        self.master = f"spark://127.0.0.1:{free_port()}"
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []
        self._environment = {**os.environ, "SPARK_DAEMON_MEMORY": "128m"}

    def start(self, role: str, *options: str) -> subprocess.Popen[bytes]:
        spec = find_spec("pyspark")
        assert spec is not None
        assert spec.origin is not None
        command = [str(Path(spec.origin).parent / "bin" / "spark-class"), f"org.apache.spark.deploy.{role}"]
        with (self._folder / f"{len(self._processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [*command, "--host", "127.0.0.1", "--webui-port", "0", *options],
                stdout=log, stderr=subprocess.STDOUT, env=self._environment, start_new_session=True,
            )  # fmt: skip
        self._processes.append(process)
        return process

    def start_worker(self) -> subprocess.Popen[bytes]:
        work = self._folder / f"work-{len(self._processes)}"
        options = ("--cores", "1", "--memory", "512m", "--work-dir", str(work), self.master)
        return self.start("worker.Worker", *options)

    def end(self) -> None:
        for process in self._processes:
            kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """The process and all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)


@pytest.fixture
def cluster(tmp_path: Path, needed: Callable[..., Any]) -> Iterator[Cluster]:
    import shutil

    needed(find_spec("pyspark"), "pyspark is not installed (make install-spark)")
    needed(shutil.which("java"), "Java is not installed (apt-get install openjdk-17-jre-headless)")
    running = Cluster(tmp_path)
    try:
        running.start("master.Master", "--port", running.master.rpartition(":")[2])
        yield running
    finally:
        running.end()


@contextmanager
def driver(cluster: Cluster, *arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, str(DRIVER), cluster.master, *map(str, arguments), str(PARTITIONS)]
    process = subprocess.Popen(
        command, env={**os.environ, "PYSPARK_PYTHON": sys.executable}, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        kill(process)


def wait_for_parts(out: Path, process: subprocess.Popen[bytes], before: set[Path]) -> None:
    """Until some partitions of a new folder are written, and the job goes on."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        folders = {path for path in out.glob("*") if path.is_dir()} - before
        if sum(1 for folder in folders for _ in folder.rglob("*.parquet")) >= 3:
            return
        time.sleep(0.05)
    pytest.fail(f"the driver wrote no partition (it {'ended' if process.poll() is not None else 'runs'})")


def test_a_killed_driver_leaves_the_old_table_and_a_killed_worker_no_trace(
    cluster: Cluster, kmeans_model: SegmentModel, planted: Any, tmp_path: Path
) -> None:
    model, vectors, out = tmp_path / "model", tmp_path / "vectors", tmp_path / "out"
    kmeans_model.save(model)
    frame = pd.concat([planted.frame] * 50, ignore_index=True).rename_axis("customer_id").reset_index()
    (vectors / "first").mkdir(parents=True)
    frame.to_parquet(vectors / "first" / "part-0.parquet", index=False)
    (vectors / "current.json").write_text('{"folder": "first", "before": null, "story": {}}')
    cluster.start_worker()
    other = cluster.start_worker()
    with driver(cluster, model, vectors, out) as killed:
        wait_for_parts(out, killed, set())
        kill(killed)
    assert not (out / "current.json").exists()
    with driver(cluster, model, vectors, out) as going_on:
        wait_for_parts(out, going_on, {path for path in out.glob("*") if path.is_dir()})
        kill(other)
        assert going_on.wait(SECONDS) == 0
    folder, _ = read_stored(out)
    table = pd.read_parquet(folder).set_index("customer_id").sort_index()
    expected = kmeans_model.assign(frame.drop(columns="customer_id"))
    assert table.index.tolist() == expected.index.tolist()
    assert table.segment_id.tolist() == expected.segment_id.tolist()
    assert table.strength.tolist() == expected.strength.tolist()
    assert len([path for path in out.iterdir() if path.is_dir() and path.name != folder.name]) == 1  # unfinished
