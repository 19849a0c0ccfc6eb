"""Pending runs: finished discoveries that wait for the registry, each in a folder beside the settings file.

record.json      the record: settings, parameters, figures, tags, and the champion that the discovery continues
model/           the model as it is saved
vectors.parquet  the training customers, to discover anew where the champion has changed; only the owner may read them
files/           the run's files: settings, tables, figures, report

A folder is written under a temporary name, renamed when it is complete, and renamed again before it is deleted. So a
folder under its final name was complete. If it is damaged later, it is reported and never sent in part. A killed
process may leave a folder under another name, which holds customers and is never sent; the next process deletes it.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, Field, field_validator

from features.settings import Settings as Block
from features.vector_file import read_vectors, write_vectors
from features.vector_table import CustomerVectors
from registry.runs.discovery_runs import DISCOVERY
from registry.runs.records import DiscoveryRecord
from registry.runs.run_files import plain_settings, without_passwords, write_files
from segment_model.errors import SettingsError
from segment_model.model import SegmentModel
from segment_model.storage import directory
from segment_model.storage.file_lock import HeldError, exclusive_lock, shared_lock
from training.progress import Announce
from training.settings import Settings, parse_as, parse_settings

FOLDER = "pending-runs"
FORMAT = 2
RECORD, MODEL, VECTORS, FILES = "record.json", "model", "vectors.parquet", "files"
LOCK = ".lock"  # beside the folders; held while one process sends them
KEPT = (
    *("name", "data_digest", "data_source", "parameters", "metrics", "tags", "versions", "note"),
    *("began", "ended"),
)
_UNFINISHED, _SENT = ".writing-", ".sent-"
WRITING = ".writing"  # a second lock, shared by the processes that write folders


class PendingRecord(Block):
    """The content of record.json; a metric that was not computed is NaN there.

    Format 1 had `candidates`, which the files hold too, and neither `parameters` nor `began` and `ended`.
    """

    model_config = ConfigDict(allow_inf_nan=True)

    format: Literal[1, 2]
    champion: str
    settings: dict[str, Any]
    raw_columns: dict[str, list[str]]
    candidates: tuple[Any, ...] = ()
    name: str
    data_digest: str
    data_source: str
    parameters: dict[str, Any] = Field(default_factory=dict)
    metrics: dict[str, float | None]
    tags: dict[str, str]
    versions: dict[str, str]
    note: str
    began: float | None = None
    ended: float | None = None

    @field_validator("tags")
    @classmethod
    def _named(cls, tags: dict[str, str]) -> dict[str, str]:
        if not tags.get(DISCOVERY):
            raise ValueError(f"{DISCOVERY} is needed, because it identifies the run of the discovery")
        return tags


@dataclass(frozen=True)
class Pending:
    """A discovery to send; `champion` is the digest of the model that it continues, empty where there was none."""

    folder: Path
    settings: Settings
    record: DiscoveryRecord
    vectors: CustomerVectors
    champion: str

    @property
    def files(self) -> Path:
        """The folder of the run's files."""
        return self.folder / FILES

    @property
    def discovery(self) -> str:
        """The name of the discovery, which identifies its run."""
        return self.record.tags[DISCOVERY]


