"""Runs of killed processes: the next process that starts ends them."""

from __future__ import annotations

from typing import Any

from registry.connection import Connection, RegistryLocation, connected
from registry.orphans.processes import HOST, Process
from registry.paging import every_page

RUNS_A_PAGE = 1000


def end_killed_runs(location: RegistryLocation) -> int:
    """Set to KILLED each RUNNING run whose process, of this machine, is dead; returns the number of runs.

    Runs of other machines, of live processes and of other programs stay as they are. A model that such a run was
    logging becomes FAILED; it was never registered.

    Raises
    ------
    UnreachableError
        If the registry does not answer.
    RegistryError
        If it refuses.
    """
    if location.database is not None and not location.database.exists():
        return 0
    with connected(location) as connection:
        experiment = connection.client.get_experiment_by_name(location.experiment)
        if experiment is None:
            return 0
        killed = _left_running(connection, experiment.experiment_id)
        for run_id in killed:
            _fail_models(connection, experiment.experiment_id, run_id)
            connection.client.set_terminated(run_id, "KILLED")
    return len(killed)


def _left_running(connection: Connection, experiment: str) -> list[str]:
    mine = Process.mine().host.replace("'", "")
    query = f"attributes.status = 'RUNNING' and tags.`{HOST}` = '{mine}'"
    runs = every_page(connection.client.search_runs, [experiment], query, max_results=RUNS_A_PAGE)
    return [run.info.run_id for run in runs if _is_orphan(run)]


def _is_orphan(run: Any) -> bool:
    maker = Process.of(run.data.tags)
    return maker is not None and maker.surely_dead


def _fail_models(connection: Connection, experiment: str, run_id: str) -> None:
    query = f"source_run_id = '{run_id}'"
    for model in every_page(connection.client.search_logged_models, [experiment], query):
        if model.status.value == "PENDING":
            connection.client.finalize_logged_model(model.model_id, "FAILED")
