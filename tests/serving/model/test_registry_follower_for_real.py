"""A real service follows a real MLflow server through promotions, bad versions, a full disk and the server's death,
while callers ask it all the time."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
import os
import pickle
import re
import shutil
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil  # type: ignore[import-untyped]
import pytest

from experiments.load.service_process import free_port
from registry.connection import connected
from registry.versions import promotions
from registry.versions.promotions import promote, rollback
from registry.versions.segment_names import rename_segment
from segment_model.contract import VectorContract
from segment_model.errors import SegmentsError
from segment_model.model import SegmentModel
from serving.launcher import running_service
from serving.settings import ServiceSettings

START_SECONDS = 180.0
FOLLOWED_SECONDS = 10.0  # the promise
NAME = "customer-segments"
PROMOTIONS = 100 if os.environ.get("SEGMENTS_TORTURE") == "full" else 20
CALLERS = 4
KEEP_ALIVE_SECONDS = 5.0  # after which uvicorn closes an idle connection
FEW, MANY = 5, 300  # customers of a request; 250 are worked on in one step, 50 with their explanations
DISK = "192k"  # room for a few of these small models


def wait(condition: Callable[[], Any], what: str, seconds: float = 30.0) -> float:
    start = time.monotonic()
    while not condition():
        assert time.monotonic() - start < seconds, f"{what}: not within {seconds:g} s"
        time.sleep(0.02)
    return time.monotonic() - start


class Registry:
    """A registry behind an MLflow server, which a test may change in ways that the commands refuse."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.location, self.direct = server.location, server.direct
        with connected(self.direct, create=True) as connection:
            connection.client.create_registered_model(NAME)

    def add(self, model: SegmentModel, damage: Callable[[Path], None] | None = None) -> str:
        """Register a model as a version; `damage` does to its stored files what it likes before or after."""
        return self.add_files(lambda folder: model.save(folder), model, damage)

    def add_files(
        self, write: Callable[[Path], None], model: SegmentModel, damage: Callable[[Path], None] | None = None
    ) -> str:
        number = len(list(self.server.files.glob("*"))) + 1
        saved = self.server.files / f"v{number}" / "artifacts" / "segment_model"
        saved.parent.mkdir(parents=True)
        write(saved)
        digest = json.loads((saved / "manifest.json").read_text())["digest"]
        if damage is not None:
            damage(saved)
        return self.register(f"mlflow-artifacts:/v{number}", digest, model)

    def register(self, source: str, digest: str, model: SegmentModel) -> str:
        tags = {"digest": digest, "segment_ids": json.dumps(model.ids)}
        with connected(self.direct) as connection:
            return str(connection.client.create_model_version(NAME, source, tags=tags).version)

    def point(self, alias: str, version: str) -> None:
        """Set an alias as MLflow's own pages would: without our looking at the version first."""
        with connected(self.direct) as connection:
            connection.client.set_registered_model_alias(NAME, alias, version)


def with_ids(model: SegmentModel, prefix: str) -> SegmentModel:
    """The same model under ids of its own, so that every row of an answer shows which version made it."""
    cards = tuple(replace(card, id=f"{prefix}-{card.id}") for card in model.discovered_cards)
    return replace(model, discovered_cards=cards)


def sealed(folder: Path, name: str, content: bytes, format_version: int = 1) -> None:
    """Exchange or add a file of a saved model and make the manifest fit, as an attacker could."""
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    manifest = json.loads((folder / "manifest.json").read_text())
    sums = {**manifest["files"], name: hashlib.sha256(content).hexdigest()}
    lines = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))
    digest = "sha256:" + hashlib.sha256(lines.encode()).hexdigest()
    (folder / "manifest.json").write_text(
        json.dumps({"format_version": format_version, "digest": digest, "files": sums})
    )


# -- a service, and its callers ----------------------------------------------------------------------------------------


