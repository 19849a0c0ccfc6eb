"""Eight trainers and two promoters at once on one `mlflow server` with PostgreSQL behind it: nothing is lost."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from registry.connection import RegistryLocation, connected
from registry.runs.discovery_runs import log_discovery
from registry.runs.records import DiscoveryRecord
from registry.versions.promotions import Outcome, promote, promotions
from registry.versions.registration import register
from registry.versions.versions import fetch, list_versions
from segment_model.errors import RegistryError

pytestmark = [
    # mlflow 3.17 compares column labels with a range, which pandas 3.1 is about to change
    pytest.mark.filterwarnings("ignore:Operation with range is deprecated:DeprecationWarning"),
]
TRAINERS, PROMOTERS = 8, 2


@pytest.fixture
def location(tmp_path: Any, postgres_url: str, mlflow_server: Any) -> Iterator[RegistryLocation]:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE mlflow")
    database = postgres_url.replace("postgresql://", "postgresql+psycopg://").replace("/postgres", "/mlflow")
    with mlflow_server(tmp_path / "server", database=database, workers=2).running() as running:
        yield running.location


def test_nothing_is_lost(location: RegistryLocation, record: DiscoveryRecord) -> None:
    start = threading.Barrier(TRAINERS)
    registered: list[str] = []
    first, over = threading.Event(), threading.Event()

    def train(number: int) -> tuple[str, str]:
        start.wait()  # the registry is empty: all of them make the experiment and the model
        run_id = log_discovery(location, replace(record, name=f"trainer {number}"))
        version = register(location, run_id)
        registered.append(version)
        first.set()
        return run_id, version

    def promote_latest(_: int) -> list[str]:
        """Promote what is registered last, until the trainers are done; whom another promoter overtook, tries again."""
        done = []
        first.wait()
        while not over.is_set():
            try:
                done.append(promote(location, registered[-1]).version)
            except RegistryError as error:
                if "somebody else moved champion at the same moment" not in str(error):
                    raise
        return done

    with ThreadPoolExecutor(TRAINERS + PROMOTERS) as pool:
        promoters = [pool.submit(promote_latest, number) for number in range(PROMOTERS)]
        try:
            trained = list(pool.map(train, range(TRAINERS)))
        finally:
            over.set()
            first.set()
        promoted = [version for promoter in promoters for version in promoter.result()]

    versions = {version.version: version for version in list_versions(location)}
    assert sorted(versions, key=int) == [str(number) for number in range(1, TRAINERS + 1)]
    assert {versions[version].run_id: version for _, version in trained} == dict(trained)
    with connected(location) as connection:
        experiment = connection.client.get_experiment_by_name(location.experiment)
        runs = connection.client.search_runs([experiment.experiment_id])
    assert {run.info.run_id for run in runs} == {run_id for run_id, _ in trained}
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert all(fetch(location, version).model.digest == record_digest(record) for version in versions)

    champions = [version for version in versions.values() if "champion" in version.aliases]
    assert len(champions) == 1
    moves = promotions(location)
    done = Counter(move.after for move in moves if move.outcome is Outcome.DONE)
    assert done == Counter(promoted), "each promotion that was answered is in the history, and no other"
    assert champions[0].version in done


def record_digest(record: DiscoveryRecord) -> str:
    assert record.model is not None
    return record.model.digest
