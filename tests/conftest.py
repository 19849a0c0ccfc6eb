"""One tiny planted company (400 customers in four groups, told apart by behaviour and by plan); real servers of
PostgreSQL and MLflow; and what becomes of a test whose program is not there."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

from cli import BEFORE_COLLECTION
from experiments.load.service_process import START_SECONDS, free_port
from experiments.torture import DEMANDS
from registry import connection
from registry.connection import RegistryLocation
from segment_model.storage.sqlite_address import sqlite_path
from segments import Column, Kind, Role, SegmentModel, VectorContract
from tests.registries import EmptyRegistry, registry_in
from training.candidates.gaussian_mixture_settings import GaussianMixtureSettings
from training.candidates.hdbscan_settings import HdbscanSettings
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import Discovery, discover
from training.settings import DiscoverySettings

settings.register_profile("repeatable", derandomize=True, deadline=None)  # the same examples in every run
settings.load_profile("repeatable")
gc.set_threshold(BEFORE_COLLECTION)  # as each command does: of 20 s for importing all tests, 9 were the collector's

PLANTED_CONTRACT = VectorContract(
    (
        Column("recency_days", Kind.COUNT, unit="days", group="rfm", low="active recently", high="lapsed"),
        Column("frequency", Kind.COUNT, unit="orders", group="rfm", low="rare", high="frequent"),
        Column("monetary_value", Kind.NUMBER, unit="USD", group="rfm", low="low spend", high="high spend"),
        Column("days_between_orders", Kind.NUMBER, unit="days", group="rfm", low="short cycle", high="long cycle"),
        Column("top_feature_share", Kind.SHARE, group="usage", low="broad use", high="narrow use"),
        Column("plan", Kind.CATEGORY, group="subscriptions"),
        Column("employees", Kind.COUNT, Role.DESCRIPTOR, unit="people", low="small", high="large"),
        Column("country", Kind.CATEGORY, Role.DESCRIPTOR),
    )
)


# The files that take longest, longest first. They begin first, so that two workers end together; those that need a
# Spark follow the first one, so that most of them run in one worker, and find the Spark that another one started.
LONGEST_FILES = (
    "experiments/benchmarks/test_benchmarks.py",
    "experiments/variants/test_numbered.py",
    "docs/test_tutorial.py",
    "docs/test_notebook.py",
    "jobs/test_main_job.py",
    "serving/model/test_registry_follower_for_real.py",
    "serving/test_process.py",
    "serving/transport/test_connections.py",
    "serving/explorer/test_explorer.py",
    "training/evaluation/test_verdict.py",
    "jobs/test_sync.py",
    "segment_model/counterfactual/test_what_would_change.py",
    "training/tuning/test_sweep.py",
    "training/discovery/test_digests.py",
    "jobs/sweep/test_sweep.py",
    "serving/test_packaging.py",
    "serving/test_workers.py",
    "serving/test_client.py",
    "training/candidates/test_top_spenders.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The marker `torture` is what docs/torture.md names, wherever it lives; the longest files come first."""
    named = frozenset(test for demand in DEMANDS for test in demand.tests)
    places = {module: place for place, module in enumerate(LONGEST_FILES)}
    for test in items:
        module = module_of(test)
        if not named.isdisjoint({module, f"{module}::{test.name.partition('[')[0]}"}):
            test.add_marker(pytest.mark.torture)
    in_spark = {module_of(test) for test in items if test.get_closest_marker("spark")} - {LONGEST_FILES[0]}
    items.sort(key=lambda test: 0.5 if module_of(test) in in_spark else places.get(module_of(test), len(places)))


def module_of(test: pytest.Item) -> str:
    return test.path.relative_to(Path(__file__).parent).as_posix()


@dataclass(frozen=True)
class Planted:
    """Customer vectors whose true groups are known."""

    frame: pd.DataFrame
    contract: VectorContract
    truth: np.ndarray[tuple[int], np.dtype[np.intp]]


