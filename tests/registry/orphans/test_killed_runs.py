"""What a killed process leaves RUNNING is ended at the next start; what lives, and what is elsewhere, is not."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from registry.connection import RegistryLocation, connected
from registry.orphans.killed_runs import end_killed_runs
from registry.orphans.processes import Process
from registry.runs.open_runs import open_run
from registry.runs.records import DiscoveryRecord
from registry.versions.versions import list_versions
from segments import SegmentModel
from tests.registries import registry_in

REPOSITORY = Path(__file__).parents[3]


def statuses(location: RegistryLocation) -> dict[str, str]:
    with connected(location) as connection:
        runs = connection.client.search_runs([connection.experiment_id()])
    return {run.info.run_name: run.info.status for run in runs}


def test_a_discovery_killed_while_it_logs(
    location: RegistryLocation, kmeans_model: SegmentModel, planted: Any, tmp_path: Path, record: DiscoveryRecord
) -> None:
    """By the system, in the middle of sending the model: nobody in the process can tidy up."""
    kmeans_model.save(tmp_path / "model")
    planted.frame.to_parquet(tmp_path / "vectors.parquet")
    code = f"""
import os, signal, sys
sys.path[:0] = {[str(Path(__file__).parents[1]), str(REPOSITORY)]!r}
import pandas as pd
import conftest as here
from registry.connection import RegistryLocation, load_mlflow
from registry.runs.discovery_runs import log_discovery
from segments import SegmentModel
load_mlflow().MlflowClient.log_model_artifacts = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
record = here.make_record(SegmentModel.load("model"), pd.read_parquet("vectors.parquet"))
log_discovery(RegistryLocation({location.tracking_uri!r}), record)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert statuses(location)["planted company"] == "RUNNING"

    assert end_killed_runs(location) == 1
    assert set(statuses(location).values()) == {"KILLED"}
    assert statuses(location)["planted company"] == "KILLED"
    assert list_versions(location) == []
    with connected(location) as connection:
        (model,) = connection.client.search_logged_models([connection.experiment_id()])
    assert model.status.value == "FAILED"
    assert end_killed_runs(location) == 0


def test_only_runs_of_dead_processes_of_this_machine_are_ended(location: RegistryLocation) -> None:
    mine = Process.mine()
    boot, space, number, started = mine.identity.split("/")
    others = {
        "before the machine started anew": Process(mine.host, f"another-boot/{space}/{number}/{started}"),
        "number given out again": Process(mine.host, f"{boot}/{space}/{number}/1"),
        "another machine": Process("elsewhere", f"another-boot/{space}/{number}/1"),
        "another container": Process(mine.host, f"{boot}/pid:[7]/{number}/1"),
        "unreadable": Process(mine.host, "17"),
    }
    with connected(location) as connection:
        experiment = connection.experiment_id()
        for name, process in others.items():
            connection.client.create_run(experiment, run_name=name, tags=process.tags)
        connection.client.create_run(experiment, run_name="another program's")
        with open_run(connection, experiment, "mine", {}):
            assert end_killed_runs(location) == 2
            seen = statuses(location)
    ended = {"before the machine started anew", "number given out again"}
    assert {name for name, status in seen.items() if status == "KILLED"} == ended
    assert {name for name, status in seen.items() if status == "RUNNING"} == (
        {*others, "another program's", "mine"} - ended
    )
    assert statuses(location)["mine"] == "FINISHED"


def test_a_registry_or_experiment_that_is_not_there_has_no_runs(tmp_path: Path, location: RegistryLocation) -> None:
    assert end_killed_runs(registry_in(tmp_path / "none")) == 0
    assert not (tmp_path / "none").exists()
    assert end_killed_runs(RegistryLocation(location.tracking_uri, experiment="never used")) == 0


def test_a_process_lives_until_it_is_killed_even_if_nobody_waits_for_it() -> None:
    code = f"import sys; sys.path.insert(0, {str(REPOSITORY)!r})\n"
    code += (
        "from registry.orphans.processes import Process\nprint(Process.mine().identity, flush=True)\nsys.stdin.read()"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        process = Process(socket.gethostname(), child.stdout.readline().strip())
        assert process.identity.split("/")[2] == str(child.pid)
        assert not process.surely_dead
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # dead, and still in the table of processes
        assert process.surely_dead
    finally:
        child.kill()
        child.communicate()
    assert process.surely_dead
    assert not Process.mine().surely_dead


@pytest.mark.parametrize("tags", [{}, {"process.host": "a"}, {"process.host": "", "process.id": ""}])
def test_a_run_that_does_not_say_its_maker_has_none(tags: dict[str, str]) -> None:
    assert Process.of(tags) is None
    assert Process.of(Process.mine().tags) == Process.mine()