@dataclass
class Callers:
    """Ask for the same customers without a pause, each over a connection of its own, and record the answers.

    The first sends more customers than the service works on in one step, and has them explained.
    """

    port: int
    customers: list[dict[str, Any]]
    statuses: Counter[int] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    mixed: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    @contextmanager
    def asking(self) -> Iterator[Callers]:
        stop = threading.Event()
        threads = [threading.Thread(target=self._ask, args=(stop, number == 0)) for number in range(CALLERS)]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            stop.set()
            for thread in threads:
                thread.join(30)

    def _ask(self, stop: threading.Event, many: bool) -> None:
        customers = self.customers[: MANY if many else FEW]
        body = json.dumps({"customers": customers, "explain": many}).encode()
        ids = [customer["id"] for customer in customers]
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            self._ask_over(connection, body, ids, stop)

    def _ask_over(
        self, connection: http.client.HTTPConnection, body: bytes, ids: list[str], stop: threading.Event
    ) -> None:
        answered = time.monotonic()
        while not stop.is_set():
            try:
                connection.request("POST", "/assign", body, {"Content-Type": "application/json"})
            except ConnectionError as error:
                # On a starved machine these callers themselves pause for seconds, all at once. Then the service has
                # closed their idle connections, as HTTP lets it: nothing was sent, so nothing is lost.
                if time.monotonic() - answered < KEEP_ALIVE_SECONDS:
                    self.broken.append(repr(error))
                    return
                connection.close()  # the next request opens another
                answered = time.monotonic()
                continue
            try:
                reply = connection.getresponse()
                content = reply.read()
            except (OSError, http.client.HTTPException) as error:
                self.broken.append(repr(error))
                return
            answered = time.monotonic()
            self.statuses[reply.status] += 1
            if reply.status == 200:
                answer = json.loads(content)
                version = answer["model_version"]
                self.versions[version] += 1
                rows = answer["assignments"]
                strange = [name for row in rows for name in segments_in(row) if not name.startswith(f"v{version}-")]
                if strange or [row["id"] for row in rows] != ids:
                    self.mixed.append(content.decode()[:300])
            time.sleep(0.002)


def segments_in(row: dict[str, Any]) -> list[str]:
    """All segments that one customer's answer names."""
    explanation = row.get("explanation") or {}
    named = [
        row["segment_id"],
        row["nearest_id"],
        row["runner_up_id"],
        explanation.get("toward"),
        explanation.get("against"),
    ]
    return [name for name in named if name is not None]


class Service:
    def __init__(self, url: str, log: Path) -> None:
        self.url, self.log = url, log
        self.port = int(url.rpartition(":")[2])

    def get(self, path: str) -> tuple[int, Any]:
        try:
            with urllib.request.urlopen(self.url + path, timeout=20) as reply:
                content = reply.read()
                return reply.status, json.loads(content) if "json" in reply.headers["content-type"] else content
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    @property
    def model(self) -> Any:
        return self.get("/model")[1]

    @property
    def version(self) -> Any:
        return self.model.get("model_version")

    @property
    def ready(self) -> bool:
        return self.get("/readyz")[0] == 200

    def metric(self, name: str, *labels: str) -> float:
        """The sum of the samples whose labels contain all of these."""
        page = self.get("/metrics")[1].decode()
        samples = re.findall(rf"^{name}(\{{.*\}})? (\S+)$", page, re.M)
        return sum(float(value) for labelled, value in samples if all(label in labelled for label in labels))


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory, mlflow_server: Any) -> Iterator[Registry]:
    registry = Registry(mlflow_server(tmp_path_factory.mktemp("registry")))
    registry.server.start()
    try:
        yield registry
    finally:
        registry.server.end(signal.SIGKILL)


@pytest.fixture(scope="module")
def numbered(kmeans: SegmentModel) -> Callable[[int], SegmentModel]:
    return lambda number: with_ids(kmeans, f"v{number}")


