"""`segments sweep` from a settings file: nested runs, going on, files that discover accepts, and nothing registered."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from click.testing import CliRunner, Result

from cli import main
from jobs.sweep import sweep
from jobs.sweep.sweep_files import best_file, lock_file, trials_file
from registry.connection import RegistryLocation, connected
from segment_model.storage.file_lock import exclusive_lock
from training.settings import read_settings
from training.tuning import sweep as sweeping

REPOSITORY = Path(__file__).parents[3]
SWEEP = {
    "space": {
        "discovery.encoding.transform": ["auto", "none"],
        "features.rfm.frequency": ["orders", "active_days"],
    },
    "trials": 3,
}


def folder_with(folder: Path, **change: Any) -> Path:
    generator = np.random.default_rng(2)
    customer = np.repeat(np.arange(60), np.where(np.arange(60) % 2, 20, 3))
    orders = pd.DataFrame(
        {
            "customer_id": [f"kunde-ü{number}" for number in customer],
            "order_id": [f"o{number}" for number in range(len(customer))],
            "ordered_at": pd.Timestamp("2026-06-01") - pd.to_timedelta(generator.integers(1, 4000, len(customer)), "h"),
            "amount": np.exp(generator.normal(np.where(customer % 2, 5.0, 2.0), 0.2)),
        }
    )
    orders.to_parquet(folder / "orders.parquet")
    content = {
        "title": "Läden",
        "as_of": "2026-06-01",
        "sources": {"orders": {"file": "orders.parquet"}},
        "discovery": {"algorithms": [{"algorithm": "kmeans", "segments": 2, "starts": 1}]},
        "sweep": SWEEP,
    }
    config = folder / "shop.yaml"
    config.write_text(yaml.safe_dump({**content, **change}, allow_unicode=True), encoding="utf-8")
    return config


def run(config: Path, *more: str) -> Result:
    return CliRunner().invoke(main, ["sweep", "--config", str(config), *more], catch_exceptions=False)


def runs_of(folder: Path) -> list[Any]:
    with connected(RegistryLocation(f"sqlite:///{folder / 'mlflow.db'}")) as connection:
        return list(connection.client.search_runs([connection.experiment_id()]))


def test_a_sweep_is_interrupted_goes_on_and_is_logged_as_nested_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = folder_with(tmp_path)
    built: list[str] = []
    tried: list[str] = []
    real_vectors, real_try = sweep.vectors_of, sweeping._tried

    def building(settings: Any, *rest: Any) -> Any:
        built.append(settings.features.rfm.frequency)
        return real_vectors(settings, *rest)

    def interrupted(attempt: Any, values: Any, yardstick: Any) -> Any:
        tried.append(str(values))
        if len(tried) == 2:
            raise KeyboardInterrupt
        return real_try(attempt, values, yardstick)

    monkeypatch.setattr(sweep, "vectors_of", building)
    monkeypatch.setattr(sweeping, "_tried", interrupted)
    assert run(config).exit_code == 1  # click's: aborted
    assert sorted(trial_run.info.status for trial_run in runs_of(tmp_path)) == ["FINISHED", "KILLED"]

    built.clear()
    done = run(config)
    assert done.exit_code == 0, done.output
    assert "1 trial is there already" in done.output
    assert "3 of 3 trials done" in done.output
    assert "nothing is registered" in done.output
    assert tried[1] == tried[2]  # what was interrupted is tried again
    assert built.count("orders") == 1
    assert built.count("active_days") <= 1

    parents = [trial_run for trial_run in runs_of(tmp_path) if "mlflow.parentRunId" not in trial_run.data.tags]
    children = [trial_run for trial_run in runs_of(tmp_path) if "mlflow.parentRunId" in trial_run.data.tags]
    (parent,) = parents
    assert {trial_run.info.status for trial_run in runs_of(tmp_path)} == {"FINISHED"}
    assert {trial_run.data.tags["mlflow.parentRunId"] for trial_run in children} == {parent.info.run_id}
    assert sorted(trial_run.data.tags["sweep.trial"] for trial_run in children) == ["0", "1", "2"]
    assert parent.data.params["space.discovery.encoding.transform"] == '["auto", "none"]'
    assert parent.data.metrics["trials"] == 3
    (best,) = (
        trial_run for trial_run in children if trial_run.data.tags["sweep.trial"] == parent.data.tags["best_trial"]
    )
    assert best.data.metrics["trust"] == max(trial_run.data.metrics["trust"] for trial_run in children)
    assert parent.data.metrics["best_trust"] == best.data.metrics["trust"]
    assert all(trial_run.data.tags["verdict"] for trial_run in children)
    assert set(best.data.params) == set(SWEEP["space"])
    with connected(RegistryLocation(f"sqlite:///{tmp_path / 'mlflow.db'}")) as connection:
        assert connection.client.search_registered_models() == []
        stored = {trial_run.path for trial_run in connection.client.list_artifacts(parent.info.run_id)}
    assert stored == {"best.yaml", "tables"}

    settings, text = read_settings(best_file(config))
    assert settings.sweep is None
    assert yaml.safe_load(text)["title"] == "Läden"
    assert settings.discovery.encoding.transform == best.data.params["discovery.encoding.transform"]
    assert settings.features.rfm.frequency == best.data.params["features.rfm.frequency"]

    again = run(config)
    assert "3 of 3 trials done: this sweep was finished before; more --trials continue it" in again.output
    assert len(runs_of(tmp_path)) == 4
    more = run(config, "--trials", "9")
    assert "4 of 4 trials done\n" in more.output  # the space holds no more
    assert len(runs_of(tmp_path)) == 5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sweep": None}, "the settings have no block `sweep`; add one such as sweep: {space:"),
        ({"sweep": {"space": {"discovery.sed": [1]}}}, "'discovery.sed' cannot be 1: unknown key 'discovery.sed'. Did"),
        ({"sweep": {"space": {"discovery.encoding.weights.frequenzy": [1, 2]}}}, "Did you mean 'frequency'?"),
        ({"sweep": {"space": {"features.roles.frequenzy": ["basis"]}}}, "Did you mean 'frequency'?"),
    ],
)  # fmt: skip
def test_nothing_starts_where_anything_is_wrong(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    config = folder_with(tmp_path, **change)
    result = run(config)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not best_file(config).exists()
    assert not (tmp_path / "mlflow.db").exists()


def test_without_a_server_it_goes_on_and_sends_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = folder_with(tmp_path, registry={"tracking_uri": "http://127.0.0.1:9"})
    done = run(config)
    assert done.exit_code == 0, done.output
    assert done.output.count("The sweep goes on without it; the same command sends the trials later") == 1
    assert "3 of 3 trials done" in done.output
    monkeypatch.setattr(sweeping, "_tried", lambda *_: pytest.fail("it was tried again"))
    folder_with(tmp_path)  # the registry is no part of what a sweep is
    assert "logged to MLflow" in run(config).output
    assert len(runs_of(tmp_path)) == 4


def test_two_processes_do_not_sweep_the_same(tmp_path: Path) -> None:
    config = folder_with(tmp_path)
    with exclusive_lock(lock_file(config), "not held"):
        refused = run(config)
    assert refused.exit_code == 2
    assert refused.stderr == "segments: another process sweeps shop.yaml now: wait for it, or end it\n"
    assert refused.stdout == ""  # it is refused before it reads a table
    assert not (tmp_path / "mlflow.db").exists()


def test_trials_that_cannot_be_read_are_one_line(tmp_path: Path) -> None:
    config = folder_with(tmp_path)
    assert run(config, "--trials", "1").exit_code == 0
    with closing(sqlite3.connect(trials_file(config))) as file:
        file.execute("alter table trials rename column state to condition")
    result = run(config)
    assert result.exit_code == 2
    assert f"the trials in {trials_file(config)} cannot be read: " in result.stderr
    assert "move it away to begin anew" in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("where", ["on this machine", "in a container that is no more"])
def test_killed_in_its_second_trial_the_same_command_goes_on(tmp_path: Path, where: str) -> None:
    """By the system: nobody in the process can tidy up. Of another container nobody knows whether it lives."""
    config = folder_with(tmp_path)
    code = f"""
