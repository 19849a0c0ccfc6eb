"""Versions of a segment model: register, promote, fetch; and the names people give its segments.

Names and notes are an overlay: one tag a segment on the registered model, so that two people renaming two segments
never undo each other, a name survives a retrain, and the digest-checked model is never touched.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from registry.connection import Connection, RegistryLocation, connected, is_unreachable
from registry.model_package import SAVED_MODEL_PATH
from registry.runs import logged_model_of
from segments.errors import ArtefactError, RegistryError, nearest_word
from segments.model import SegmentModel
from segments.profiles import SegmentLabel

CHAMPION = "champion"
LABEL = "segment_label."
LABEL_LIMIT = 5000  # characters of JSON; what the registry's column holds
DIGEST = "digest"
SEGMENTS = "segment_ids"
SUCCEEDS = "succeeds"  # the digest of the version whose segments this one continues
LINEAGE = "lineage"  # what became of them, in a line


@dataclass(frozen=True, slots=True)
class RegisteredVersion:
    """One version of the registered model; `segment_ids` in the model's order.

    succeeds : the digest of the model whose segments it continues, and lineage : what became of those, in a line; both
    empty for a first model. The whole lineage is in the model's provenance.
    """

    version: str
    run_id: str
    digest: str
    created: datetime
    aliases: tuple[str, ...]
    segment_ids: tuple[str, ...]
    succeeds: str = ""
    lineage: str = ""


@dataclass(frozen=True, slots=True)
class FetchedModel:
    """A model from the registry, under the names that its segments bear now; its digest is verified."""

    model: SegmentModel
    version: str
    run_id: str


def register(location: RegistryLocation, run_id: str) -> str:
    """Make a version of the model that a run logged; a run registered before answers with the version it has.

    The model is fetched back and its digest verified first: what cannot be served is never registered.

    Raises
    ------
    RegistryError
        If the run did not finish or logged no model.
    ArtefactError
        If the stored model is not complete.
    """
    with connected(location) as connection:
        client, name = connection.client, location.model_name
        logged = logged_model_of(connection, run_id)
        model = _load(connection, logged.artifact_location, logged.tags[DIGEST])
        if not client.search_registered_models(f"name = '{_quotable(name)}'"):
            client.create_registered_model(name)
        known = [version for version in _versions(connection) if version.run_id == run_id]
        if known:
            return str(known[0].version)
        made = client.create_model_version(
            name,
            source=logged.artifact_location,
            run_id=run_id,
            model_id=logged.model_id,
            tags={DIGEST: model.digest, SEGMENTS: json.dumps(model.ids, ensure_ascii=False), **_descent(model)},
        )
        return str(made.version)


def promote(location: RegistryLocation, version: str, alias: str = CHAMPION) -> RegisteredVersion:
    """Point an alias at a version, once the version is seen to load; the last one to promote wins.

    Raises
    ------
    RegistryError
        If there is no such version, or the alias is not a word that MLflow allows.
    ArtefactError
        If the stored model is not complete.
    """
    with connected(location) as connection:
        found = _find(connection, version)
        _load(connection, _source(connection, str(found.version)), _tag(found, DIGEST))
        connection.client.set_registered_model_alias(location.model_name, alias, found.version)
        return _described(_find(connection, str(found.version)))


def find(location: RegistryLocation, which: str = CHAMPION) -> RegisteredVersion:
    """What an alias or version number names now, without fetching the model: one question to the registry.

    Raises
    ------
    RegistryError
        If there is no such alias or version; the message lists those there are.
    """
    with connected(location) as connection:
        return _described(_find(connection, which))


def fetch(location: RegistryLocation, which: str = CHAMPION) -> FetchedModel:
    """Fetch a model by alias ("champion") or version ("3"), with its digest verified and the overlay applied.

    Raises
    ------
    RegistryError
        If there is no such alias or version, or the registry does not answer.
    ArtefactError
        If the stored model is incomplete, or another than the one that was registered.
    """
    with connected(location) as connection:
        found = _find(connection, which)
        model = _load(connection, _source(connection, str(found.version)), _tag(found, DIGEST))
        overlay = _labels(connection)
    return FetchedModel(model.with_overlay(overlay), str(found.version), found.run_id)


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
        promoted = any(CHAMPION in names for names in _aliases(connection).values())
    return fetch(location) if promoted else None


def list_versions(location: RegistryLocation) -> list[RegisteredVersion]:
    """All versions, newest first; empty where nothing is registered yet."""
    with connected(location) as connection:
        aliases = _aliases(connection)
        return [_described(version, aliases) for version in _versions(connection)]


def labels(location: RegistryLocation) -> dict[str, SegmentLabel]:
    """The names and notes that people gave, by segment id.

    Raises
    ------
    RegistryError
        If nothing is registered, or a label was edited by hand into something unreadable.
    """
    with connected(location) as connection:
        return _labels(connection)


def rename_segment(location: RegistryLocation, segment_id: str, name: str, notes: str = "") -> None:
    """Name a segment, in every version that has it, past ones and those to come. The last one to name it wins.

    Raises
    ------
    RegistryError
        If no version has the segment, the name is empty, or name and notes are too long.
    """
    label = json.dumps({"name": name.strip(), "notes": notes}, ensure_ascii=False)
    if not name.strip():
        raise RegistryError(f"the name of the segment {segment_id} is empty: give it one")
    if len(label) > LABEL_LIMIT:
        raise RegistryError(f"name and notes take {len(label):,} characters; the registry holds {LABEL_LIMIT:,}")
    with connected(location) as connection:
        known = {one for version in _versions(connection) for one in json.loads(_tag(version, SEGMENTS))}
        if segment_id not in known:
            raise RegistryError(
                f"no version of {location.model_name!r} has a segment {segment_id!r}.{nearest_word(segment_id, known)}"
                f" Known: {', '.join(sorted(known)) or 'none'}"
            )
        connection.client.set_registered_model_tag(location.model_name, f"{LABEL}{segment_id}", label)


def _find(connection: Connection, which: str) -> Any:
    client, name = connection.client, connection.location.model_name
    try:
        if re.fullmatch(r"\d+", which):
            return client.get_model_version(name, which)
        version = client.get_model_version_by_alias(name, which)
        return client.get_model_version(name, version.version)
    except connection.mlflow.exceptions.MlflowException as error:
        if error.error_code not in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            raise
    versions = [str(version.version) for version in _versions(connection)]
    if not versions:
        raise RegistryError(
            f"the registry at {connection.location.shown} holds no model {name!r}: run `segments discover` first"
        )
    aliases = sorted({alias for names in _aliases(connection).values() for alias in names})
    raise RegistryError(
        f"the model {name!r} has no version or alias {which!r}. Versions: {', '.join(versions)}; aliases: "
        f"{', '.join(aliases) or 'none yet, set one by `segments promote VERSION`'}"
    )


def _versions(connection: Connection) -> list[Any]:
    """Every version, newest first."""
    query = f"name = '{_quotable(connection.location.model_name)}'"
    found: list[Any] = []
    token = None
    while True:
        page = connection.client.search_model_versions(query, max_results=200, page_token=token)
        found += page
        token = page.token
        if not token:
            return sorted(found, key=lambda version: -int(version.version))


def _aliases(connection: Connection) -> dict[str, tuple[str, ...]]:
    """Version -> its aliases."""
    name = connection.location.model_name
    aliases: dict[str, tuple[str, ...]] = {}
    for model in connection.client.search_registered_models(f"name = '{_quotable(name)}'"):
        for alias, version in model.aliases.items():
            aliases[str(version)] = (*aliases.get(str(version), ()), alias)
    return aliases


def _described(version: Any, aliases: Mapping[str, tuple[str, ...]] | None = None) -> RegisteredVersion:
    number = str(version.version)
    return RegisteredVersion(
        version=number,
        run_id=version.run_id,
        digest=_tag(version, DIGEST),
        created=datetime.fromtimestamp(version.creation_timestamp / 1000, tz=UTC),
        aliases=tuple(sorted(version.aliases if aliases is None else aliases.get(number, ()))),
        segment_ids=tuple(json.loads(_tag(version, SEGMENTS))),
        succeeds=version.tags.get(SUCCEEDS, ""),
        lineage=version.tags.get(LINEAGE, ""),
    )


def _descent(model: SegmentModel) -> dict[str, str]:
    """The tags of a version that continues another."""
    lineage = model.provenance.get("lineage")
    return {SUCCEEDS: lineage["incumbent"], LINEAGE: lineage["summary"][:LABEL_LIMIT]} if lineage else {}


def _tag(version: Any, key: str) -> str:
    try:
        value: str = version.tags[key]
    except KeyError:
        raise RegistryError(
            f"version {version.version} of {version.name!r} has no tag {key!r}: it was not registered by us"
        ) from None
    return value


def _labels(connection: Connection) -> dict[str, SegmentLabel]:
    tags = connection.client.get_registered_model(connection.location.model_name).tags
    found = {}
    for key, text in tags.items():
        if key.startswith(LABEL):
            try:
                found[key.removeprefix(LABEL)] = SegmentLabel(**json.loads(text))
            except (ValueError, TypeError) as error:
                raise RegistryError(f"the tag {key} cannot be read: rename the segment to mend it ({error})") from error
    return found


def _source(connection: Connection, version: str) -> str:
    source: str = connection.client.get_model_version_download_uri(connection.location.model_name, version)
    return source


def _load(connection: Connection, package: str, digest: str) -> SegmentModel:
    """Fetch the saved model out of its package, nothing else, and verify that it is the one expected."""
    with tempfile.TemporaryDirectory(prefix="segments-model-") as folder:
        try:
            place = connection.mlflow.artifacts.download_artifacts(
                artifact_uri=f"{package.rstrip('/')}/{SAVED_MODEL_PATH}",
                dst_path=folder,
                tracking_uri=connection.location.tracking_uri,
            )
        except connection.mlflow.exceptions.MlflowException as error:
            if is_unreachable(str(error)):
                raise
            raise ArtefactError(
                f"the files of the model are not in {package}: restore them or discover again"
            ) from error
        model = SegmentModel.load(Path(place))
    if model.digest != digest:
        raise ArtefactError(f"the stored model is {model.digest}, but {digest} was registered: discover again")
    return model


def _quotable(name: str) -> str:
    if "'" in name or '"' in name:
        raise RegistryError(f"the model name {name!r} has a quotation mark: choose another")
    return name
