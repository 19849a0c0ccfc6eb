"""Finished discoveries that no server took yet: one folder each, whole, beside the settings file.

record.json      the story: settings, figures, tags, candidates, and which champion the discovery continued
model/           the model as it is saved
vectors.parquet  the training customers, to discover anew where another champion has come; only its owner may look
files/           what the run will show: settings, tables, figures, report

A folder is written under another name and renamed when it is whole, and renamed again before it is deleted; so what
bears its own name was whole once. What is damaged since, by a full disk or a hand, is named and never sent in part.
Killed in between, a process leaves a folder that nobody sends, with customers in it: the next one deletes it.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import field_validator

from features.settings import Settings as Block
from features.vector_file import read_vectors, write_vectors
from features.vector_table import CustomerVectors
from registry.runs.discovery_runs import DISCOVERY
from registry.runs.records import CandidateRecord, DiscoveryRecord
from registry.runs.run_files import plain_settings, write_files
from segment_model.errors import SettingsError
from segment_model.model import SegmentModel
from training.outbox.file_lock import HeldError, alone, beside_others
from training.settings import Settings, parse_as, parse_settings

FOLDER = "pending-runs"
FORMAT = 1
RECORD, MODEL, VECTORS, FILES = "record.json", "model", "vectors.parquet", "files"
LOCK = ".lock"  # beside the folders; held while one process sends them
STORY = ("name", "data_digest", "data_source", "metrics", "tags", "versions", "note")
_UNFINISHED, _SENT = ".writing-", ".sent-"
WRITING = ".writing"  # a lock too; held beside others while a folder is written


class Story(Block):
    """What record.json holds."""

    format: Literal[1]
    champion: str
    settings: dict[str, Any]
    raw_columns: dict[str, list[str]]
    candidates: tuple[CandidateRecord, ...]
    name: str
    data_digest: str
    data_source: str
    metrics: dict[str, float | None]
    tags: dict[str, str]
    versions: dict[str, str]
    note: str

    @field_validator("tags")
    @classmethod
    def _named(cls, tags: dict[str, str]) -> dict[str, str]:
        if not tags.get(DISCOVERY):
            raise ValueError(f"{DISCOVERY} is needed, by which the run of the discovery is found")
        return tags


@dataclass(frozen=True)
class Pending:
    """A discovery to send; `champion` is the digest of the model that it continues, empty where it knew of none."""

    folder: Path
    settings: Settings
    record: DiscoveryRecord
    vectors: CustomerVectors
    champion: str

    @property
    def files(self) -> Path:
        """What the run will show."""
        return self.folder / FILES

    @property
    def discovery(self) -> str:
        """The name of the discovery, by which its run is found."""
        return self.record.tags[DISCOVERY]


def keep(
    base: Path, record: DiscoveryRecord, vectors: CustomerVectors, champion: str, announce: Callable[[str], None]
) -> Path:
    """Write a discovery to a folder of its own below `base`, and say where.

    `announce` is told what is left there that could not be tidied up, and if it is written without the lock that keeps
    others from tidying meanwhile: hours of work are not given up for that.

    Raises
    ------
    SegmentsError
        If it cannot be written.
    """
    if record.model is None:
        raise SettingsError("a discovery without a model has nothing to keep")
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    place, name = base / FOLDER, f"{moment}-{record.tags[DISCOVERY][:8]}"
    folder, unfinished = place / name, place / f"{_UNFINISHED}{name}"
    for left in remove_leftovers(base):
        announce(left)
    try:
        place.mkdir(parents=True, exist_ok=True)
        with ExitStack() as ending:
            try:
                ending.enter_context(beside_others(place / WRITING))
            except OSError as error:
                why = error.strerror or error
                announce(f"{place / WRITING} cannot be locked ({why}); the discovery is kept all the same")
            ending.callback(shutil.rmtree, unfinished, ignore_errors=True)  # not there any more if it was whole
            _write(unfinished, record, record.model, vectors, champion)
            unfinished.rename(folder)
    except OSError as error:
        raise SettingsError(f"the discovery cannot be kept in {folder}: {error.strerror or error}") from error
    return folder


def remove_leftovers(base: Path) -> tuple[str, ...]:
    """Delete what processes that were killed left half written or half deleted; a line on each that cannot be.

    What another process writes or deletes at this moment is left alone, and so is everything where no lock tells.
    """
    place = base / FOLDER
    failed: list[str] = []
    for beginning, lock in ((_UNFINISHED, WRITING), (_SENT, LOCK)):
        if not any(place.glob(f"{beginning}*")):
            continue
        try:
            with alone(place / lock, "somebody is at it"):
                failed += _remove(place.glob(f"{beginning}*"))
        except HeldError:
            continue
        except SettingsError as error:
            failed.append(f"{place / beginning}* may hold customers that nobody needs any more, and stays: {error}")
    return tuple(failed)


def _remove(folders: Iterable[Path]) -> list[str]:
    failed = []
    for folder in folders:
        try:
            shutil.rmtree(folder)
        except OSError as error:
            failed.append(f"{folder} holds customers that nobody needs any more, and cannot be deleted: {error}")
    return failed


def waiting(base: Path, settings: Settings) -> tuple[list[Path], int]:
    """The folders kept for the registry that the settings name, oldest first; and how many are for others.

    One that does not say for whom it is kept is among them, so that `read` tells what is wrong with it.
    """
    every = sorted(path for path in (base / FOLDER).glob("[!.]*") if path.is_dir())
    mine = [folder for folder in every if _may_be_for(folder, settings)]
    return mine, len(every) - len(mine)


def read(folder: Path) -> Pending:
    """What `keep` wrote.

    Raises
    ------
    SegmentsError
        If a part is missing or was changed.
    """
    story, settings = _story(folder)
    if not (folder / FILES).is_dir():
        raise SettingsError(f"{folder / FILES} is not there any more")
    try:
        vectors, model = read_vectors(folder / VECTORS), SegmentModel.load(folder / MODEL)
    except OSError as error:
        raise SettingsError(f"{folder} cannot be read: {error}") from error
    if not story.data_digest == vectors.digest == model.provenance.get("data_digest"):
        raise SettingsError(f"{RECORD}, {MODEL} and {VECTORS} in {folder} are not of the same customers")
    record = DiscoveryRecord(
        settings=story.settings,
        vectors=vectors.frame,
        model=model,
        candidates=story.candidates,
        **{part: getattr(story, part) for part in STORY},
    )
    columns = {name: tuple(there) for name, there in story.raw_columns.items()}
    return Pending(folder, settings, record, replace(vectors, columns=columns), story.champion)


def done(folder: Path) -> None:
    """Delete a folder whose discovery was sent.

    Raises
    ------
    SettingsError
        If that is not allowed.
    """
    there, sent = folder, folder.with_name(f"{_SENT}{folder.name}")
    try:
        there = there.rename(sent)
        shutil.rmtree(there)
    except OSError as error:
        raise SettingsError(f"the discovery in {there} was sent, but the folder cannot be deleted: {error}") from error


def _write(folder: Path, record: DiscoveryRecord, model: SegmentModel, vectors: CustomerVectors, champion: str) -> None:
    folder.mkdir()
    folder.chmod(0o700)
    write_files(record, folder / FILES)
    model.save(folder / MODEL)
    write_vectors(vectors, folder / VECTORS)
    story = {
        "format": FORMAT,
        "champion": champion,
        "settings": plain_settings(record),
        "raw_columns": {name: list(columns) for name, columns in vectors.columns.items()},
        "candidates": [asdict(candidate) for candidate in record.candidates],
        **{part: getattr(record, part) for part in STORY},
    }
    (folder / RECORD).write_text(json.dumps(story, ensure_ascii=False, indent=1, default=str), "utf-8")


def _story(folder: Path) -> tuple[Story, Settings]:
    file = folder / RECORD
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(f"{file} cannot be read: {error}") from error
    number = content.get("format") if isinstance(content, dict) else None
    if isinstance(number, int) and number > FORMAT:
        raise SettingsError(f"{folder} is of format {number}; this version reads up to {FORMAT}: update it")
    story = parse_as(Story, content, str(file))
    return story, parse_settings(story.settings, f"the settings in {file}")


def _may_be_for(folder: Path, settings: Settings) -> bool:
    try:
        kept = _story(folder)[1].registry
    except SettingsError:
        return True
    there = settings.registry
    return (kept.model_name, kept.experiment) == (there.model_name, there.experiment)
