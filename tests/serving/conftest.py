"""Small models made by hand, without discovery (four basis columns, two descriptors), and callers of the service."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import psutil
import pytest
import yaml
from pydantic import BaseModel, ValidationError

from experiments.load.service_process import free_port
from experiments.simulated_company.company import simulate, write_company
from jobs.customer_vectors import vectors_of
from jobs.run_content.provenance import provenance
from segment_model.assigners.nearest_centroid import NearestCentroid
from segment_model.assigners.nearest_core import NearestCore
from segment_model.cards import Difference, SegmentCard
from segment_model.contract import Column, Kind, Role, VectorContract
from segment_model.encoding.encoder import CategoryEncoding, Encoder, NumberEncoding, Transform
from segment_model.encoding.novelty import NoveltyRule
from segment_model.explanation.centroid import CentroidExplainer
from segment_model.explanation.core import CoreExplainer
from segment_model.model import SegmentModel
from serving.contracts.errors import ErrorResponse
from serving.gateway.api_keys import add_key
from serving.gateway.gateway import Gateway
from serving.launcher import Launched, serve_command, serve_environment, stop, wait_until_ready
from serving.model import live_model
from serving.model.live_model import LiveModel
from serving.model.served_model import ServedModel
from serving.settings import ServiceSettings
from serving.wire.refusals import Refusal
from training.candidates.kmeans_settings import KMeansSettings
from training.discovery.discovery import discover
from training.settings import DiscoverySettings, parse_settings

CONTRACT = VectorContract(
    (
        Column("recency_days", Kind.NUMBER, unit="days"),
        Column("frequency", Kind.COUNT, unit="orders"),
        Column("monetary_value", Kind.NUMBER, unit="USD", nullable=True),
        Column("industry", Kind.CATEGORY),
        Column("employees", Kind.COUNT, Role.DESCRIPTOR, unit="people", nullable=True),
        Column("region", Kind.CATEGORY, Role.DESCRIPTOR, nullable=True),
    )
)
GOOD: dict[str, Any] = {"recency_days": 3, "frequency": 12, "monetary_value": 410.5, "industry": "retail"}
INDUSTRIES = ("retail", "software", "finance")
CENTERS = np.array([[5.0, 12.0, 400.0], [60.0, 4.0, 90.0], [200.0, 1.0, 20.0]])


def _training(generator: np.random.Generator) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(3, 300) raw numbers around the three centres."""
    rows = np.repeat(CENTERS, 100, axis=0) * generator.lognormal(0, 0.2, size=(300, 3))
    return np.ascontiguousarray(rows.T)


def _encoder(numbers: np.ndarray[Any, np.dtype[np.float64]]) -> Encoder:
    measured = np.log1p(numbers)
    return Encoder(
        NumberEncoding(
            names=("recency_days", "frequency", "monetary_value"),
            fill=np.median(numbers, axis=1),
            lower=numbers.min(axis=1),
            upper=numbers.max(axis=1),
            transforms=(Transform.LOG1P,) * 3,
            power=np.ones(3),
            quantiles=np.empty((0, 0)),
            center=measured.mean(axis=1),
            factor=1 / measured.std(axis=1),
        ),
        (CategoryEncoding("industry", ("retail", "software"), ("finance",), 0.5),),
    )


def _cards() -> tuple[SegmentCard, ...]:
    return tuple(
        SegmentCard(
            id=f"s{position:03}",
            name=name,
            sentence=f"{name.capitalize()}.",
            size=100,
            share=1 / 3,
            medians=dict(zip(CONTRACT.names, (*center, "retail", 50.0, "north"), strict=True)),
            differences=(Difference("recency_days", -1.0, float(center[0]), 60.0, "active this week"),),
        )
        for position, (name, center) in enumerate(
            zip(("frequent, high spend", "now and then", "lapsed – weit fort"), CENTERS.tolist(), strict=True)
        )
    )