@pytest.fixture(scope="module")
def copies(
    own_disk: Callable[[Path, str], AbstractContextManager[None]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A disk of its own for the copies, where a test may fill it; else a plain folder."""
    folder = tmp_path_factory.mktemp("copies")
    with own_disk(folder, DISK):
        yield folder


@contextmanager
def serving(registry: Registry, folder: Path, name: str, **more: Any) -> Iterator[Service]:
    settings = ServiceSettings(tracking_uri=registry.location.tracking_uri, poll_seconds=0.3, retry_seconds=0.3, **more)
    log = folder / f"{name}.log"
    with log.open("wb") as file:
        try:
            with running_service(settings, port=free_port(), log=file, timeout=START_SECONDS) as url:
                yield Service(url, log)
        finally:
            print(log.read_text())  # noqa: T201  # pytest shows it where a test fails


@pytest.fixture(scope="module")
def service(
    registry: Registry,
    numbered: Callable[[int], SegmentModel],
    copies: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Service]:
    for number in (1, 2, 3):
        assert registry.add(numbered(number)) == str(number)
    registry.server.wait()
    promote(registry.location, "1")
    registry.point("challenger", "2")
    folder = tmp_path_factory.mktemp("service")
    more = {"cache_dir": copies, "load_seconds": 4.0, "shadow_alias": "challenger"}
    with serving(registry, folder, "service", **more) as service:
        yield service


@pytest.fixture
def callers(service: Service, many_customers: list[dict[str, Any]]) -> Callers:
    customers = [{"id": f"C{i}", "features": features} for i, features in enumerate(many_customers)]
    return Callers(service.port, customers)


def all_well(callers: Callers, *versions: str) -> None:
    """Every request was answered, each by one version."""
    assert callers.broken == []
    assert callers.mixed == []
    assert set(callers.statuses) == {200}
    assert set(callers.versions) <= set(versions)


# -- what happens to it ------------------------------------------------------------------------------------------------


def test_promotions_under_load_lose_no_request_and_mix_no_versions(
    service: Service,
    registry: Registry,
    callers: Callers,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    monkeypatch.setattr(promotions, "SETTLING_SECONDS", 0.0)
    slowest = 0.0
    with callers.asking():
        for number in range(PROMOTIONS):
            version = str(1 + (number + 1) % 3)
            promote(registry.location, version)
            slowest = max(slowest, wait(lambda v=version: service.version == v, f"version {version} is served"))
        asked = callers.statuses.total()
        rename_segment(registry.location, f"v{version}-s000", "Stammkunden")
        wait(lambda: "Stammkunden" in str(service.get("/segments")[1]), "the new name", FOLLOWED_SECONDS)
        back = rollback(registry.location)
        wait(lambda: service.version == back.after, "the rollback is served", FOLLOWED_SECONDS)
    record_property("promotions", PROMOTIONS)
    record_property("requests meanwhile", asked)
    record_property("slowest to be followed", f"{slowest:.1f} s")
    assert slowest < FOLLOWED_SECONDS
    assert asked > 10 * PROMOTIONS
    all_well(callers, "1", "2", "3")
    assert set(callers.versions) == {"1", "2", "3"}
    assert service.metric("segments_model_loads_total") >= PROMOTIONS
    wait(lambda: service.metric("segments_model_behind") == 0, "it is told")  # after the copy is kept on disk
    wait(
        lambda: service.metric("segments_shadowed_customers_total", 'challenger="2"', 'outcome="different"') > 0,
        "the challenger's other ids are noticed",
    )


class Marker:
    """Leaves a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


def flipped(folder: Path) -> None:
    path = folder / "arrays" / "assigner_centroids.npy"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))


def truncated(folder: Path) -> None:
    path = folder / "arrays" / "assigner_centroids.npy"
    path.write_bytes(path.read_bytes()[:100])