def write_pending(
    base: Path, record: DiscoveryRecord, vectors: CustomerVectors, champion: str, announce: Announce
) -> Path:
    """Write a discovery to a new folder below `base`, and return the folder.

    Leftovers that cannot be deleted, and a lock that cannot be taken, are only announced: they are no reason to lose
    hours of work.

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
                ending.enter_context(shared_lock(place / WRITING))
            except OSError as error:
                why = error.strerror or error
                announce(f"{place / WRITING} cannot be locked ({why}); the discovery is kept all the same")
            ending.callback(shutil.rmtree, unfinished, ignore_errors=True)  # a complete folder is renamed by then
            _write(unfinished, record, record.model, vectors, champion)
            unfinished.rename(folder)
    except OSError as error:
        raise SettingsError(f"the discovery cannot be kept in {folder}: {error.strerror or error}") from error
    return folder


def remove_leftovers(base: Path) -> tuple[str, ...]:
    """Delete folders that killed processes left half written or half deleted.

    Returns a line on each that cannot be deleted. Folders stay while another process holds their lock.
    """
    place = base / FOLDER
    failed: list[str] = []
    for beginning, lock in ((_UNFINISHED, WRITING), (_SENT, LOCK)):
        if not any(place.glob(f"{beginning}*")):
            continue
        try:
            with exclusive_lock(place / lock, "another process holds it"):
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
            failed.append(
                f"{folder} holds customers that nobody needs any more, and cannot be deleted: {error.strerror or error}"
            )
    return failed


def waiting_folders(base: Path, settings: Settings) -> tuple[list[Path], int]:
    """The folders for the registered name and experiment of the settings, oldest first, and the number of the others.

    A folder whose settings cannot be read is among the former, so that `read_pending` reports what is wrong with it.
    """
    every = sorted(path for path in (base / FOLDER).glob("[!.]*") if path.is_dir())
    mine = [folder for folder in every if _may_be_for(folder, settings)]
    return mine, len(every) - len(mine)


def read_pending(folder: Path) -> Pending:
    """Read a folder that `write_pending` wrote.

    Raises
    ------
    SegmentsError
        If a part is missing or was changed.
    """
    kept, settings = _read_record(folder)
    if not (folder / FILES).is_dir():
        raise SettingsError(f"{folder / FILES} is missing")
    try:
        vectors, model = read_vectors(folder / VECTORS), SegmentModel.load(folder / MODEL)
    except OSError as error:
        raise SettingsError(f"{folder} cannot be read: {error.strerror or error}") from error
    if not kept.data_digest == vectors.digest == model.provenance.get("data_digest"):
        raise SettingsError(f"{RECORD}, {MODEL} and {VECTORS} in {folder} are not of the same customers")
    record = DiscoveryRecord(
        settings=kept.settings,
        vectors=vectors.frame,
        model=model,
        **{part: getattr(kept, part) for part in KEPT},
    )
    columns = {name: tuple(names) for name, names in kept.raw_columns.items()}
    return Pending(folder, settings, record, replace(vectors, columns=columns), kept.champion)


def delete_sent(folder: Path) -> None:
    """Delete a folder whose discovery was sent.

    Raises
    ------
    SettingsError
        If it cannot be deleted.
    """
    place = folder
    try:
        place = folder.rename(folder.with_name(f"{_SENT}{folder.name}"))
        shutil.rmtree(place)
    except OSError as error:
        raise SettingsError(
            f"the discovery in {place} was sent, but the folder cannot be deleted: {error.strerror or error}"
        ) from error


def _write(folder: Path, record: DiscoveryRecord, model: SegmentModel, vectors: CustomerVectors, champion: str) -> None:
    folder.mkdir()
    folder.chmod(0o700)
    write_files(record, folder / FILES)
    directory.write(folder / MODEL, model.files)
    write_vectors(vectors, folder / VECTORS)
    content = {
        "format": FORMAT,
        "champion": champion,
        "settings": plain_settings(record),
        "raw_columns": {name: list(columns) for name, columns in vectors.columns.items()},
        **{part: getattr(record, part) for part in KEPT},
        "parameters": without_passwords(record.parameters),
    }
    (folder / RECORD).write_text(json.dumps(content, ensure_ascii=False, indent=1, default=str), "utf-8")


def _read_record(folder: Path) -> tuple[PendingRecord, Settings]:
    file = folder / RECORD
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise SettingsError(f"{file} cannot be read: {error}") from error
    number = content.get("format") if isinstance(content, dict) else None
    if isinstance(number, int) and number > FORMAT:
        raise SettingsError(f"{folder} is of format {number}; this version reads up to {FORMAT}: upgrade to read it")
    kept = parse_as(PendingRecord, content, str(file))
    return kept, parse_settings(kept.settings, f"the settings in {file}")


def _may_be_for(folder: Path, settings: Settings) -> bool:
    try:
        kept = _read_record(folder)[1].registry
    except SettingsError:
        return True
    named = settings.registry
    return (kept.model_name, kept.experiment) == (named.model_name, named.experiment)