def _points(encoder: Encoder, numbers: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    encoded = encoder.numbers.encode(numbers)
    block = np.zeros((encoder.width - 3, numbers.shape[1]))
    block[np.arange(numbers.shape[1]) % 3, np.arange(numbers.shape[1])] = 0.5
    return np.vstack([encoded, block])


@pytest.fixture(scope="module", autouse=True)
def uncollected_heap() -> Iterator[None]:
    """A model that is put into service neither collects nor freezes the heap, as it does in a worker.

    The tests have a large heap: to collect it takes longer than most tests, and frozen objects are never freed.
    `model/test_live_model.py` tests both.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live_model, "gc", SimpleNamespace(collect=lambda: 0, freeze=lambda: None, enable=gc.enable))
        yield


@pytest.fixture(scope="session")
def kmeans() -> SegmentModel:
    numbers = _training(np.random.default_rng(1))
    encoder = _encoder(numbers)
    points = _points(encoder, numbers)
    assigner = NearestCentroid(np.array([points[:, i * 100 : (i + 1) * 100].mean(axis=1) for i in range(3)]))
    explainer = CentroidExplainer(encoder, assigner.centroids, points.mean(axis=1))
    return SegmentModel(CONTRACT, encoder, assigner, explainer, NoveltyRule.learn(numbers), _cards())


@pytest.fixture(scope="session")
def hdbscan() -> SegmentModel:
    numbers = _training(np.random.default_rng(2))
    encoder = _encoder(numbers)
    points = _points(encoder, numbers)[:, ::5]
    owner = np.repeat(np.arange(3), 20)
    assigner = NearestCore(np.ascontiguousarray(points.T), np.full(60, 0.2), owner, np.full(3, 0.8))
    explainer = CoreExplainer(encoder, assigner, np.ascontiguousarray(points.T[::10]), np.full(6, 1 / 6))
    return SegmentModel(CONTRACT, encoder, assigner, explainer, NoveltyRule.learn(numbers), _cards())


@pytest.fixture(scope="session", params=["kmeans", "hdbscan"])
def model(request: pytest.FixtureRequest) -> SegmentModel:
    chosen: SegmentModel = request.getfixturevalue(request.param)
    return chosen


@pytest.fixture
def good() -> dict[str, Any]:
    """The features of one ordinary customer."""
    return dict(GOOD)


@pytest.fixture(scope="session")
def many_customers() -> list[dict[str, Any]]:
    """500 random customers: near a centre, between them, far out; some without a monetary value."""
    generator = np.random.default_rng(7)
    numbers = CENTERS[generator.integers(3, size=500)] * generator.lognormal(0, 0.9, size=(500, 3))
    return [
        {
            "recency_days": float(recency),
            "frequency": float(np.floor(frequency)),
            "monetary_value": None if position % 17 == 0 else float(money),
            "industry": str(generator.choice([*INDUSTRIES, "fishing"])),
        }
        for position, (recency, frequency, money) in enumerate(numbers)
    ]


@pytest.fixture(scope="session")
def raw_model(tmp_path_factory: pytest.TempPathFactory) -> SegmentModel:
    """A model that also accepts raw rows, of four tables."""
    folder = tmp_path_factory.mktemp("company")
    write_company(simulate(80, 5, date(2026, 7, 1)), folder)
    settings = parse_settings(yaml.safe_load((folder / "segments.yaml").read_text()))
    vectors = vectors_of(settings, folder)
    tried = DiscoverySettings(algorithms=(KMeansSettings(segments=3),), force=True)
    return discover(vectors.frame, vectors.contract, tried, provenance(settings, vectors)).model


@pytest.fixture
def raw_rows() -> dict[str, Any]:
    """One customer's raw rows of every table except orders."""
    return {
        "events": [{"occurred_at": "2026-06-28", "name": "login", "feature": "search", "quantity": 3, "allowed": 10}],
        "subscriptions": [{"started_at": "2026-01-01", "mrr": 5, "plan": "pro", "seats": 3, "seats_used": 2}],
        "attributes": {"industry": "retail", "country": "DE"},
    }


@dataclass(frozen=True)
class Reply:
    """A response; `json` fails for anything but strict JSON."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        def refuse(literal: str) -> Any:
            raise AssertionError(f"{literal} is not JSON")

        return json.loads(self.body.decode("utf-8"), parse_constant=refuse)

    @property
    def error(self) -> dict[str, Any]:
        response = ErrorResponse.model_validate(self.json)
        return response.error.model_dump()


class Caller:
    """Speaks ASGI to a gateway, without a server and without a client library that would mend what we send."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway

    def __call__(
        self,
        method: str,
        path: str,
        body: bytes | Sequence[bytes] = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        sent = {"content-type": "application/json"} if headers is None else headers
        parts = [body] if isinstance(body, bytes) else list(body)
        return asyncio.run(self._call(method, path, parts, sent))

    def assign(self, customers: Any, **more: Any) -> Reply:
        return self("POST", "/assign", json.dumps({"customers": customers, **more}).encode())

    def assign_one(self, features: Any, **more: Any) -> Reply:
        return self.assign([{"id": "C1", "features": features}], **more)

    def all_of(self, asked: Sequence[tuple[str, str]]) -> set[int]:
        """The statuses of many requests without a body, in one event loop."""

        async def ask() -> set[int]:
            return {(await self._call(method, path, [b""], {})).status for method, path in asked}

        return asyncio.run(ask())

    async def _call(self, method: str, path: str, parts: list[bytes], headers: Mapping[str, str]) -> Reply:
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()],
        }
        incoming = [
            {"type": "http.request", "body": part, "more_body": i + 1 < len(parts)} for i, part in enumerate(parts)
        ]
        sent: list[Any] = []

        async def receive() -> Any:
            if incoming:
                return incoming.pop(0)
            return await asyncio.sleep(3600)

        async def send(message: Any) -> None:
            sent.append(message)

        await self.gateway(scope, receive, send)
        start, *bodies = sent
        answered = {name.decode(): value.decode() for name, value in start["headers"]}
        return Reply(start["status"], answered, b"".join(message["body"] for message in bodies))