def bad_versions(
    registry: Registry, model: SegmentModel, marker: Path, silent: socket.socket
) -> dict[str, tuple[str, str]]:
    """What is wrong -> the version, and the reason that the service must give."""
    payload = pickle.dumps(Marker(marker))
    objects = io.BytesIO()
    np.lib.format.write_array(objects, np.array([Marker(marker)], dtype=object), allow_pickle=True)
    huge = io.BytesIO()
    np.lib.format.write_array_header_1_0(huge, {"descr": "<f8", "fortran_order": False, "shape": (10**13,)})
    skops = io.BytesIO()
    with zipfile.ZipFile(skops, "w") as archive:
        archive.writestr("schema.json", json.dumps({"__class__": "system", "__module__": "os", "__loader__": "x"}))
    weeks = VectorContract((replace(model.contract.columns[0], unit="weeks"), *model.contract.columns[1:]))
    document = json.loads(dict(model.files)["model.json"])
    document["contract"] = document["contract"][1:]

    def with_file(name: str, content: bytes, format_version: int = 1) -> Callable[[Path], None]:
        def write(folder: Path) -> None:
            model.save(folder)
            sealed(folder, name, content, format_version)

        return write

    def added(name: str, content: bytes) -> str:
        def damage(folder: Path) -> None:
            (folder / name).write_bytes(content)

        return registry.add(model, damage)

    files = f"http://127.0.0.1:{silent.getsockname()[1]}/api/2.0/mlflow-artifacts/artifacts"
    slow = registry.register(f"{files}/v", model.digest, model)
    return {
        "a changed array": (registry.add(model, flipped), "corrupt"),
        "a truncated array": (registry.add(model, truncated), "corrupt"),
        "files that are gone": (registry.add(model, shutil.rmtree), "corrupt"),
        "another model than the one registered": (
            registry.add(model, lambda folder: replace(model, provenance={"x": 1}).save(folder)),
            "corrupt",
        ),
        "another contract": (registry.add(replace(model, contract=weeks)), "incompatible"),
        "a newer format": (registry.add_files(with_file("model.json", b"{}", 2), model), "newer_format"),
        "a malicious pickle beside": (added("model.pkl", payload), "corrupt"),
        "a crafted skops file beside": (added("model.skops", skops.getvalue()), "corrupt"),
        "a malicious pickle sealed in": (registry.add_files(with_file("model.pkl", payload), model), "corrupt"),
        "an array of objects": (
            registry.add_files(with_file("arrays/assigner_centroids.npy", objects.getvalue()), model),
            "corrupt",
        ),
        "an array of 80 TB": (
            registry.add_files(with_file("arrays/assigner_centroids.npy", huge.getvalue()), model),
            "corrupt",
        ),
        "a contract without a needed feature": (
            registry.add_files(with_file("model.json", json.dumps(document).encode()), model),
            "incompatible",
        ),
        "a slow registry": (slow, "slow"),
    }


def test_no_bad_version_is_served_and_nothing_in_it_runs(
    service: Service,
    registry: Registry,
    callers: Callers,
    numbered: Callable[[int], SegmentModel],
    tmp_path: Path,
) -> None:
    before = service.version
    after = "2" if before == "3" else "3"
    # a silent server takes connections and never answers
    with socket.create_server(("127.0.0.1", 0)) as silent, callers.asking():
        versions = bad_versions(registry, numbered(0), tmp_path / "it-ran", silent)
        for what, (version, reason) in versions.items():
            if reason not in ("slow", "incompatible"):
                with pytest.raises(SegmentsError):
                    promote(registry.location, version)  # the command refuses it too
            registry.point("champion", version)
            line = f"version {version} is not served ({reason})"
            wait(lambda text=line: text in service.log.read_text(), f"{what} is refused as {reason}")
            assert service.metric("segments_refused_models_total", f'reason="{reason}"') >= 1
            assert (service.version, service.ready) == (before, True), what
            assert service.metric("segments_model_behind") == 1
        # the last one's attempts hang, and no more of them are begun
        wait(lambda: service.metric("segments_refused_models_total", 'reason="slow"') > 3, "more attempts are refused")
        registry.point("champion", after)
        wait(lambda: service.version == after, "a good version does not wait for one that hangs", FOLLOWED_SECONDS)
    all_well(callers, before, after)
    assert not (tmp_path / "it-ran").exists()
    log = service.log.read_text()
    for what, (version, reason) in versions.items():
        assert len(re.findall(rf"version {version} is not served \({reason}\)", log)) == 1, what
    registry.point("champion", "3")
    wait(lambda: service.version == "3", "a good version is served again", FOLLOWED_SECONDS)
    wait(lambda: service.metric("segments_model_behind") == 0, "it is told")  # after the copy is kept on disk