def make_planted(customers: int = 400, seed: int = 7) -> Planted:
    """Four groups of unequal size; a frequency of one leaves the days between orders unknown."""
    generator = np.random.default_rng(seed)
    truth = generator.choice(4, customers, p=[0.4, 0.3, 0.2, 0.1])
    recency = generator.poisson(np.array([5, 40, 200, 8])[truth])
    frequency = 1 + generator.poisson(np.array([12, 4, 0.1, 60])[truth])
    monetary = frequency * np.exp(generator.normal(np.array([3.5, 3.0, 3.0, 5.5])[truth], 0.25))
    between = np.where(frequency > 1, np.array([20.0, 60.0, 150.0, 5.0])[truth] * generator.gamma(20, 1 / 20), np.nan)
    share = generator.beta(np.array([4, 12, 30, 3])[truth], np.array([8, 6, 2, 12])[truth])
    plans = np.array(["basic", "plus", "pro", "enterprise"], dtype=object)
    plan = plans[np.where(generator.random(customers) < 0.9, truth, generator.integers(0, 4, customers))]
    frame = pd.DataFrame(
        {
            "recency_days": recency.astype(float),
            "frequency": frequency.astype(float),
            "monetary_value": monetary,
            "days_between_orders": between,
            "top_feature_share": share,
            "plan": pd.array(plan, dtype="str"),
            "employees": np.round(np.exp(generator.normal(3, 1, customers))),
            "country": pd.array(generator.choice(np.array(["DE", "FR", "JP"], dtype=object), customers), dtype="str"),
        },
        index=pd.Index([f"C{number:05d}" for number in range(customers)], name="customer_id", dtype="str"),
    )
    frame.loc[frame.index[::9], "country"] = None
    return Planted(frame, PLANTED_CONTRACT, truth)


def make_continuum(customers: int, seed: int) -> pd.DataFrame:
    """Customers of `PLANTED_CONTRACT` without groups: how much they buy and how lately, two things of all degrees."""
    generator = np.random.default_rng(seed)
    much, lately = generator.normal(size=(2, customers))

    def nearly(degree: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        return degree + generator.normal(0, 0.3, customers)

    frequency = 1 + generator.poisson(np.exp(2 + 0.8 * much))
    plans = np.array(["basic", "plus", "pro"], dtype=object)
    frame = pd.DataFrame(
        {
            "recency_days": np.round(np.exp(nearly(3.3 - 0.9 * lately))),
            "frequency": frequency.astype(float),
            "monetary_value": frequency * generator.uniform(20, 60, customers),
            "days_between_orders": np.where(frequency > 1, np.exp(nearly(3 - 0.8 * much)), np.nan),
            "top_feature_share": 1 / (1 + np.exp(nearly(lately))),
            "plan": pd.array(plans[np.digitize(nearly(much), [-0.3, 0.9])], dtype="str"),
            "employees": np.round(np.exp(nearly(3 + much))),
            "country": pd.array(generator.choice(np.array(["DE", "FR", "JP"], dtype=object), customers), dtype="str"),
        },
        index=pd.Index([f"C{number:05d}" for number in range(customers)], name="customer_id", dtype="str"),
    )
    frame.loc[frame.index[::9], "country"] = None
    return frame


@pytest.fixture(autouse=True)
def no_stand_in_stays() -> Iterator[None]:
    """No module of MLflow's stands in for Databricks' `dbutils` after a test.

    It is there while MLflow runs a model's file, and stays if two threads do so at once. Then hypothesis, which reads
    the file of each module, meets one that is no path.
    """
    yield
    sys.modules.pop("dbutils", None)


@pytest.fixture(scope="session", autouse=True)
def new_registries_are_copies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """In this process, a client of MLflow for an SQLite file that is not there has the tables of another one copied."""
    load = connection.load_mlflow

    @cache
    def load_mlflow() -> ModuleType:
        mlflow = load()
        from mlflow.db import upgrade

        empty = EmptyRegistry(tmp_path_factory.mktemp("empty-registry"), upgrade.callback)

        class Client(mlflow.MlflowClient):  # type: ignore[misc]  # MLflow is not typed here
            def __init__(self, tracking_uri: str | None = None, registry_uri: str | None = None) -> None:
                database = sqlite_path(tracking_uri or "")
                if database is not None and not database.exists():
                    with suppress(OSError):  # then MLflow makes the file itself, or says what is wrong
                        empty.copy_to(database)
                super().__init__(tracking_uri, registry_uri)

        patch.setattr(mlflow, "MlflowClient", Client)
        return mlflow

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "load_mlflow", load_mlflow)
        yield


