"""Registered versions of a segment model: list them, resolve an alias, fetch a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from registry.connection import RegistryLocation, connected
from registry.versions.entities import (
    CHAMPION,
    DIGEST,
    VERDICT,
    aliases_of,
    all_versions,
    find_version,
    load_version,
    segment_ids_of,
    tag_of,
)
from registry.versions.segment_names import labels_of
from segment_model.cards import SegmentLabel
from segment_model.model import SegmentModel


@dataclass(frozen=True, slots=True)
class RegisteredVersion:
    """One version of the registered model.

    segment_ids : in the model's order. verdict : that of its discovery, empty for a model without a verdict. A version
    that was not registered by us has neither a digest nor segments. The model's provenance says which it continues.
    """

    version: str
    run_id: str
    digest: str
    created: datetime
    aliases: tuple[str, ...]
    segment_ids: tuple[str, ...]
    verdict: str = ""

    @property
    def is_ours(self) -> bool:
        """Whether we registered it, rather than another program under the same name."""
        return bool(self.digest and self.segment_ids)


@dataclass(frozen=True, slots=True)
class FetchedModel:
    """A model from the registry with a verified digest and the present names of its segments."""

    model: SegmentModel
    version: str
    run_id: str


@dataclass(frozen=True, slots=True)
class AliasState:
    """What an alias or version number names now: enough to detect a change without fetching the model."""

    version: str
    digest: str
    labels: Mapping[str, SegmentLabel]


def list_versions(location: RegistryLocation) -> list[RegisteredVersion]:
    """All versions, newest first, those of other programs too; empty where nothing is registered yet.

    Raises
    ------
    RegistryError
        If the registry does not answer or refuses.
    """
    with connected(location) as connection:
        aliases = aliases_of(connection)
        return [describe_version(version, aliases) for version in all_versions(connection)]


def alias_state(location: RegistryLocation, which: str = CHAMPION) -> AliasState:
    """The present state of an alias or version number, by two small requests to the registry.

    Raises
    ------
    RegistryError
        If there is no such alias or version, or a label cannot be read.
    """
    with connected(location) as connection:
        version = find_version(connection, which)
        return AliasState(str(version.version), tag_of(version, DIGEST), labels_of(connection))


def fetch(location: RegistryLocation, which: str = CHAMPION, folder: Path | None = None) -> FetchedModel:
    """Fetch a model by alias ("champion") or version ("3"), with its digest verified and the overlay applied.

    The files are downloaded to a temporary folder inside `folder`, by default the system's, and deleted afterwards.

    Raises
    ------
    RegistryError
        If there is no such alias or version, or the registry does not answer.
    ArtefactError
        If the stored model is incomplete, or another than the one that was registered.
    """
    with connected(location) as connection:
        version = find_version(connection, which)
        model = load_version(connection, version, folder)
        overlay = labels_of(connection)
    return FetchedModel(model.with_overlay(overlay), str(version.version), version.run_id)


def fetch_champion(location: RegistryLocation) -> FetchedModel | None:
    """The champion, or None where nothing is registered or promoted yet.

    Raises
    ------
    RegistryError, ArtefactError
        As `fetch`, if there is a champion.
    """
    if location.database is not None and not location.database.exists():
        return None
    with connected(location) as connection:
        promoted = any(CHAMPION in names for names in aliases_of(connection).values())
    return fetch(location) if promoted else None


def describe_version(version: Any, aliases: Mapping[str, tuple[str, ...]] | None = None) -> RegisteredVersion:
    """A version from MLflow's entity; pass `aliases` for an entity of a search, which comes without them."""
    number = str(version.version)
    return RegisteredVersion(
        version=number,
        run_id=version.run_id,
        digest=version.tags.get(DIGEST, ""),
        created=datetime.fromtimestamp(version.creation_timestamp / 1000, tz=UTC),
        aliases=tuple(sorted(version.aliases if aliases is None else aliases.get(number, ()))),
        segment_ids=segment_ids_of(version),
        verdict=version.tags.get(VERDICT, ""),
    )
