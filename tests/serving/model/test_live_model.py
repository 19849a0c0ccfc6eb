"""The model in service is verified and warmed, or there is none and the service says why."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segment_model.errors import ArtefactError, RegistryError
from segment_model.model import SegmentModel
from serving.model.live_model import LiveModel, warm
from serving.model.registry_follower import live_model_of
from serving.model.served_model import ServedModel, from_directory
from serving.settings import ServiceSettings


@pytest.fixture(scope="module", autouse=True)
def uncollected_heap() -> None:
    """Here a model that is put into service does collect and freeze the heap."""


@pytest.fixture(autouse=True)
def unfrozen() -> Iterator[None]:
    yield
    gc.unfreeze()


def wait(condition: Any) -> None:
    pause = threading.Event()
    for _ in range(500):
        if condition():
            return
        pause.wait(0.01)
    pytest.fail("it did not happen within 5 s")


def test_a_saved_model_is_served_from_its_directory(model: SegmentModel, tmp_path: Path) -> None:
    model.save(tmp_path / "tiny")
    served = from_directory(tmp_path / "tiny")
    assert served.model.digest == model.digest
    assert (served.name, served.version) == ("tiny", model.digest.removeprefix("sha256:")[:12])
    warm(served)


def test_a_changed_byte_keeps_the_service_unready(model: SegmentModel, tmp_path: Path) -> None:
    model.save(tmp_path / "tiny")
    path = next((tmp_path / "tiny").rglob("*.npy"))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(bytes(content))
    live = LiveModel(lambda: from_directory(tmp_path / "tiny"), retry_seconds=60)
    gc.disable()  # as a worker does before its imports
    live.start()
    wait(lambda: live.failure and gc.isenabled())
    live.stop()
    assert live.current is None
    assert "was changed" in str(live.failure)


def test_swaps_leave_nothing_behind_and_the_libraries_frozen(kmeans: SegmentModel) -> None:
    """Not even models with reference cycles, which only the garbage collector can free."""
    holding: list[Any] = []

    def fetch() -> ServedModel:
        served = ServedModel(replace(kmeans, provenance={"number": len(holding)}), "tiny", "1", "tests")
        cycle: list[Any] = [served, *([index] for index in range(10_000))]
        cycle.append(cycle)
        served.__dict__["held"] = cycle
        holding.append(weakref.ref(served))
        return served

    live = LiveModel(fetch)
    gc.disable()
    live.load()
    assert gc.isenabled()
    frozen = gc.get_freeze_count()
    assert frozen > 10_000
    live.load()
    before = len(gc.get_objects())
    for _ in range(5):
        live.load()
    gc.collect()
    assert [ref() is None for ref in holding[1:]] == [True] * 5 + [False]
    assert len(gc.get_objects()) - before < 2_000
    # were it thawed, each swap would go over the libraries' heap, and requests would wait for that
    assert frozen - 1_000 < gc.get_freeze_count() <= frozen


def test_libraries_imported_after_a_copy_are_frozen_too(kmeans: SegmentModel) -> None:
    """The registry's libraries come with the first fetch, which is after the copy where the registry was away."""
    coming = iter([ServedModel(kmeans, "tiny", number, "tests", is_copy=number == "1") for number in "123"])
    live, imported, frozen = LiveModel(lambda: next(coming)), [], []
    for _ in range(3):
        imported.append([[number] for number in range(5_000)])
        live.load()
        frozen.append(gc.get_freeze_count())
    assert frozen[1] - frozen[0] > 4_000
    assert frozen[2] <= frozen[1]


def test_loading_is_tried_again_until_it_works(kmeans: SegmentModel) -> None:
    failures: list[Exception] = [RegistryError("the registry is away"), OSError("no space left on device")]

    def fetch() -> ServedModel:
        if failures:
            raise failures.pop(0)
        return ServedModel(kmeans, "tiny", "8", "tests")

    live = LiveModel(fetch, retry_seconds=0.01)
    live.start()
    wait(lambda: live.current)
    assert live.current is not None
    assert live.current.version == "8"
    assert live.failure is None


def test_a_model_that_cannot_answer_for_its_own_typical_customers_is_not_served(kmeans: SegmentModel) -> None:
    broken = replace(
        kmeans, assigner=replace(kmeans.assigner, centroids=np.full_like(kmeans.assigner.centroids, np.nan))
    )
    live = LiveModel(lambda: ServedModel(broken, "tiny", "9", "tests"))
    with pytest.raises(ArtefactError, match="no finite answer"):
        live.load()
    assert live.current is None


def test_a_named_directory_comes_first_then_the_bento_then_the_registry(kmeans: SegmentModel, tmp_path: Path) -> None:
    kmeans.save(tmp_path / "tiny")
    packed = ServedModel(kmeans, "packed", "1", "bento")
    settings = ServiceSettings(model_path=tmp_path / "tiny")
    assert live_model_of(settings, lambda: packed).load().name == "tiny"
    assert live_model_of(ServiceSettings(), lambda: packed).load() is packed


def test_a_missing_registry_is_named(tmp_path: Path) -> None:
    settings = ServiceSettings(tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}", model_name="nobody")
    with pytest.raises(RegistryError, match="there is no registry at"):
        live_model_of(settings).load()
