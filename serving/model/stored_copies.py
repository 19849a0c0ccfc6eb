"""Served models on disk: the one packed into a Bento, and copies of the registry's last verified models.

    overlay.json    name, version, digest, the names that people gave
    model/          the saved model
    report.html, insights.json      what its discovery made for people, where the registry holds it

A copy is written under another name and renamed, so it exists whole or not at all; its digest is verified at each read.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segment_model.cards import SegmentLabel
from segment_model.errors import ArtefactError, SegmentsError
from segment_model.storage import directory
from serving.model.finished_pages import FinishedPages, read_pages, write_pages
from serving.model.served_model import ServedModel, from_directory

if TYPE_CHECKING:
    from segment_model.model import SegmentModel

logger = logging.getLogger("bentoml.segments")

MODEL_FOLDER = "model"
OVERLAY = "overlay.json"
CURRENT = "current"
STAGING = ".keeping-"
STALE_SECONDS = 3600.0

Examine = Callable[[ServedModel], None]


def write_stored(
    folder: Path, model: SegmentModel, name: str, version: str, pages: FinishedPages | None = None
) -> None:
    """Write a model with the names that people gave its segments, and its pages."""
    directory.write(folder / MODEL_FOLDER, model.files)
    write_pages(folder, pages or FinishedPages())
    (folder / OVERLAY).write_text(_overlay(model, name, version), encoding="utf-8")


def read_stored(folder: Path, source: str) -> ServedModel:
    """Read what `write_stored` wrote.

    Raises
    ------
    ArtefactError
        If a file is missing or changed.
    """
    try:
        content: Mapping[str, Any] = json.loads((folder / OVERLAY).read_text(encoding="utf-8"))
        labels = {segment: SegmentLabel(**label) for segment, label in content["overlay"].items()}
        name, version, digest = content["name"], content["version"], content["digest"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ArtefactError(f"the packed model cannot be read: {error}") from error
    served = from_directory(folder / MODEL_FOLDER, name=name, version=version, source=source)
    if served.model.digest != digest:
        raise ArtefactError(f"the packed model has digest {served.model.digest}, expected {digest}")
    return replace(served, model=served.model.with_overlay(labels), pages=read_pages(folder))


class StoredCopies:
    """Copies of the last two verified models of one pointer of one registry: the one in service and the one before.

    Several workers may share a folder. The reason why a copy is not served is logged once per copy.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._logged: dict[str, str] = {}  # by copy: the reason why it is not served

    @classmethod
    def of(cls, cache: Path, *pointer: str) -> StoredCopies:
        """The copies of one `pointer` (registry, model name, alias), in a folder of their own below `cache`."""
        mark = hashlib.sha256("\n".join(pointer).encode()).hexdigest()[:16]
        return cls(cache / f"{_as_name('-'.join(pointer[1:]))}-{mark}")

    def ensure_folder(self) -> Path:
        """The folder, created if necessary; a fetch may download into it.

        Raises
        ------
        OSError
            If it cannot be created.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder

    def store(self, served: ServedModel) -> None:
        """Write a copy unless it exists, and make it the current one; only it and the one before are kept.

        Raises
        ------
        OSError
            If the disk is full or permission is missing; the existing copies stay as they are.
        """
        name = _folder_name(served)
        target, before = self.ensure_folder() / name, self._current()
        if not _is_whole(target):
            self._logged.pop(name, None)
            with tempfile.TemporaryDirectory(prefix=STAGING, dir=self._folder) as staging:
                fresh = Path(staging) / name
                fresh.mkdir()
                write_stored(fresh, served.model, served.name, served.version, served.pages)
                _put_in_place(fresh, target)
        for page, content in served.pages.files.items():  # a copy of an older version of this software has none
            self._replace(target / page, content)
        self._replace(target / OVERLAY, _overlay(served.model, served.name, served.version).encode())
        self._replace(self._folder / CURRENT, name.encode())
        if before != name:  # otherwise it was current already
            self._tidy({name, before or name})

    def holds(self, served: ServedModel) -> bool:
        """Whether there is a whole copy of this very model, which therefore was in service."""
        try:
            copy = read_stored(self._folder / _folder_name(served), "copy")
        except (SegmentsError, OSError):
            return False
        return copy.model.digest == served.model.digest

    def last(self, source: str, examine: Examine = lambda _: None) -> ServedModel | None:
        """The current copy, verified; the one before if it is damaged or `examine` raises an error for it.

        None if neither can be served.
        """
        while True:
            current = self._current()
            copy = self._first_good(current, source, examine)
            if copy is not None or self._current() == current:  # otherwise another worker changed it meanwhile
                return copy

    def _first_good(self, current: str | None, source: str, examine: Examine) -> ServedModel | None:
        for folder in sorted(self._copies(), key=lambda folder: folder.name != current):
            try:
                copy = replace(read_stored(folder, source), is_copy=True)
                examine(copy)
            except Exception as error:  # noqa: BLE001  # whatever is wrong with this one, another may serve
                if folder.exists():
                    self._log_once(folder.name, error)
            else:
                return copy
        return None

    def _log_once(self, name: str, error: Exception) -> None:
        reason = f"{type(error).__name__}: {error}"
        if self._logged.get(name) == reason:
            return
        self._logged[name] = reason
        trace = None if isinstance(error, (SegmentsError, OSError)) else error
        logger.error("the copy %s on disk is not served: %s", name, error, exc_info=trace)

    def _copies(self) -> list[Path]:
        with suppress(OSError):
            return sorted(self._folder.glob("v*"), key=_changed_at, reverse=True)
        return []

    def _current(self) -> str | None:
        try:
            return (self._folder / CURRENT).read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            return None

    def _replace(self, path: Path, content: bytes) -> None:
        """Replace a file's content in one step."""
        with suppress(OSError):
            if path.read_bytes() == content:
                return
        with tempfile.TemporaryDirectory(prefix=STAGING, dir=self._folder) as staging:
            fresh = Path(staging) / path.name
            fresh.write_bytes(content)
            fresh.replace(path)

    def _tidy(self, kept: set[str]) -> None:
        for folder in self._copies():
            if folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)
        for left in self._folder.glob(f"{STAGING}*"):  # left by a process that was killed
            with suppress(OSError):
                if time.time() - left.stat().st_mtime > STALE_SECONDS:
                    shutil.rmtree(left, ignore_errors=True)


def _folder_name(served: ServedModel) -> str:
    return f"v{_as_name(served.version)}-{served.model.digest.removeprefix('sha256:')[:16]}"


def _as_name(text: str) -> str:
    """An untrusted text as part of a file name: it cannot lead into another folder."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", text).strip("-")[:60]


def _changed_at(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:  # another worker has just removed it
        return 0.0


def _put_in_place(fresh: Path, target: Path) -> None:
    """Rename a new copy to its final name. A whole copy there stays: another worker wrote it first.

    Only a copy that is there and damaged is deleted. To delete whatever is there beforehand would also delete the copy
    that another worker puts there in the meantime.
    """
    try:
        fresh.rename(target)
    except OSError:
        if _is_whole(target):
            return
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)


def _is_whole(folder: Path) -> bool:
    try:
        read_stored(folder, "copy")
    except (SegmentsError, OSError):
        return False
    return True


def _overlay(model: SegmentModel, name: str, version: str) -> str:
    overlay = {segment: asdict(label) for segment, label in model.overlay.items()}
    content = {"name": name, "version": version, "digest": model.digest, "overlay": overlay}
    return json.dumps(content, ensure_ascii=False, indent=1)