def gateway_of(model: SegmentModel, settings: ServiceSettings | None = None) -> Gateway:
    """The service's gateway with a model already in it."""
    live = LiveModel(lambda: ServedModel(model, "tiny", "7", "tests"))
    live.load()
    return Gateway(live, settings or ServiceSettings())


@pytest.fixture(scope="session")
def call(model: SegmentModel) -> Caller:
    """The service over each of the two models."""
    return Caller(gateway_of(model))


@pytest.fixture(scope="session")
def call_kmeans(kmeans: SegmentModel) -> Caller:
    return Caller(gateway_of(kmeans))


@pytest.fixture(scope="session")
def make_caller() -> Callable[..., Caller]:
    """Make a caller of a model, or of a gateway, of one's own."""

    def make(what: SegmentModel | Gateway, settings: ServiceSettings | None = None) -> Caller:
        return Caller(what if isinstance(what, Gateway) else gateway_of(what, settings))

    return make


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The words for which a similar one was searched; the search itself is replaced."""
    words: list[str] = []

    def search(word: str, options: Sequence[str], **_: Any) -> list[str]:
        words.append(word)
        return []

    monkeypatch.setattr("segment_model.errors.difflib.get_close_matches", search)
    return words


@pytest.fixture(scope="session")
def verdicts() -> Callable[..., tuple[bool, bool]]:
    """Whether a reader accepts a body, and whether the published model accepts it.

    `features` apart, which the model in service judges; and ids that repeat, which a schema cannot say.
    """

    def both(reader: Callable[[Any], object], published: type[BaseModel], value: Any) -> tuple[bool, bool]:
        try:
            reader(value)
            read = True
        except Refusal as refusal:
            read = refusal.code == "duplicate_ids"
        try:
            published.model_validate(value)
            allowed = True
        except ValidationError as error:
            allowed = all("features" in problem["loc"][1:-1] for problem in error.errors())
        return read, allowed

    return both


# -- a service in processes of its own, over plain sockets, which mend nothing of what a test sends --------------------

START_SECONDS = 120.0


@dataclass(frozen=True)
class Service:
    """A running service, and the key that opens it."""

    process: Launched
    port: int
    key: str
    log: Path

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=15)

    def request(self, method: str = "GET", path: str = "/model", body: bytes = b"", more: str = "") -> bytes:
        return (
            f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n{more}\r\n"
        ).encode() + body

    def assign(self, features: Mapping[str, Any], name: str = "C1") -> bytes:
        body = {"customers": [{"id": name, "features": features}], "explain": True}
        return self.request("POST", "/assign", json.dumps(body).encode())

    def ask(self, sent: bytes) -> tuple[int, dict[str, str], Any]:
        with self.connect() as connection:
            connection.sendall(sent)
            return read_reply(connection)

    def read(self, connection: socket.socket) -> tuple[int, dict[str, str], Any]:
        return read_reply(connection)

    def lists(self, features: Mapping[str, Any], number: int = 1) -> bytes:
        """So many requests, each with an answer of more than a megabyte."""
        body = {"customers": [{"id": f"{i}", "features": features} for i in range(1000)], "explain": True}
        return self.request("POST", "/assign", json.dumps(body).encode()) * number

    @contextmanager
    def deaf(self, sent: bytes, number: int) -> Iterator[None]:
        """While so many callers send that, and read nothing."""
        with ExitStack() as stack:
            for _ in range(number):
                connection = stack.enter_context(socket.socket())
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                connection.settimeout(0.5)
                connection.connect(("127.0.0.1", self.port))
                with suppress(TimeoutError):  # the service does not read on where it cannot answer
                    connection.sendall(sent)
            assert self.ask(self.request())[0] in (200, 503), "who is answered after them: they have been let in"
            yield

    def workers(self) -> list[psutil.Process]:
        return [child for child in psutil.Process(self.process.pid).children(recursive=True) if _is_worker(child)]

    def peak_bytes(self, forget: bool = False) -> int:
        """The most memory that its one worker has had; `forget` what was before."""
        (worker,) = self.workers()
        folder = Path(f"/proc/{worker.pid}")
        if forget:
            (folder / "clear_refs").write_text("5")
        (line,) = [line for line in (folder / "status").read_text().splitlines() if "VmHWM" in line]
        return int(line.split()[1]) * 1024


def _is_worker(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE and "_bentoml_impl.worker.service" in process.cmdline()
    except psutil.NoSuchProcess:  # it went between two questions
        return False


def read_reply(connection: socket.socket) -> tuple[int, dict[str, str], Any]:
    """Status, headers and the value of one answer."""
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65_536)
        if not part:
            raise ConnectionError(f"the connection was closed after {received[:100]!r}")
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
    while len(body) < int(headers["content-length"]):
        body += connection.recv(65_536)
    value = json.loads(body) if "json" in headers["content-type"] else body
    return int(first.split(" ")[1]), headers, value


@contextmanager
def started(model: SegmentModel, folder: Path, environment: Mapping[str, str], **settings: Any) -> Iterator[Service]:
    """A service of that model, stopped at the end whatever happened."""
    model.save(folder / "tiny")
    key = add_key(folder / "keys.json", "web")
    port = free_port()
    chosen = ServiceSettings(
        **{"drain_seconds": 0, "model_path": folder / "tiny", **settings}, api_keys_file=folder / "keys.json"
    )
    variables = {**os.environ, "BENTOML_HOME": str(folder / "bentoml"), **environment}
    with (folder / "log").open("wb") as log:
        process = Launched(serve_command(port), serve_environment(chosen, variables), log)
        try:
            wait_until_ready(f"http://127.0.0.1:{port}", START_SECONDS, process)
            yield Service(process, port, key, folder / "log")
        finally:
            stop(process)
            print((folder / "log").read_text()[-3000:])  # noqa: T201  # pytest shows it where a test fails


@pytest.fixture(scope="session")
def own_disk() -> Callable[[Path, str], AbstractContextManager[None]]:
    """`own_disk(folder, size)`: a real file system of that size there, which a test may fill.

    A plain folder where nothing may be mounted; a test that fills it asks `is_own_disk` first.
    """

    @contextmanager
    def mounted(folder: Path, size: str) -> Iterator[None]:
        folder.mkdir(parents=True, exist_ok=True)
        mount = shutil.which("mount")
        command = [str(mount), "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        small = mount is not None and os.geteuid() == 0 and not subprocess.run(command, capture_output=True).returncode
        try:
            yield
        finally:
            if small:
                subprocess.run(["umount", str(folder)], check=True)

    return mounted


@pytest.fixture(scope="session")
def is_own_disk(needed: Callable[..., Any]) -> Callable[[Path], None]:
    """`is_own_disk(folder)` ends the test where no disk could be mounted there.

    Also where nothing may be skipped: mounting is a privilege that a container of CI does not have by default, and no
    package gives it. What is skipped then is held by tests that need none: every write fails in turn, and where root
    runs the tests of a machine, as `make torture` does, the disk is real.
    """

    def check(folder: Path) -> None:
        otherwise = "no disk may be mounted here; test_stored_model.py has every write fail in turn instead"
        needed(folder.is_mount() or None, otherwise, installable=False)

    return check


@pytest.fixture(scope="session")
def start_service(
    kmeans: SegmentModel, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., AbstractContextManager[Service]]:
    """Start a service with these settings, and variables as `environment`."""

    def start(environment: Mapping[str, str] | None = None, **settings: Any) -> AbstractContextManager[Service]:
        return started(kmeans, tmp_path_factory.mktemp("service"), environment or {}, **settings)

    return start
