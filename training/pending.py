"""Finished discoveries that no server took yet: one folder each, whole, beside the settings file.

record.json      the story: settings, figures, tags, candidates, and which champion the discovery continued
model/           the model as it is saved
vectors.parquet  the training customers, to discover anew where another champion has come; only its owner may look
files/           what the run will show: settings, tables, figures, report
claim.json       while a process sends it: which

A folder is written under another name and renamed when it is whole, and renamed again before it is deleted; so what
bears its own name is always whole.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from features.customer_vector import CustomerVectors
from features.vector_file import read_vectors, write_vectors
from registry.processes import Process
from registry.records import CandidateRecord, DiscoveryRecord
from registry.run_files import plain_settings, write_files
from registry.runs import DISCOVERY
from segments.errors import SettingsError
from segments.model import SegmentModel
from training.settings import Settings, parse_settings

FOLDER = "pending-runs"
FORMAT = 1
RECORD, MODEL, VECTORS, FILES, CLAIM = "record.json", "model", "vectors.parquet", "files", "claim.json"
STORY = ("name", "data_digest", "data_source", "metrics", "tags", "versions", "note")
_UNFINISHED, _SENT = ".writing-", ".sent-"


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


def keep(base: Path, record: DiscoveryRecord, vectors: CustomerVectors, champion: str) -> Path:
    """Write a discovery to a folder of its own below `base`, and say where.

    Raises
    ------
    SegmentsError
        If it cannot be written.
    """
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    name = f"{moment}-{record.tags[DISCOVERY][:8]}"
    folder, unfinished = base / FOLDER / name, base / FOLDER / f"{_UNFINISHED}{name}"
    if record.model is None:
        raise SettingsError("a discovery without a model has nothing to keep")
    try:
        unfinished.mkdir(parents=True)
        unfinished.chmod(0o700)
        write_files(record, unfinished / FILES)
        record.model.save(unfinished / MODEL)
        write_vectors(vectors, unfinished / VECTORS)
        story = {
            "format": FORMAT,
            "champion": champion,
            "settings": plain_settings(record),
            "raw_columns": {name: list(columns) for name, columns in vectors.columns.items()},
            "candidates": [asdict(candidate) for candidate in record.candidates],
            **{part: getattr(record, part) for part in STORY},
        }
        (unfinished / RECORD).write_text(json.dumps(story, ensure_ascii=False, indent=1, default=str), "utf-8")
        unfinished.rename(folder)
    except OSError as error:
        raise SettingsError(f"the discovery cannot be kept in {folder}: {error.strerror or error}") from error
    return folder


def waiting(base: Path, settings: Settings) -> tuple[list[Path], int]:
    """The folders kept for the registry that the settings name, oldest first; and how many are for others."""
    every = sorted(path.parent for path in (base / FOLDER).glob(f"[!.]*/{RECORD}"))
    mine = [folder for folder in every if _for(_story(folder), settings)]
    return mine, len(every) - len(mine)


def read(folder: Path) -> Pending:
    """What `keep` wrote.

    Raises
    ------
    SegmentsError
        If a part is missing or was changed.
    """
    story = _story(folder)
    columns = {name: tuple(there) for name, there in story["raw_columns"].items()}
    vectors = replace(read_vectors(folder / VECTORS), columns=columns)
    record = DiscoveryRecord(
        settings=story["settings"],
        vectors=vectors.frame,
        model=SegmentModel.load(folder / MODEL),
        candidates=tuple(CandidateRecord(**candidate) for candidate in story["candidates"]),
        **{part: story[part] for part in STORY},
    )
    settings = parse_settings(story["settings"], str(folder / RECORD))
    return Pending(folder, settings, record, vectors, story["champion"])


def done(folder: Path) -> None:
    """Delete a folder whose discovery was sent."""
    sent = folder.with_name(f"{_SENT}{folder.name}")
    folder.rename(sent)
    shutil.rmtree(sent)


@contextmanager
def claimed(folder: Path) -> Iterator[bool]:
    """Whether this process may send it: not while another one does, and not if that one just did."""
    claim, mine = folder / CLAIM, Process.mine()
    try:
        with claim.open("x", encoding="utf-8") as file:
            json.dump(mine.tags, file)
    except FileNotFoundError:
        yield False
        return
    except FileExistsError:
        text = claim.read_text(encoding="utf-8")
        other = Process.of(json.loads(text)) if text else None
        if other is not None and not other.surely_dead and other != mine:
            yield False
            return
        claim.write_text(json.dumps(mine.tags), encoding="utf-8")
    try:
        yield True
    finally:
        claim.unlink(missing_ok=True)


def _story(folder: Path) -> dict[str, Any]:
    try:
        story: dict[str, Any] = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{folder / RECORD} cannot be read: {error}. Delete the folder to give it up") from error
    if story["format"] > FORMAT:
        raise SettingsError(f"{folder} is of format {story['format']}; this version reads up to {FORMAT}: update it")
    return story


def _for(story: Mapping[str, Any], settings: Settings) -> bool:
    kept = story["settings"]["registry"]
    return bool(
        (kept["model_name"], kept["experiment"]) == (settings.registry.model_name, settings.registry.experiment)
    )
