"""The model in service follows the registry to good versions only; a simulated registry fails in every way."""

from __future__ import annotations

import errno
import logging
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from segment_model.cards import SegmentLabel
from segment_model.contract import Column, Kind, Role, VectorContract
from segment_model.errors import ArtefactError, NewerFormatError, RegistryError, UnreachableError
from segment_model.model import SegmentModel
from segment_model.self_test import with_examples
from serving.model import registry_follower
from serving.model.call_timeout import CallTimeout, TooSlowError
from serving.model.live_model import ModelEvents
from serving.model.load_failures import Reason, reason_of
from serving.model.registry_follower import FollowedModel, RegistrySource
from serving.model.served_model import ServedModel
from serving.model.stored_copies import StoredCopies


@dataclass(frozen=True)
class AliasState:
    version: str
    digest: str
    labels: dict[str, SegmentLabel]


@dataclass
class Registry:
    """A simulated registry: `failing` versions raise errors or hang instead of loading; `down` refuses every call."""

    versions: dict[str, SegmentModel]
    named: str = "1"
    pinned: bool = False
    labels: dict[str, SegmentLabel] = field(default_factory=dict)
    failing: dict[str, Callable[[], None]] = field(default_factory=dict)
    down: Exception | None = None
    fetched: list[str] = field(default_factory=list)
    importing: Callable[[], None] = lambda: None
    title: str = "registry, champion"
    pointer: str = "champion"

    def prepare(self) -> None:
        self.importing()

    def alias_state(self) -> AliasState:
        if self.down:
            raise self.down
        return AliasState(self.named, self.versions[self.named].digest, dict(self.labels))

    def fetch(self, version: str | None = None, folder: Path | None = None) -> ServedModel:
        number = version or self.named
        self.fetched.append(number)
        self.failing.get(number, lambda: None)()
        return ServedModel(self.versions[number].with_overlay(self.labels), "tiny", number, self.title)


@dataclass
class Events(ModelEvents):
    calls: list[tuple[str, ...]] = field(default_factory=list)

    def served(self, served: ServedModel) -> None:
        self.calls.append(("served", served.version))

    def refused(self, version: str, reason: str) -> None:
        self.calls.append(("refused", version, reason))


@pytest.fixture
def registry(kmeans: SegmentModel) -> Registry:
    return Registry({str(number): replace(kmeans, provenance={"number": number}) for number in range(1, 6)})


def follow(registry: Registry, copies: StoredCopies | None = None, **more: Any) -> FollowedModel:
    quick = {"poll_seconds": 0.01, "retry_seconds": 0.01, "load_seconds": 60.0, **more}
    source: Any = registry
    return FollowedModel(source, copies, **quick)


def serving(live: FollowedModel) -> str | None:
    return live.current.version if live.current else None


