"""Registered versions as MLflow entities: find them, read their tags and aliases, and load their models."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

from registry.connection import Connection, is_disk_full, is_unreachable
from registry.paging import every_page
from registry.versions.model_package import SAVED_MODEL_PATH
from segment_model.errors import ArtefactError, RegistryError
from segment_model.model import SegmentModel

CHAMPION = "champion"
VERSIONS_A_PAGE = 200

# Tags of a version
DIGEST = "digest"
SEGMENTS = "segment_ids"
COUNT = "segments"  # how many
AS_OF = "as_of"  # the moment of the vectors; no tag where their tables have no dates
SUCCEEDS = "succeeds"  # the digest of the version whose segments this one continues
LINEAGE = "lineage"  # the fate of those segments, in a line
VERDICT = "verdict"  # of the discovery; "no reproducible structure" where the settings force a model


def is_number(which: str) -> bool:
    """Whether a text names a version by its number, rather than by an alias."""
    return re.fullmatch(r"\d{1,18}", which) is not None  # more digits do not fit the database's integers


def find_version(connection: Connection, which: str) -> Any:
    """MLflow's entity of the version that an alias or version number names, with its aliases.

    Raises
    ------
    RegistryError
        If there is no such alias or version; the message lists those there are.
    """
    client, name = connection.client, connection.location.model_name
    try:
        if is_number(which):
            return client.get_model_version(name, which)
        return client.get_model_version_by_alias(name, which)
    except connection.mlflow.exceptions.MlflowException as error:
        if error.error_code not in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            raise
    versions = [str(version.version) for version in known_versions(connection)]
    aliases = sorted({alias for names in aliases_of(connection).values() for alias in names})
    raise RegistryError(
        f"the model {name!r} has no version or alias {which!r}. Versions: {', '.join(versions)}; aliases: "
        f"{', '.join(aliases) or 'none yet, set one by `segments promote VERSION`'}"
    )


def known_versions(connection: Connection) -> list[Any]:
    """As `all_versions`.

    Raises
    ------
    RegistryError
        If there is none.
    """
    versions = all_versions(connection)
    if not versions:
        name, place = connection.location.model_name, connection.location.shown
        raise RegistryError(f"the registry at {place} holds no model {name!r}: run `segments discover` first")
    return versions


def all_versions(connection: Connection) -> list[Any]:
    """MLflow's entity of every version, newest first."""
    query = f"name = '{quotable(connection.location.model_name)}'"
    versions = every_page(connection.client.search_model_versions, query, max_results=VERSIONS_A_PAGE)
    return sorted(versions, key=lambda version: -int(version.version))


def aliases_of(connection: Connection) -> dict[str, tuple[str, ...]]:
    """The aliases of each version that has any."""
    name = connection.location.model_name
    aliases: dict[str, tuple[str, ...]] = {}
    for model in connection.client.search_registered_models(f"name = '{quotable(name)}'"):
        for alias, version in model.aliases.items():
            aliases[str(version)] = (*aliases.get(str(version), ()), alias)
    return aliases


def tag_of(version: Any, key: str) -> str:
    """The text of a tag that every version registered by us has.

    Raises
    ------
    RegistryError
        If the version lacks the tag.
    """
    try:
        return str(version.tags[key])
    except KeyError:
        raise RegistryError(
            f"version {version.version} of {version.name!r} has no tag {key!r}: `segments discover` did not register "
            "it; name another version"
        ) from None


def segment_ids_of(version: Any) -> tuple[str, ...]:
    """The ids of a version's segments, in its order; none for a version that was not registered by us."""
    try:
        ids = json.loads(version.tags[SEGMENTS])
    except (KeyError, ValueError, RecursionError):
        return ()
    return tuple(ids) if isinstance(ids, list) and all(isinstance(segment_id, str) for segment_id in ids) else ()


def load_version(connection: Connection, version: Any, folder: Path | None = None) -> SegmentModel:
    """Fetch the model of a version, through `folder`.

    Raises
    ------
    ArtefactError
        As `load_package`.
    """
    source = connection.client.get_model_version_download_uri(connection.location.model_name, str(version.version))
    return load_package(connection, source, tag_of(version, DIGEST), folder)


def load_package(connection: Connection, package: str, digest: str, folder: Path | None = None) -> SegmentModel:
    """Fetch the saved model, without the rest of its package, and verify its digest.

    Raises
    ------
    ArtefactError
        If the stored model is incomplete, or another than the one that was registered.
    """
    with tempfile.TemporaryDirectory(prefix="segments-model-", dir=folder) as download:
        try:
            saved = connection.mlflow.artifacts.download_artifacts(
                artifact_uri=f"{package.rstrip('/')}/{SAVED_MODEL_PATH}",
                dst_path=download,
                tracking_uri=connection.location.tracking_uri,
            )
        except connection.mlflow.exceptions.MlflowException as error:
            if is_unreachable(str(error)) or is_disk_full(str(error)):
                raise
            raise ArtefactError(
                f"the files of the model are not in {package}: restore them or discover again"
            ) from error
        return SegmentModel.load(Path(saved), digest)


def quotable(name: str) -> str:
    """The model name, which may be quoted in a query.

    Raises
    ------
    RegistryError
        If it holds a quotation mark, which would end the quotation.
    """
    if "'" in name or '"' in name:
        raise RegistryError(f"the model name {name!r} has a quotation mark: choose another")
    return name