def test_a_full_disk_leaves_the_old_version_and_no_half_copy(
    service: Service, registry: Registry, callers: Callers, copies: Path, is_own_disk: Callable[[Path], None]
) -> None:
    is_own_disk(copies)
    registry.point("champion", "3")
    wait(lambda: service.version == "3", "version 3 is served", FOLLOWED_SECONDS)
    (mine,) = [folder for folder in copies.iterdir() if "champion" in folder.name]
    wait(lambda: (mine / "current").read_text().startswith("v3-"), "it is kept")

    def kept() -> list[str]:
        return sorted(path.name for path in mine.iterdir() if path.name.startswith(("v", "current")))

    wait(lambda: len(kept()) <= 3, "only two copies are kept")
    before = kept()
    filling = copies / "filling"
    try:
        with suppress(OSError), filling.open("wb", buffering=0) as file:
            for _ in range(1000):
                file.write(b"x" * 4096)
        with callers.asking():
            registry.point("champion", "1")
            reason = 'reason="disk_full"'
            wait(lambda: service.metric("segments_refused_models_total", reason) > 0, "no room is noticed")
            assert (service.version, service.ready) == ("3", True)
            assert kept() == before
    finally:
        filling.unlink()
    with callers.asking():
        wait(lambda: service.version == "1", "version 1 is served, now that there is room")
    all_well(callers, "3", "1")


def test_the_registrys_death_is_not_felt_and_its_return_is(
    service: Service,
    registry: Registry,
    callers: Callers,
    copies: Path,
    tmp_path: Path,
) -> None:
    registry.point("champion", "2")
    wait(lambda: service.version == "2", "version 2 is served", FOLLOWED_SECONDS)
    (worker,) = [process for process in psutil.process_iter(["cmdline"]) if _listens(process, service.port)][:1]
    threads = worker.num_threads()
    with callers.asking():
        registry.server.end(signal.SIGKILL)
        wait(lambda: service.metric("segments_registry_silent") == 1, "the silence is noticed", 60)
        assert (service.version, service.ready) == ("2", True)

        # two more are started meanwhile: one has the copy, the other nothing
        with ExitStack() as stack:
            with_copy = stack.enter_context(serving(registry, tmp_path, "with-copy", cache_dir=copies))
            assert (with_copy.version, with_copy.ready) == ("2", True)
            assert with_copy.model["source"] == "last verified copy on disk (registry, champion)"
            assert with_copy.metric("segments_model_is_copy") == 1
            with pytest.raises(SegmentsError, match=r"does not answer|took more than"):
                stack.enter_context(serving(registry, tmp_path, "without-copy"))
            assert worker.num_threads() - threads <= 2

            registry.server.start()
            registry.server.wait()
            registry.point("champion", "3")
            for follower in (service, with_copy):
                wait(lambda s=follower: s.version == "3", "version 3 is served after the return", 2 * FOLLOWED_SECONDS)
                assert follower.metric("segments_registry_silent") == 0
            assert with_copy.model["source"] == "registry, champion"
            assert with_copy.metric("segments_model_is_copy") == 0
    all_well(callers, "2", "3")


def _listens(process: psutil.Process, port: int) -> bool:
    with suppress(psutil.Error):
        return any(
            connection.laddr.port == port and connection.status == "LISTEN"
            for connection in process.net_connections("tcp")
        )
    return False