def wait(condition: Callable[[], Any]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it did not happen within 20 s"
        time.sleep(0.005)


def raising(error: Exception) -> Callable[[], None]:
    def act() -> None:
        raise error

    return act


def test_a_promotion_and_a_rename_are_followed(registry: Registry) -> None:
    events = Events()
    live = follow(registry, events=events)
    live.start()
    try:
        wait(lambda: serving(live) == "1")
        registry.named = "2"
        wait(lambda: serving(live) == "2")
        registry.labels = {"s000": SegmentLabel("Stammkunden", "")}
        wait(lambda: live.current and live.current.model.names[0] == "Stammkunden")
        registry.named = "1"  # a rollback
        wait(lambda: serving(live) == "1")
        assert live.current is not None
        assert live.current.model.names[0] == "Stammkunden"
        wait(lambda: len(events.calls) == 4)
    finally:
        live.stop()
    assert registry.fetched == ["1", "2", "1"]  # a rename fetches nothing, nor does asking
    assert events.calls == [("served", number) for number in ("1", "2", "2", "1")]


def test_a_pinned_version_never_changes_but_its_names_do(registry: Registry) -> None:
    registry.pinned = True
    live = follow(registry)
    live.check()
    before = live.current
    registry.versions["1"] = replace(registry.versions["1"], provenance={"exchanged": True})
    live.check()
    assert live.current is before
    registry.labels = {"s001": SegmentLabel("Laufkundschaft", "")}
    live.check()
    assert live.current is not None
    assert live.current.model.names[1] == "Laufkundschaft"
    assert registry.fetched == ["1"]


def test_version_1_of_a_recreated_registry_is_another_model(registry: Registry, hdbscan: SegmentModel) -> None:
    live = follow(registry)
    live.check()
    registry.versions["1"] = hdbscan
    live.check()
    assert live.current is not None
    assert live.current.model.digest == hdbscan.digest


def broken_models(model: SegmentModel) -> dict[str, SegmentModel]:
    examined = with_examples(model, pd.DataFrame(columns=list(model.contract.names)))
    assert isinstance(examined.assigner, type(model.assigner))
    far = replace(examined.assigner, centroids=examined.assigner.centroids + 0.1)
    nothing = replace(model.assigner, centroids=np.full_like(model.assigner.centroids, np.nan))
    unit = VectorContract((replace(model.contract.columns[0], unit="weeks"), *model.contract.columns[1:]))
    return {
        "another unit": replace(model, contract=unit),
        "another answer": replace(examined, assigner=far),
        "no answer": replace(model, assigner=nothing),
    }


@pytest.mark.parametrize(
    ("what", "reason", "words"),
    [
        ("another unit", Reason.INCOMPATIBLE, "recency_days was in days, now in weeks"),
        ("another answer", Reason.SELF_TEST, "self-test: example 0"),
        ("no answer", Reason.CORRUPT, "no finite answer"),
        (ArtefactError("model.json was changed after it was saved"), Reason.CORRUPT, "was changed"),
        (NewerFormatError("the model has format 2"), Reason.NEWER_FORMAT, "format 2"),
        (UnreachableError("the MLflow server does not answer"), Reason.UNREACHABLE, "does not answer"),
        (RegistryError("no such version"), Reason.MISSING, "no such version"),
        (OSError(errno.ENOSPC, "No space left on device"), Reason.DISK_FULL, "No space left"),
        (RegistryError("refused: {'x': OSError(28, 'No space left on device')}"), Reason.DISK_FULL, "No space left"),
        (MemoryError("an array of 10 TB"), Reason.FAILED, "10 TB"),
        (RecursionError("too deep"), Reason.FAILED, "too deep"),
    ],
)
def test_a_bad_version_leaves_the_old_one_serving_and_is_told_once(
    registry: Registry, caplog: pytest.LogCaptureFixture, what: Any, reason: Reason, words: str
) -> None:
    caplog.set_level(logging.ERROR, "bentoml.segments")
    if isinstance(what, str):
        registry.versions["2"] = broken_models(registry.versions["1"])[what]
    else:
        registry.failing["2"] = raising(what)
    events = Events()
    live = follow(registry, events=events, retry_seconds=1e-9)
    live.check()
    before = live.current
    registry.named = "2"
    for _ in range(4):
        live.check()
    assert live.current is before
    assert (live.failure, live.refused, live.registry_answers) == (None, ("2", reason), True)
    assert events.calls == [("served", "1"), *[("refused", "2", reason.value)] * 4]
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"version 2 is not served ({reason})")
    assert words in line
    assert "Version 1 stays" in line

    registry.named = "3"  # whoever mends it makes another version
    live.check()
    assert (serving(live), live.refused) == ("3", None)