@pytest.fixture(scope="session")
def planted() -> Planted:
    return make_planted()


@pytest.fixture(scope="session")
def kmeans_discovery(planted: Planted) -> Discovery:
    settings = DiscoverySettings(algorithms=(KMeansSettings(segments=4),))
    return discover(planted.frame, planted.contract, settings, {"data_digest": "sha256:planted"})


@pytest.fixture(scope="session")
def hdbscan_discovery(planted: Planted) -> Discovery:
    settings = DiscoverySettings(algorithms=(HdbscanSettings(min_cluster_sizes=(15,)),))
    return discover(planted.frame, planted.contract, settings, {"data_digest": "sha256:planted"})


@pytest.fixture(scope="session")
def mixture_discovery(planted: Planted) -> Discovery:
    settings = DiscoverySettings(algorithms=(GaussianMixtureSettings(segments=4),))
    return discover(planted.frame, planted.contract, settings, {"data_digest": "sha256:planted"})


@pytest.fixture(scope="session")
def kmeans_model(kmeans_discovery: Discovery) -> SegmentModel:
    return kmeans_discovery.model


@pytest.fixture(scope="session")
def hdbscan_model(hdbscan_discovery: Discovery) -> SegmentModel:
    return hdbscan_discovery.model


@pytest.fixture(scope="session")
def mixture_model(mixture_discovery: Discovery) -> SegmentModel:
    return mixture_discovery.model


@pytest.fixture(params=["kmeans", "hdbscan", "mixture"])
def model(request: pytest.FixtureRequest) -> SegmentModel:
    """Each test that asks for `model` runs for every algorithm."""
    fitted: SegmentModel = request.getfixturevalue(f"{request.param}_model")
    return fitted


@pytest.fixture(scope="session")
def needed() -> Callable[..., Any]:
    """`needed(requirement, otherwise)` returns a program or data set from outside of Python; None ends the test.

    A newcomer without some Debian package still gets a useful run: what needs it is skipped, and says how to get it.
    Where everything is installed, as in CI, nothing may go untested unseen: with SEGMENTS_SKIP_NOTHING it is a failure;
    unless it cannot be installed at all (`installable=False`), being a privilege of who runs the tests.
    """

    def check(requirement: Any, otherwise: str, installable: bool = True) -> Any:
        if requirement is None:
            (pytest.fail if installable and os.environ.get("SEGMENTS_SKIP_NOTHING") else pytest.skip)(otherwise)
        return requirement

    return check


@pytest.fixture(scope="session")
def postgres_url(needed: Callable[..., Any]) -> Iterator[str]:
    """A PostgreSQL server of our own on a free port; ends with the tests."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    initdb = needed(
        str(binaries[-1]) if binaries else shutil.which("initdb"),
        "PostgreSQL's server is not installed (apt-get install postgresql)",
    )
    as_owner: list[str] = []
    if os.geteuid() == 0:
        runuser = shutil.which("runuser")
        needed(runuser, "PostgreSQL does not run as root, and runuser is not installed (apt-get install util-linux)")
        as_owner = ["runuser", "-u", "postgres", "--"]
    port = free_port()

    def run(*command: str) -> None:
        subprocess.run([*as_owner, *command], check=True, capture_output=True, cwd="/")

    # not in pytest's own folder: it is closed to other users, and the server refuses to be root
    with tempfile.TemporaryDirectory(prefix="segments-postgres-", ignore_cleanup_errors=True) as folder:
        if as_owner:
            shutil.chown(folder, "postgres")
        data, control = f"{folder}/data", str(Path(initdb).resolve().parent / "pg_ctl")
        run(initdb, "-D", data, "--auth=trust", "--username=shop", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        run(control, "-D", data, "-w", "-o", options, "-l", f"{folder}/log", "start")
        try:
            yield f"postgresql://shop:secret-word@127.0.0.1:{port}/postgres"
        finally:
            run(control, "-D", data, "-w", "-m", "immediate", "stop")


@pytest.fixture(scope="session", autouse=True)
def javas_compile_quickly() -> Iterator[None]:
    """Every Java that a test starts lives for a minute, less than its thorough compiler and parallel collector need."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
        yield


