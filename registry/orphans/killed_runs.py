"""Runs of processes that were killed: nobody was left to end them, so the next start does."""

from __future__ import annotations

from registry.connection import Connection, RegistryLocation, connected
from registry.orphans.processes import HOST, Process

PAGE = 1000


def end_killed_runs(location: RegistryLocation) -> int:
    """Set the runs to KILLED that a process of this machine left RUNNING when it died, and say how many they were.

    Runs of other machines, of processes that live and of other programs stay as they are. A model that such a run was
    logging is FAILED; it was never registered.

    Raises
    ------
    UnreachableError
        If the registry does not answer.
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
    found, token = [], None
    while True:
        page = connection.client.search_runs([experiment], query, max_results=PAGE, page_token=token)
        for run in page:
            maker = Process.of(run.data.tags)
            if maker is not None and maker.surely_dead:
                found.append(run.info.run_id)
        token = page.token
        if not token:
            return found


def _fail_models(connection: Connection, experiment: str, run_id: str) -> None:
    for model in connection.client.search_logged_models([experiment], f"source_run_id = '{run_id}'"):
        if model.status.value == "PENDING":
            connection.client.finalize_logged_model(model.model_id, "FAILED")