def test_a_refused_version_is_tried_less_and_less_often(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(registry_follower.time, "monotonic", lambda: now[0])
    live = follow(registry, retry_seconds=5)
    live.check()
    registry.failing["2"] = raising(ArtefactError("changed"))
    registry.named = "2"
    times = []
    for second in range(0, 300, 5):
        now[0] = float(second)
        before = len(registry.fetched)
        live.check()
        if len(registry.fetched) > before:
            times.append(second)
    assert times == [0, 5, 15, 35, 75, 135, 195, 255]
    registry.failing["2"] = raising(UnreachableError("the files' server is away"))
    now[0] = 320.0
    before = len(registry.fetched)
    for second in range(320, 350, 5):
        now[0] = float(second)
        live.check()
    assert len(registry.fetched) - before == 6
    registry.failing.clear()
    now[0] = 350.0
    live.check()
    assert serving(live) == "2"


def test_another_contract_is_served_where_it_is_allowed(registry: Registry) -> None:
    registry.versions["2"] = broken_models(registry.versions["1"])["another unit"]
    live = follow(registry, any_contract=True)
    live.check()
    registry.named = "2"
    live.check()
    assert serving(live) == "2"


def test_a_version_without_a_self_test_replaces_none_that_has_one(
    registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    bare = registry.versions["1"]
    registry.versions["2"] = with_examples(bare, pd.DataFrame(columns=list(bare.contract.names)))
    live = follow(registry)
    live.check()  # the first has none
    registry.named = "2"
    live.check()
    assert serving(live) == "2"
    registry.named = "3"
    live.check()
    assert (serving(live), live.refused) == ("2", ("3", Reason.SELF_TEST))
    warned = [record.getMessage().partition(":")[0] for record in caplog.records if record.levelno == logging.WARNING]
    assert warned == ["version 1 has no self-test"]
    assert (
        "version 3 is not served (self_test): it has no stored examples to be asked, and version 2 has" in caplog.text
    )

    live = follow(registry, any_contract=True)
    for registry.named in ("2", "3"):
        live.check()
    assert serving(live) == "3"
    assert "version 3 has no self-test" in caplog.text


def test_additional_descriptors_are_compatible(registry: Registry) -> None:
    first = registry.versions["1"]
    more = VectorContract((*first.contract.columns, Column("seats", Kind.COUNT, Role.DESCRIPTOR)))
    registry.versions["2"] = replace(first, contract=more)
    live = follow(registry)
    live.check()
    registry.named = "2"
    live.check()
    assert serving(live) == "2"


def richer_models(model: SegmentModel) -> dict[str, SegmentModel]:
    """Each may replace the model, but the model may not replace them."""
    columns = model.contract.columns
    nullable = tuple(replace(column, nullable=True) if column.name == "recency_days" else column for column in columns)
    return {
        "a descriptor": replace(
            model, contract=VectorContract((*columns, Column("seats", Kind.COUNT, Role.DESCRIPTOR)))
        ),
        "a null": replace(model, contract=VectorContract(nullable)),
        "a self-test": with_examples(model, pd.DataFrame(columns=list(model.contract.names))),
    }


def followed_through_1_and_2(
    registry: Registry, copies: StoredCopies | None = None, more: str = "a descriptor"
) -> FollowedModel:
    """Serves version 2, which is richer than version 1 that it served before."""
    registry.versions["2"] = richer_models(registry.versions["1"])[more]
    live = follow(registry, copies)
    for registry.named in ("1", "2"):
        live.check()
    return live


WHAT_IS_RICHER = [
    ("a descriptor", Reason.INCOMPATIBLE, "seats is not known any more"),
    ("a null", Reason.INCOMPATIBLE, "recency_days may not be null any more"),
    ("a self-test", Reason.SELF_TEST, ""),
]


@pytest.mark.parametrize(("more", "reason", "expected"), WHAT_IS_RICHER)
def test_a_rollback_to_what_served_is_never_refused(
    registry: Registry, more: str, reason: Reason, expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    live = followed_through_1_and_2(registry, more=more)
    registry.named = "3"  # as poor as version 1, but nobody ever was served by it
    live.check()
    assert (serving(live), live.refused) == ("2", ("3", reason))
    caplog.clear()
    registry.named = "1"
    live.check()
    assert (serving(live), live.refused) == ("1", None)
    lines = [
        record.getMessage() for record in caplog.records if "served before and is taken back" in record.getMessage()
    ]
    assert [line.partition(": ")[2] for line in lines] == ([expected] if expected else [])
    registry.named = "3"
    live.check()
    assert serving(live) == "3", "to version 1 it is an equal"


def test_what_served_and_was_changed_since_is_another_model(registry: Registry) -> None:
    live = followed_through_1_and_2(registry)
    registry.versions["1"] = replace(registry.versions["1"], provenance={"made": "anew"})
    registry.named = "1"
    live.check()
    assert (serving(live), live.refused) == ("2", ("1", Reason.INCOMPATIBLE))


def test_a_rollback_after_a_new_start_needs_the_copy_of_what_served(registry: Registry, copies: StoredCopies) -> None:
    followed_through_1_and_2(registry, copies)
    with_copies, without = follow(registry, copies), follow(registry)
    for live in (with_copies, without):
        live.check()
        assert serving(live) == "2"
    registry.named = "1"
    for live in (with_copies, without):
        live.check()
    assert serving(with_copies) == "1"
    assert (serving(without), without.refused) == ("2", ("1", Reason.INCOMPATIBLE))


def test_a_copy_that_was_damaged_proves_nothing(registry: Registry, copies: StoredCopies) -> None:
    followed_through_1_and_2(registry, copies)
    for path in copies.ensure_folder().glob("v1-*/model/**/*.npy"):
        path.write_bytes(path.read_bytes()[:-1])
    live = follow(registry, copies)
    live.check()
    registry.named = "1"
    live.check()
    assert (serving(live), live.refused) == ("2", ("1", Reason.INCOMPATIBLE))


class Hanging:
    """Takes longer than anybody waits, by a clock that goes on only then: on a busy machine, too, all else is quick."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self._hours, self._ticks = 0, 0  # counted by different threads

    def __call__(self) -> None:
        self._hours += not self.over.is_set()
        self.over.wait(60)

    def clock(self) -> float:
        self._ticks += 1
        return 3600.0 * self._hours + 0.001 * self._ticks

    @property
    def threads(self) -> int:
        return sum(thread.name.startswith("loading version") for thread in threading.enumerate())


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hanging]:
    hanging = Hanging()
    monkeypatch.setattr(registry_follower.time, "monotonic", hanging.clock)
    yield hanging
    hanging.over.set()


def test_a_slow_version_blocks_nothing_and_its_late_arrival_changes_nothing(
    registry: Registry, hanging: Hanging
) -> None:
    registry.failing["2"] = hanging
    live = follow(registry, load_seconds=60.0, retry_seconds=1e-9)
    live.check()
    registry.named = "2"
    for _ in range(6):
        live.check()
    assert (serving(live), live.refused) == ("1", ("2", Reason.SLOW))
    assert registry.fetched.count("2") == 3  # attempts that hang are not piled up
    assert hanging.threads == 3
    registry.named = "3"  # another version has attempts of its own
    live.check()
    assert (serving(live), live.refused) == ("3", None)
    registry.named = "1"
    live.check()
    hanging.over.set()
    wait(lambda: hanging.threads == 0)
    assert serving(live) == "1"
    registry.named = "3"
    live.check()
    assert serving(live) == "3"


def test_a_version_that_loads_is_given_up_when_another_is_named(registry: Registry) -> None:
    hang, events = threading.Event(), Events()
    registry.failing["2"] = lambda: hang.wait(60)  # type: ignore[assignment]
    live = follow(registry, load_seconds=60.0, events=events)
    live.start()
    try:
        wait(lambda: serving(live) == "1")
        registry.named = "2"
        wait(lambda: "2" in registry.fetched)
        registry.down = UnreachableError("the MLflow server at X does not answer")
        time.sleep(0.05)  # some polls, which end nothing
        registry.named, registry.down = "3", None
        wait(lambda: serving(live) == "3")  # long before the 60 s that a version has
        registry.named = "2"
        wait(lambda: registry.fetched.count("2") == 2)
        hang.set()
        wait(lambda: len(events.calls) == 3)
    finally:
        hang.set()
        live.stop()
    assert events.calls == [("served", number) for number in ("1", "3", "2")]  # who is overtaken is not refused


def test_versions_that_hang_cost_a_bounded_number_of_threads(registry: Registry, hanging: Hanging) -> None:
    live = follow(registry, load_seconds=60.0, retry_seconds=1e-9)
    live.check()
    for number in ("2", "3", "4", "5"):
        registry.failing[number] = hanging
        registry.named = number
        for _ in range(4):
            live.check()
    assert {number: registry.fetched.count(number) for number in "12345"} == {"1": 1, "2": 3, "3": 3, "4": 2, "5": 0}
    assert hanging.threads == 8
    assert (serving(live), live.refused) == ("1", ("5", Reason.SLOW))
    hanging.over.set()
    wait(lambda: hanging.threads == 0)
    live.check()
    assert serving(live) == "5"


def test_a_registry_that_is_down_changes_nothing_and_is_told_twice(
    registry: Registry, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "bentoml.segments")
    live = follow(registry)
    live.check()
    before, registry.down = live.current, UnreachableError("the MLflow server at X does not answer")
    for _ in range(5):
        live.check()
    assert live.current is before
    assert (live.registry_answers, live.failure) == (False, None)
    registry.down, registry.named = None, "2"
    live.check()
    assert (serving(live), live.registry_answers) == ("2", True)
    lines = [record.getMessage() for record in caplog.records if record.levelno != logging.WARNING]
    assert [line.partition(";")[0] for line in lines[1:3]] == [
        "the MLflow server at X does not answer",
        "the registry answers again",
    ]
    assert len(lines) == 4


def test_an_alias_that_is_gone_leaves_the_old_one_serving(registry: Registry) -> None:
    live = follow(registry)
    live.check()
    registry.down = RegistryError("the model has no alias 'champion'")
    live.check()
    assert serving(live) == "1"
    assert live.registry_answers is True
    assert live.refused is not None
    assert live.refused[1] is Reason.MISSING


def test_a_registry_that_hangs_costs_one_thread(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry_follower, "ASK_SECONDS", 0.05)
    live = follow(registry)
    live.check()
    hang, threads = threading.Event(), threading.active_count()
    monkeypatch.setattr(registry, "alias_state", lambda: hang.wait(60))
    for _ in range(5):
        live.check()
    assert (serving(live), live.registry_answers) == ("1", False)
    assert threading.active_count() - threads == 1
    hang.set()


def test_a_slow_import_is_not_reported_as_a_silent_registry(
    registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry_follower, "ASK_SECONDS", 0.5)
    registry.importing = lambda: time.sleep(0.7)
    live = follow(registry)
    live.check()
    assert (serving(live), live.failure) == ("1", None)


# -- at the start ------------------------------------------------------------------------------------------------------


@pytest.fixture
def copies(tmp_path: Path) -> StoredCopies:
    return StoredCopies.of(tmp_path, "X", "tiny", "champion")


def test_without_registry_and_copy_there_is_nothing_to_serve(registry: Registry, copies: StoredCopies) -> None:
    registry.down = UnreachableError("the MLflow server at X does not answer")
    live = follow(registry, copies)
    live.check()
    assert live.current is None
    assert live.failure == "the MLflow server at X does not answer"
    registry.down = None
    live.check()
    assert (serving(live), live.failure) == ("1", None)


def test_the_last_verified_copy_serves_until_the_registry_is_back(registry: Registry, copies: StoredCopies) -> None:
    registry.named, registry.labels = "2", {"s000": SegmentLabel("Stammkunden", "")}
    follow(registry, copies).check()

    registry.down = UnreachableError("the MLflow server at X does not answer")
    live = follow(registry, copies)
    live.check()
    assert live.current is not None
    assert (live.current.version, live.current.is_copy, live.failure) == ("2", True, None)
    assert live.current.source == "last verified copy on disk (registry, champion)"
    assert live.current.model.names[0] == "Stammkunden"

    fetched, registry.down = len(registry.fetched), None
    live.check()
    assert (live.current.version, live.current.is_copy, live.current.source) == ("2", False, "registry, champion")
    assert len(registry.fetched) == fetched  # it is the same
    registry.named = "3"
    live.check()
    assert serving(live) == "3"


@pytest.mark.parametrize("what", ["another answer", "no answer"])
def test_a_copy_that_fails_its_self_test_is_passed_over_for_the_one_before(
    registry: Registry, copies: StoredCopies, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    follow(registry, copies).check()
    broken = broken_models(registry.versions["1"])[what]
    copies.store(ServedModel(broken, "tiny", "2", registry.title))  # whole, but this machine answers otherwise
    registry.down = UnreachableError("the MLflow server at X does not answer")
    live = follow(registry, copies)
    live.check()
    assert live.current is not None
    assert (live.current.version, live.current.is_copy, live.failure) == ("1", True, None)
    (line,) = [record.getMessage() for record in caplog.records if "on disk is not served" in record.getMessage()]
    assert line.startswith("the copy v2-")


@pytest.mark.parametrize("trouble", [None, KeyError("a column of yore")])
def test_without_registry_and_a_copy_that_passes_the_service_says_so_and_logs_it_once(
    registry: Registry,
    copies: StoredCopies,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    trouble: Exception | None,
) -> None:
    """Whatever the self-test raises, our own error or a library's."""
    good = registry.versions["1"]
    copies.store(ServedModel(broken_models(good)["another answer"], "tiny", "1", registry.title))
    if trouble:
        monkeypatch.setattr(registry_follower, "warm", lambda _: raising(trouble)())
    registry.down = UnreachableError("the MLflow server at X does not answer")
    live = follow(registry, copies)
    for _ in range(3):
        live.check()
    assert live.current is None
    assert live.failure == "the MLflow server at X does not answer"
    about_it = [record for record in caplog.records if "on disk is not served" in record.getMessage()]
    assert len(about_it) == 1
    assert ("a column of yore" if trouble else "self-test: example 0") in about_it[0].getMessage()
    assert bool(about_it[0].exc_info) == bool(trouble), "a trace only of what nobody foresaw"
    monkeypatch.undo()
    registry.versions["1"] = with_examples(good, pd.DataFrame(columns=list(good.contract.names)))
    registry.down = None
    live.check()
    assert (serving(live), live.failure) == ("1", None)


@pytest.mark.parametrize("what", ["another unit", "no answer"])
def test_a_bad_champion_at_the_start_leaves_the_copy_serving(
    registry: Registry, copies: StoredCopies, what: str
) -> None:
    follow(registry, copies).check()
    registry.versions["2"] = broken_models(registry.versions["1"])[what]
    registry.named = "2"
    live = follow(registry, copies)
    live.check()
    assert (serving(live), live.refused is None) == ("1", False)
    assert live.current is not None
    assert live.current.is_copy


def test_only_what_served_is_kept(registry: Registry, copies: StoredCopies) -> None:
    live = follow(registry, copies)
    live.check()
    registry.versions["2"] = broken_models(registry.versions["1"])["no answer"]
    registry.named = "2"
    live.check()
    assert copies.last("disk").version == "1"  # type: ignore[union-attr]


def test_a_model_that_cannot_be_kept_is_served_all_the_same(
    registry: Registry, copies: StoredCopies, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_: ServedModel) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(copies, "store", full)
    live = follow(registry, copies)
    live.check()
    assert serving(live) == "1"
    assert "no copy of it could be kept: [Errno 28] No space left" in caplog.text


def test_a_folder_for_copies_that_cannot_be_created_leaves_the_old_version(registry: Registry, tmp_path: Path) -> None:
    """A fetch downloads into the folder of the copies, so a full disk is noticed there first."""
    (tmp_path / "file").write_text("no folder")
    live = follow(registry, StoredCopies.of(tmp_path / "file", "X", "tiny", "champion"))
    live.check()
    assert live.current is None
    assert "NotADirectoryError" in str(live.failure)


# -- what it costs -----------------------------------------------------------------------------------------------------


def test_a_replaced_model_is_freed(registry: Registry) -> None:
    live = follow(registry)
    live.check()
    gone = []
    for number in ("2", "3", "4"):
        gone.append(weakref.ref(live.current))
        registry.named = number
        live.check()
        registry.versions.pop(str(int(number) - 1))
    assert [ref() for ref in gone] == [None] * 3


def test_the_following_thread_survives_any_error(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    live = follow(registry)
    real, mended = live.check, threading.Event()

    def check() -> None:
        if not mended.is_set():
            raise ZeroDivisionError
        real()

    monkeypatch.setattr(live, "check", check)
    live.start()
    try:
        wait(lambda: live.failure == "ZeroDivisionError while loading; the log has the trace")
        mended.set()
        wait(lambda: serving(live) == "1")
        assert live.failure is None
    finally:
        live.stop()


def test_a_call_that_hangs_is_abandoned_at_its_timeout() -> None:
    timeout = CallTimeout(alike=1, most=2)
    assert timeout.call(lambda: 3, 5, "counting") == 3
    with pytest.raises(KeyError):
        timeout.call(lambda: {}["x"], 5, "looking")
    hang = threading.Event()
    with pytest.raises(TooSlowError, match=r"waiting took more than 0\.01 s"):
        timeout.call(lambda: hang.wait(60), 0.01, "waiting")
    with pytest.raises(TooSlowError, match="waiting: earlier attempts still hang"):
        timeout.call(lambda: 3, 5, "waiting")
    assert timeout.call(lambda: 3, 5, "counting") == 3
    with pytest.raises(TooSlowError, match="took more than"):
        timeout.call(lambda: hang.wait(60), 0.01, "waiting for something else")
    with pytest.raises(TooSlowError, match="counting: earlier attempts still hang"):
        timeout.call(lambda: 3, 5, "counting")
    hang.set()
    wait(lambda: threading.active_count() and _free(timeout))


def _free(timeout: CallTimeout) -> bool:
    try:
        return timeout.call(lambda: True, 5, "trying")
    except TooSlowError:
        return False


def test_an_unknown_error_has_a_reason_too() -> None:
    assert reason_of(ZeroDivisionError()) is Reason.FAILED


def test_a_number_is_a_pinned_version() -> None:
    assert RegistrySource("sqlite:///x", "m", "12").pinned
    assert not RegistrySource("sqlite:///x", "m", "champion").pinned