@pytest.fixture(scope="session")
def spark(needed: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Spark of two threads in this process, small and quick to start; one a test session, ends with it."""
    pyspark = find_spec("pyspark")
    needed(pyspark, "pyspark is not installed (make install-spark)")
    needed(shutil.which("java"), "Java is not installed (apt-get install openjdk-17-jre-headless)")
    from features.reading.spark_session import spark_session
    from features.settings import EngineSettings

    warehouse = tmp_path_factory.mktemp("warehouse")
    options = {
        "spark.driver.memory": "1g",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.warehouse.dir": warehouse.as_uri(),
    }
    with spark_session(EngineSettings(spark="local[2]", spark_options=options), "Europe/Berlin") as session:
        yield session
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # py4j leaves the sockets of its gateway to the collector
        gc.collect()


class MlflowServer:
    """A real `mlflow server` of a folder: its database and files stay when it ends, so that it can be started anew.

    database : the address of another one, instead of an SQLite file in the folder. workers : processes that answer.
    """

    def __init__(self, folder: Path, port: int | None = None, database: str | None = None, workers: int = 1) -> None:
        folder.mkdir(exist_ok=True)
        self.port = free_port() if port is None else port
        self.location = RegistryLocation(f"http://127.0.0.1:{self.port}")
        self.direct = registry_in(folder)  # the same registry, whether the server runs or not
        self.files = folder / "files"
        self._database = self.direct.tracking_uri if database is None else database
        self._workers = workers
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", self._database]
        command += ["--artifacts-destination", str(self.files), "--host", "127.0.0.1", "--port", str(self.port)]
        quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--workers", str(self._workers)],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **quiet},
                start_new_session=True,
            )

    def wait(self) -> None:
        """Until it is there."""
        end = time.monotonic() + START_SECONDS
        while self._process is not None and self._process.poll() is None and time.monotonic() < end:
            try:
                if httpx.get(f"{self.location.tracking_uri}/health", timeout=5).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
        pytest.fail(f"the MLflow server did not start: {self._log.read_text()[-2000:]}")

    def end(self, by: signal.Signals = signal.SIGTERM) -> None:
        if self._process is not None:
            if self._process.poll() is None:
                os.killpg(self._process.pid, by)
            self._process.wait(30)
            self._process = None

    @contextmanager
    def running(self) -> Iterator[MlflowServer]:
        self.start()
        try:
            self.wait()
            yield self
        finally:
            self.end()


@pytest.fixture(scope="session")
def mlflow_server() -> type[MlflowServer]:
    """`mlflow_server(folder, port, database, workers)` is one to be started; without a port it chooses a free one."""
    return MlflowServer


@pytest.fixture(scope="session")
def quick_discovery() -> Callable[[], AbstractContextManager[None]]:
    """`with quick_discovery():` a discovery job draws no pictures and computes no analyst's record.

    Both take most of its time, and are tested elsewhere.
    """
    from jobs import conclusion  # imports what draws, which most tests do not need
    from reporting.pictures.all_pictures import DrawnPictures

    @contextmanager
    def quick() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(conclusion, "draw_pictures", lambda _: DrawnPictures({}, {}))
            patch.setattr(conclusion, "analyse", lambda *_: (None, "not computed in this test"))
            yield

    return quick


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """For each connection to a server of MLflow that is tried, how many seconds it may take."""
    from urllib3.connection import HTTPConnection

    timeouts: list[float] = []
    real = HTTPConnection.connect

    def connect(connection: HTTPConnection) -> None:
        assert connection.timeout is not None
        timeouts.append(connection.timeout)
        real(connection)

    monkeypatch.setattr(HTTPConnection, "connect", connect)
    return timeouts
