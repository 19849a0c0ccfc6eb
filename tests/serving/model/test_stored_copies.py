"""Copies on disk exist whole or not at all, are verified when read, and are two at most."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from segment_model.cards import SegmentLabel
from segment_model.model import SegmentModel
from serving.model.served_model import ServedModel
from serving.model.stored_copies import CURRENT, StoredCopies


def version(model: SegmentModel, number: int, **overlay: SegmentLabel) -> ServedModel:
    """The same model in another version, with a digest of its own."""
    made = replace(model, provenance={"number": number}).with_overlay(overlay)
    return ServedModel(made, "tiny", str(number), "tests")


def names(folder: Path) -> list[str]:
    return sorted(path.name.partition("-")[0] for path in folder.iterdir())


@pytest.fixture
def copies(tmp_path: Path) -> StoredCopies:
    return StoredCopies.of(tmp_path, "http://registry", "tiny", "champion")


def test_the_last_copy_is_read_with_its_names(model: SegmentModel, copies: StoredCopies) -> None:
    assert copies.last("disk") is None
    copies.store(version(model, 1))
    copies.store(version(model, 2, s000=SegmentLabel("Stammkunden – größte", "notes")))
    copy = copies.last("disk")
    assert copy is not None
    assert (copy.name, copy.version, copy.source, copy.is_copy) == ("tiny", "2", "disk", True)
    assert copy.model.digest == version(model, 2).model.digest
    assert copy.model.names[0] == "Stammkunden – größte"


def test_two_are_kept_the_current_and_the_one_before(kmeans: SegmentModel, copies: StoredCopies) -> None:
    for number in (1, 2, 3, 4, 3):
        copies.store(version(kmeans, number))
    assert names(copies.ensure_folder()) == [CURRENT, "v3", "v4"]
    assert copies.last("disk") is not None
    assert copies.last("disk").version == "3"  # type: ignore[union-attr]


def test_a_rename_is_kept(kmeans: SegmentModel, copies: StoredCopies) -> None:
    copies.store(version(kmeans, 1))
    copies.store(version(kmeans, 1, s001=SegmentLabel("Laufkundschaft", "")))
    assert copies.last("disk").model.names[1] == "Laufkundschaft"  # type: ignore[union-attr]
    assert names(copies.ensure_folder()) == [CURRENT, "v1"]


def test_each_pointer_has_copies_of_its_own(kmeans: SegmentModel, tmp_path: Path) -> None:
    pointers = [("http://a", "m", "x"), ("http://b", "m", "x"), ("http://a", "m", "y"), ("http://a", "m-x", "x")]
    pointers += [("http://a", "../../m", "x"), ("http://a", "..", "..")]
    for number, pointer in enumerate(pointers, start=1):
        StoredCopies.of(tmp_path / "cache", *pointer).store(version(kmeans, number))
    latest = [StoredCopies.of(tmp_path / "cache", *pointer).last("disk") for pointer in pointers]
    assert [copy and copy.version for copy in latest] == [str(number) for number in range(1, len(pointers) + 1)]
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]


def test_a_damaged_copy_is_passed_over_for_the_one_before_and_mended_by_the_next_keep(
    kmeans: SegmentModel, copies: StoredCopies
) -> None:
    copies.store(version(kmeans, 1))
    copies.store(version(kmeans, 2))
    (array,) = copies.ensure_folder().glob("v2-*/model/arrays/assigner_centroids.npy")
    content = bytearray(array.read_bytes())
    content[-1] ^= 1
    array.write_bytes(bytes(content))
    assert copies.last("disk").version == "1"  # type: ignore[union-attr]
    copies.store(version(kmeans, 2))
    assert copies.last("disk").version == "2"  # type: ignore[union-attr]


@pytest.mark.parametrize("text", ["", "..", "../../etc", "v9-gone", "\x00"])
def test_a_damaged_pointer_leads_nowhere_else(kmeans: SegmentModel, copies: StoredCopies, text: str) -> None:
    copies.store(version(kmeans, 1))
    (copies.ensure_folder() / CURRENT).write_text(text)
    assert copies.last("disk").version == "1"  # type: ignore[union-attr]


def test_storing_the_current_model_again_keeps_the_one_before(kmeans: SegmentModel, copies: StoredCopies) -> None:
    """A second worker, or a restarted service, stores the current model again."""
    for number in (1, 2, 3, 3, 3):
        copies.store(version(kmeans, number))
    assert names(copies.ensure_folder()) == [CURRENT, "v2", "v3"]


def test_workers_that_share_a_folder_do_not_disturb_each_other(kmeans: SegmentModel, copies: StoredCopies) -> None:
    stop = threading.Event()
    seen: list[Any] = []

    def read() -> None:
        while not stop.is_set():
            seen.append(copies.last("disk"))

    copies.store(version(kmeans, 0))
    with ThreadPoolExecutor(5) as pool:
        reader = pool.submit(read)
        try:
            for number in range(1, 6):
                list(pool.map(lambda _, n=number: copies.store(version(kmeans, n)), range(4)))
        finally:
            stop.set()  # the pool waits for the reader, whatever is raised
        reader.result(30)
    assert names(copies.ensure_folder()) == [CURRENT, "v4", "v5"]
    assert copies.last("disk").version == "5"  # type: ignore[union-attr]
    assert {copy.version for copy in seen if copy} <= {str(number) for number in range(6)}
    assert None not in seen


@pytest.mark.parametrize("after", range(12))
def test_no_room_at_any_write_leaves_the_old_copies_and_no_half_one(
    kmeans: SegmentModel, copies: StoredCopies, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    copies.store(version(kmeans, 1))
    real, written = Path.write_bytes, [0]

    def full(path: Path, content: bytes) -> int:
        written[0] += 1
        if written[0] > after:
            real(path, content[: len(content) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(path, content)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with suppress(OSError):
            copies.store(version(kmeans, 2))
        failed = written[0] > after
        assert names(copies.ensure_folder()) == ([CURRENT, "v1"] if failed else [CURRENT, "v1", "v2"])
        assert copies.last("disk").version == ("1" if failed else "2")  # type: ignore[union-attr]
    copies.store(version(kmeans, 2))
    assert copies.last("disk").version == "2"  # type: ignore[union-attr]


@pytest.fixture
def small_disk(
    own_disk: Callable[[Path, str], AbstractContextManager[None]], is_own_disk: Callable[[Path], None], tmp_path: Path
) -> Iterator[Path]:
    """A real file system with room for a few models."""
    with own_disk(tmp_path / "small", "128k"):
        is_own_disk(tmp_path / "small")
        yield tmp_path / "small"


def test_a_full_file_system_leaves_the_old_copies(kmeans: SegmentModel, small_disk: Path) -> None:
    copies = StoredCopies.of(small_disk, "http://registry", "tiny", "champion")
    copies.store(version(kmeans, 1))
    filling = small_disk / "filling"
    with suppress(OSError), filling.open("wb", buffering=0) as file:
        for _ in range(1000):
            file.write(b"x" * 4096)
    with pytest.raises(OSError, match="No space left"):
        copies.store(version(kmeans, 2))
    assert names(copies.ensure_folder()) == [CURRENT, "v1"]
    assert copies.last("disk").version == "1"  # type: ignore[union-attr]
    filling.unlink()
    copies.store(version(kmeans, 2))
    assert copies.last("disk").version == "2"  # type: ignore[union-attr]
