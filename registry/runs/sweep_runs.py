"""A sweep in MLflow: one run for the sweep, one nested run a trial.

`log_sweep` sends only the trials that MLflow does not have yet. So a job may call it after every trial, and again after
a kill or a time without a server.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from registry.connection import Connection, RegistryLocation, connected
from registry.orphans.processes import Process
from registry.paging import every_page
from registry.runs.open_runs import flattened, log_values, open_run
from registry.runs.records import Metrics
from registry.runs.run_files import write_tables

SWEEP = "sweep"
TRIAL = "sweep.trial"
PARENT = "mlflow.parentRunId"
FINISHED = "attributes.status = 'FINISHED'"
RUNS_A_PAGE = 1000


@dataclass(frozen=True, slots=True)
class TrialRecord:
    """One trial; `number`, from 0, identifies it within its sweep. name : of its run; by default the number's."""

    number: int
    params: Mapping[str, Any]
    metrics: Metrics = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    name: str = ""


@dataclass(frozen=True, slots=True)
class SweepRecord:
    """A sweep so far.

    key : its permanent name. source : the command. status : RUNNING, KILLED or FINISHED; only a FINISHED sweep sends
    tables and texts.
    """

    key: str
    name: str
    params: Mapping[str, Any]
    trials: tuple[TrialRecord, ...]
    status: str
    metrics: Metrics = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    source: str = "segments sweep"


def log_sweep(location: RegistryLocation, record: SweepRecord) -> str:
    """Log the trials that MLflow does not have yet, and the state of the sweep; returns the run id of the sweep.

    Raises
    ------
    RegistryError
        If the registry cannot be reached or refuses something.
    """
    with connected(location, create=True) as connection:
        experiment = connection.experiment_id()
        client = connection.client
        run_id = _run_of(connection, experiment, record)
        known = _trials_of(connection, experiment, run_id)
        for trial in record.trials:
            if str(trial.number) not in known:
                tags = {PARENT: run_id, TRIAL: str(trial.number), **trial.tags}
                with open_run(connection, experiment, trial.name or f"trial {trial.number}", tags) as nested:
                    log_values(connection, nested, flattened(trial.params), trial.metrics)
        log_values(connection, run_id, {}, record.metrics)
        for name, text in record.tags.items():
            client.set_tag(run_id, name, text)
        if record.status == "FINISHED":
            _send_files(connection, run_id, record)
        client.update_run(run_id, status=record.status)
        if record.status != "RUNNING":
            client.set_terminated(run_id, record.status)
    return run_id


def finished_sweep(location: RegistryLocation, tag: str, text: str) -> str:
    """The run id of the newest finished sweep whose tag has this text; empty without such a sweep.

    Raises
    ------
    RegistryError
        If the registry does not answer.
    """
    with connected(location) as connection:
        kept_in = connection.client.get_experiment_by_name(location.experiment)
        return "" if kept_in is None else _newest_sweep(connection, kept_in.experiment_id, tag, text)


def logged_trials(location: RegistryLocation, tag: str, text: str) -> list[TrialRecord]:
    """The trials of the newest finished sweep whose tag has this text, in their order; empty without such a sweep.

    Raises
    ------
    RegistryError
        If the registry cannot be reached or refuses something.
    """
    with connected(location) as connection:
        client = connection.client
        kept_in = client.get_experiment_by_name(location.experiment)
        sweep = "" if kept_in is None else _newest_sweep(connection, kept_in.experiment_id, tag, text)
        if not sweep:
            return []
        query = f"tags.`{PARENT}` = '{sweep}' and {FINISHED}"
        runs = list(every_page(client.search_runs, [kept_in.experiment_id], query, max_results=RUNS_A_PAGE))
    trials = [
        TrialRecord(int(run.data.tags[TRIAL]), run.data.params, run.data.metrics, run.data.tags, run.info.run_name)
        for run in runs
    ]
    return sorted(trials, key=lambda trial: trial.number)


def _newest_sweep(connection: Connection, experiment: str, tag: str, text: str) -> str:
    newest = connection.client.search_runs(
        [experiment],
        f"tags.`{tag}` = '{text}' and {FINISHED}",
        max_results=1,
        order_by=["attributes.end_time DESC"],
    )
    return newest[0].info.run_id if newest else ""


def _run_of(connection: Connection, experiment: str, record: SweepRecord) -> str:
    runs = connection.client.search_runs([experiment], f"tags.`{SWEEP}` = '{record.key}'", max_results=1)
    tags = {**Process.mine().tags, SWEEP: record.key, "mlflow.source.name": record.source}
    if not runs:
        created: str = connection.client.create_run(experiment, run_name=record.name, tags=tags).info.run_id
        log_values(connection, created, record.params, {})
        return created
    run_id: str = runs[0].info.run_id
    for name, text in tags.items():  # another process than the first may continue it
        if runs[0].data.tags.get(name) != text:
            connection.client.set_tag(run_id, name, text)
    return run_id


def _trials_of(connection: Connection, experiment: str, run_id: str) -> set[str]:
    """Numbers of the trials whose run is complete."""
    query = f"tags.`{PARENT}` = '{run_id}' and attributes.status = 'FINISHED'"
    runs = every_page(connection.client.search_runs, [experiment], query, max_results=RUNS_A_PAGE)
    return {run.data.tags.get(TRIAL, "") for run in runs}


def _send_files(connection: Connection, run_id: str, record: SweepRecord) -> None:
    with tempfile.TemporaryDirectory(prefix="segments-sweep-") as temporary:
        folder = Path(temporary)
        write_tables(record.tables, folder)
        for name, text in record.texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        connection.client.log_artifacts(run_id, str(folder))
