"""A served model on this machine's disk: as a Bento packs it, and as copies of what the registry last held.

    overlay.json    name, version, digest, the names people gave
    model/          the saved model

A copy is written beside and renamed, so it is there whole or not at all; its digest is verified whenever it is read.
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


def write_stored(folder: Path, model: SegmentModel, name: str, version: str) -> None:
    """Write a model with the names people gave its segments."""
    model.save(folder / MODEL_FOLDER)
    (folder / OVERLAY).write_text(_overlay(model, name, version), encoding="utf-8")


def read_stored(folder: Path, source: str) -> ServedModel:
    """What `write_stored` wrote.

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
    return replace(served, model=served.model.with_overlay(labels))


class KeptCopies:
    """The last verified copies of what one pointer of one registry named: the one in service, and the one before.

    Several workers may share a folder. Why a copy is not served is logged once, not whenever it is looked at.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._told: dict[str, str] = {}  # by copy: why it was not served

    @classmethod
    def of(cls, cache: Path, *pointer: str) -> KeptCopies:
        """In a folder of its own below `cache`; `pointer` (registry, model name, alias) tells it from others."""
        mark = hashlib.sha256("\n".join(pointer).encode()).hexdigest()[:16]
        return cls(cache / f"{_as_name('-'.join(pointer[1:]))}-{mark}")

    def room(self) -> Path:
        """The folder itself, made where needed; a fetch may pass its files through it.

        Raises
        ------
        OSError
            If it cannot be made.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder

    def keep(self, served: ServedModel) -> None:
        """Write the model, unless it is there, and make it the current one; all but it and the one before are removed.

        Raises
        ------
        OSError
            If there is no room or no permission; then the copies that were there stay as they are.
        """
        name = _folder_name(served)
        target, before = self.room() / name, self._current()
        if not _is_whole(target):
            shutil.rmtree(target, ignore_errors=True)
            self._told.pop(name, None)
            with tempfile.TemporaryDirectory(prefix=STAGING, dir=self._folder) as staging:
                fresh = Path(staging) / name
                fresh.mkdir()
                write_stored(fresh, served.model, served.name, served.version)
                try:
                    fresh.rename(target)
                except OSError:
                    if not _is_whole(target):  # else another worker was quicker
                        raise
        self._replace(target / OVERLAY, _overlay(served.model, served.name, served.version))
        self._replace(self._folder / CURRENT, name)
        if before != name:  # else it was kept already, by another worker or before a new start
            self._tidy({name, before or name})

    def holds(self, served: ServedModel) -> bool:
        """Whether a whole copy of this very model is kept: then it was in service."""
        try:
            copy = read_stored(self._folder / _folder_name(served), "copy")
        except (SegmentsError, OSError):
            return False
        return copy.model.digest == served.model.digest

    def last(self, source: str, examine: Examine = lambda _: None) -> ServedModel | None:
        """The copy last kept, verified; where it is damaged, or `examine` raises of it, the one before.

        None if there is none such.
        """
        while True:
            current = self._current()
            found = self._first_good(current, source, examine)
            if found is not None or self._current() == current:  # else another worker went on while we read
                return found

    def _first_good(self, current: str | None, source: str, examine: Examine) -> ServedModel | None:
        for folder in sorted(self._copies(), key=lambda one: one.name != current):
            try:
                found = replace(read_stored(folder, source), is_copy=True)
                examine(found)
            except Exception as error:  # noqa: BLE001  # whatever is wrong with this one, another may serve
                if folder.exists():
                    self._tell(folder.name, error)
            else:
                return found
        return None

    def _tell(self, name: str, error: Exception) -> None:
        why = f"{type(error).__name__}: {error}"
        if self._told.get(name) == why:
            return
        self._told[name] = why
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

    def _replace(self, path: Path, text: str) -> None:
        """Another text in one step, or the old one."""
        with suppress(OSError, ValueError):
            if path.read_text(encoding="utf-8") == text:
                return
        with tempfile.TemporaryDirectory(prefix=STAGING, dir=self._folder) as staging:
            fresh = Path(staging) / path.name
            fresh.write_text(text, encoding="utf-8")
            fresh.replace(path)

    def _tidy(self, kept: set[str]) -> None:
        for folder in self._copies():
            if folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)
        for left in self._folder.glob(f"{STAGING}*"):  # by a process that was killed
            with suppress(OSError):
                if time.time() - left.stat().st_mtime > STALE_SECONDS:
                    shutil.rmtree(left, ignore_errors=True)


def _folder_name(served: ServedModel) -> str:
    return f"v{_as_name(served.version)}-{served.model.digest.removeprefix('sha256:')[:16]}"


def _as_name(text: str) -> str:
    """A text from elsewhere as part of a file's name: it leads into no other folder."""
    return re.sub(r"[^A-Za-z0-9-]+", "-", text).strip("-")[:60]


def _changed_at(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:  # another worker tidied it away just now
        return 0.0


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
