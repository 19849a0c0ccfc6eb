"""Two drivers that write one table of a catalogue at once: no row is lost, and readers see the rows of one of them.

Both are processes of their own, with the catalogue that teams share: a metastore server, here of the jars of pyspark.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from experiments.load.service_process import free_port
from tests.features.spark.writing_driver import ROWS

pytestmark = pytest.mark.spark
DRIVER = Path(__file__).with_name("writing_driver.py")
SECONDS = 240  # a machine under load takes a minute to start a session


@pytest.fixture
def metastore(tmp_path: Path, needed: Callable[..., Any]) -> Iterator[str]:
    """The address of a metastore server of its own."""
    pyspark = needed(find_spec("pyspark"), "pyspark is not installed (make install-spark)")
    java = needed(shutil.which("java"), "Java is not installed (apt-get install openjdk-17-jre-headless)")
    port = free_port()
    database = f"jdbc:derby:;databaseName={tmp_path}/metastore;create=true"
    settings = {
        "javax.jdo.option.ConnectionURL": database,
        "datanucleus.schema.autoCreateAll": "true",
        "hive.metastore.schema.verification": "false",
        "hive.metastore.warehouse.dir": (tmp_path / "warehouse").as_uri(),
    }
    command = [java, "-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Dhive.async.log.enabled=false"]
    command += [f"-Dderby.system.home={tmp_path}", f"-Djava.io.tmpdir={tmp_path}"]
    command += ["-cp", f"{Path(pyspark.origin).parent}/jars/*", "org.apache.hadoop.hive.metastore.HiveMetaStore"]
    command += ["-p", str(port), *(part for pair in settings.items() for part in ("--hiveconf", "=".join(pair)))]
    log = tmp_path / "metastore.log"
    with log.open("wb") as output:
        server = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        wait_for(lambda: answers(port), server, log)
        yield f"thrift://127.0.0.1:{port}"
    finally:
        kill(server)


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[Any], log: Path) -> None:
    end = time.monotonic() + SECONDS
    while not condition():
        if process.poll() is not None or time.monotonic() > end:
            pytest.fail(log.read_text(errors="replace")[-2000:])
        time.sleep(0.1)


def open_files(folder: Path) -> list[Path]:
    """What jobs write and have not finished."""
    rows = folder / "warehouse" / "customer_segments_rows"
    return sorted(rows.rglob("_temporary/0/_temporary/*/*.parquet"))


def kill(process: subprocess.Popen[Any]) -> None:
    """The process and all that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(30)


class Writer:
    """A driver that does what it is asked, one line each, until it is ended."""

    def __init__(self, name: str, folder: Path, metastore: str) -> None:
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, str(DRIVER), str(folder), name, metastore],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
            )  # fmt: skip

    def ask(self, task: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{task}\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        """What the task that was asked first, of those without an answer yet, comes to."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            pytest.fail(self.log.read_text(errors="replace")[-2000:])
        return json.loads(line)

    def end(self) -> None:
        kill(self.process)
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


@pytest.fixture
def writers(tmp_path: Path, metastore: str) -> Iterator[list[Writer]]:
    """Two of them, whose sessions run."""
    both = [Writer(name, tmp_path, metastore) for name in ("slow", "quick")]
    try:
        for writer in both:
            assert writer.answer() is None
        yield both
    finally:
        for writer in both:
            writer.end()


def test_two_drivers_that_write_at_once_lose_no_row_and_leave_no_mix(tmp_path: Path, writers: list[Writer]) -> None:
    slow, quick = writers
    for writer in writers:
        writer.ask("burst 3")  # the first of each finds no table, and both make it
    bursts = [writer.answer() for writer in writers]
    for burst in bursts:
        assert len(burst["written"]) + len(burst["refused"]) == 3
        assert all("another job, which began later, has finished version" in line for line in burst["refused"])
        assert not any("\n" in line for line in burst["refused"])
    last = max(version for burst in bursts for version in burst["written"])
    winner = next(writer for writer, burst in zip(("slow", "quick"), bursts, strict=True) if last in burst["written"])

    slow.ask("slowly")
    wait_for((tmp_path / "waiting").exists, slow.process, slow.log)
    wait_for(lambda: bool(open_files(tmp_path)), slow.process, slow.log)
    unfinished = open_files(tmp_path)
    quick.ask("quickly")
    assert quick.answer() == ROWS
    assert {*unfinished} <= {*open_files(tmp_path)}
    assert all(path.parts[-6].startswith("version=") for path in unfinished), unfinished  # a folder of this job alone
    assert all(path.parts[-7].startswith("as_of=2026-05-01") for path in unfinished)
    (tmp_path / "go").touch()
    assert slow.answer() == ROWS

    for writer in writers:  # also in sessions that were open before
        writer.ask("look")
        seen = [["2026-04-01", "quick", ROWS], ["2026-05-01", "slow", ROWS], ["2026-06-01", winner, ROWS]]
        assert writer.answer() == seen
