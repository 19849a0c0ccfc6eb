"""A file is whole or as it was, with the mode that it had."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from segment_model.storage.atomic_write import atomic_file, atomic_write


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_has_the_umasks_mode_and_an_old_one_keeps_its_own(tmp_path: Path) -> None:
    path, plain = tmp_path / "out.csv", tmp_path / "plain"
    plain.write_bytes(b"")
    atomic_write(path, b"first")
    assert mode_of(path) == mode_of(plain)
    path.chmod(0o640)
    atomic_write(path, b"second")
    assert path.read_bytes() == b"second"
    assert mode_of(path) == 0o640
    assert sorted(file.name for file in tmp_path.iterdir()) == ["out.csv", "plain"]


def test_a_private_file_is_its_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(b"{}")
    path.chmod(0o644)
    atomic_write(path, b"secret", private=True)
    assert mode_of(path) == 0o600


def test_an_error_leaves_the_former_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    path.write_bytes(b"former")

    def fail() -> None:
        with atomic_file(path) as temporary:
            assert temporary.suffix == ".parquet"
            temporary.write_bytes(b"half")
            raise ValueError("no more rows")

    with pytest.raises(ValueError, match="no more rows"):
        fail()
    assert path.read_bytes() == b"former"
    assert [file.name for file in tmp_path.iterdir()] == ["table.parquet"]


def test_a_link_is_followed_and_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"former")
    (tmp_path / "link").symlink_to("real")
    atomic_write(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"
    with pytest.raises(FileNotFoundError):
        atomic_write(tmp_path / "none" / "file", b"")


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received: list[bytes] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
    reader.start()
    atomic_write(pipe, b"content")
    reader.join(10)
    assert received == [b"content"]
