"""A table that Spark writes: each time a new folder of Parquet files, then one pointer to it, replaced at once.

    OUT/current.json     which folder is the table, and what is said of it
    OUT/<id>/*.parquet   the table, and the one before it, for readers who are not done

A driver that is killed leaves the former table, or the new one; a folder that it did not finish is no table, since no
pointer names it.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from features.reading.spark_session import address_to_read, address_to_write
from features.spark.stored_rows import StoredRows
from segment_model.errors import SourceError
from segment_model.storage.atomic_write import atomic_write

POINTER = "current.json"
FOLDER, BEFORE, STORY = "folder", "before", "story"


@dataclass(frozen=True)
class StoredFolder:
    """The folder of such a table."""

    out: Path

    @property
    def in_catalogue(self) -> bool:
        """It is none of the catalogue's tables."""
        return False

    def write(
        self,
        session: Any,
        frame: Any,
        as_of: datetime | None,  # noqa: ARG002  # the story says it
        story: Mapping[str, Any],
    ) -> StoredRows:
        """As `write_stored`."""
        folder = write_stored(frame, self.out, story)
        return StoredRows(session.read.parquet(address_to_read(folder)), story, folder.name, str(folder))

    def read(self, session: Any) -> StoredRows:
        """As `read_stored`."""
        folder, story = read_stored(self.out)
        return StoredRows(session.read.parquet(address_to_read(folder)), story, folder.name, str(folder))


def write_stored(frame: Any, out: Path, story: Mapping[str, Any]) -> Path:
    """Write a Spark DataFrame as the table in `out`; its new folder.

    story : plain JSON values that are said of the table.

    Raises
    ------
    SourceError
        If `out` is something else than such a table, or cannot be written; then the former table stays.
    """
    before = _pointer(out) if _is_stored(out) else {}
    if not before and out.exists() and (not out.is_dir() or any(_others(out))):
        raise SourceError(f"{out} is there and no table that Spark wrote here; name another folder, or delete it")
    folder = out.resolve() / secrets.token_hex(8)
    try:
        out.mkdir(parents=True, exist_ok=True)
        frame.write.parquet(address_to_write(folder))
        pointer = {FOLDER: folder.name, BEFORE: before.get(FOLDER), STORY: dict(story)}
        atomic_write(out / POINTER, json.dumps(pointer, ensure_ascii=False, indent=1).encode())
    except OSError as error:
        raise SourceError(f"cannot write {out}: {error.strerror or error}") from error
    if oldest := before.get(BEFORE):
        shutil.rmtree(out / oldest, ignore_errors=True)
    return folder


def read_stored(out: Path) -> tuple[Path, Mapping[str, Any]]:
    """The folder that is the table in `out` now, and what is said of it.

    Raises
    ------
    SourceError
        If there is no such table.
    """
    if not _is_stored(out):
        raise SourceError(
            f"{out} holds no table that Spark wrote: there is no {POINTER} in it; name a folder of `segments features`"
        )
    pointer = _pointer(out)
    return out.resolve() / pointer[FOLDER], pointer[STORY]


def _is_stored(out: Path) -> bool:
    return (out / POINTER).is_file()


def _others(out: Path) -> list[Path]:
    """What is in a folder without a pointer, but the folders that an interrupted first write leaves."""
    return [path for path in out.iterdir() if not (path.is_dir() and _is_ours(path))]


def _is_ours(path: Path) -> bool:
    return len(path.name) == 16 and all(letter in "0123456789abcdef" for letter in path.name)


def _pointer(out: Path) -> dict[str, Any]:
    try:
        pointer: dict[str, Any] = json.loads((out / POINTER).read_text(encoding="utf-8"))
        pointer[FOLDER], pointer[STORY]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SourceError(f"{out / POINTER} is damaged: write the table again into another folder") from error
    return pointer