import os, signal, socket, sys
sys.path.insert(0, {str(REPOSITORY)!r})
if {where != "on this machine"}:
    socket.gethostname = lambda: "a-container"
from cli import main
from jobs.sweep import sweep
real, tried = sweep.discover, []
def killed(*arguments):
    tried.append(1)
    if len(tried) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments)
sweep.discover = killed
main(["sweep", "--config", "shop.yaml"])
"""
    ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    assert lock_file(config).exists()
    assert sorted(trial_run.info.status for trial_run in runs_of(tmp_path)) == ["FINISHED", "RUNNING"]

    done = run(config)
    assert done.exit_code == 0, done.output
    assert "1 trial is there already; going on from there" in done.output
    assert "3 of 3 trials done" in done.output
    parents = [trial_run for trial_run in runs_of(tmp_path) if "mlflow.parentRunId" not in trial_run.data.tags]
    children = [trial_run for trial_run in runs_of(tmp_path) if "mlflow.parentRunId" in trial_run.data.tags]
    assert [trial_run.info.status for trial_run in parents] == ["FINISHED"]
    assert [trial_run.info.status for trial_run in children] == ["FINISHED"] * 3
    assert sorted(trial_run.data.tags["sweep.trial"] for trial_run in children) == ["0", "1", "2"]
    assert parents[0].data.metrics["trials"] == 3
