"""Versions of a segment model: register, find, fetch; and the names people give its segments.

Names and notes are an overlay: one tag a segment on the registered model, so that two people renaming two segments
never undo each other, a name survives a retrain, and the digest-checked model is never touched.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from registry.connection import Connection, RegistryLocation, connected
from registry.runs.discovery_runs import logged_model_of
from registry.versions.entities import (
    DIGEST,
    aliases_of,
    all_versions,
    find_version,
    load_package,
    load_version,
    quotable,
    tag_of,
)
from segment_model.cards import SegmentLabel
from segment_model.errors import ArtefactError, RegistryError, nearest_word
from segment_model.model import SegmentModel

CHAMPION = "champion"
LABEL = "segment_label."
LABEL_LIMIT = 5000  # characters of JSON; what the registry's column holds
SEGMENTS = "segment_ids"
SUCCEEDS = "succeeds"  # the digest of the version whose segments this one continues
LINEAGE = "lineage"  # what became of them, in a line
VERDICT = "verdict"  # distinct groups, slices of a continuum, or nothing reproducible that was forced


@dataclass(frozen=True, slots=True)
class RegisteredVersion:
    """One version of the registered model; `segment_ids` in the model's order.

    succeeds : the digest of the model whose segments it continues, and lineage : what became of those, in a line; both
    empty for a first model. The whole lineage is in the model's provenance. verdict : what its discovery found; empty
    for a model without one.
    """

    version: str
    run_id: str
    digest: str
    created: datetime
    aliases: tuple[str, ...]
    segment_ids: tuple[str, ...]
    succeeds: str = ""
    lineage: str = ""
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class FetchedModel:
    """A model from the registry, under the names that its segments bear now; its digest is verified."""

    model: SegmentModel
    version: str
    run_id: str


@dataclass(frozen=True, slots=True)
class Standing:
    """What an alias or a version number stands for at this moment: enough to notice a change without a fetch."""

    version: str
    digest: str
    labels: Mapping[str, SegmentLabel]


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
        model = load_package(connection, logged.artifact_location, logged.tags[DIGEST])
        if not client.search_registered_models(f"name = '{quotable(name)}'"):
            client.create_registered_model(name)
        known = [version for version in all_versions(connection) if version.run_id == run_id]
        if known:
            return str(known[0].version)
        made = client.create_model_version(
            name,
            source=logged.artifact_location,
            run_id=run_id,
            model_id=logged.model_id,
            tags={
                DIGEST: model.digest,
                SEGMENTS: json.dumps(model.ids, ensure_ascii=False),
                **_descent(model),
                **_verdict(model),
            },
        )
        return str(made.version)


def find(location: RegistryLocation, which: str = CHAMPION) -> RegisteredVersion:
    """What an alias or version number names now, without fetching the model: one question to the registry.

    Raises
    ------
    RegistryError
        If there is no such alias or version; the message lists those there are.
    """
    with connected(location) as connection:
        return described(find_version(connection, which))


def standing(location: RegistryLocation, which: str = CHAMPION) -> Standing:
    """What to compare a served model with: two small questions to the registry.

    Raises
    ------
    RegistryError
        As `find`, or if a label cannot be read.
    """
    with connected(location) as connection:
        version = find_version(connection, which)
        return Standing(str(version.version), tag_of(version, DIGEST), _labels(connection))


def fetch(location: RegistryLocation, which: str = CHAMPION, folder: Path | None = None) -> FetchedModel:
    """Fetch a model by alias ("champion") or version ("3"), with its digest verified and the overlay applied.

    Its files pass through `folder`, by default the system's place for temporary files; none is left there.

    Raises
    ------
    RegistryError
        If there is no such alias or version, or the registry does not answer.
    ArtefactError
        If the stored model is incomplete, or another than the one that was registered.
    """
    with connected(location) as connection:
        found = find_version(connection, which)
        model = load_version(connection, found, folder)
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
        promoted = any(CHAMPION in names for names in aliases_of(connection).values())
    return fetch(location) if promoted else None


def list_versions(location: RegistryLocation) -> list[RegisteredVersion]:
    """All versions, newest first; empty where nothing is registered yet."""
    with connected(location) as connection:
        aliases = aliases_of(connection)
        return [described(version, aliases) for version in all_versions(connection)]


def labels(location: RegistryLocation) -> dict[str, SegmentLabel]:
    """The names and notes that people gave, by segment id.

    Raises
    ------
    RegistryError
        If nothing is registered, or a label was edited by hand into something unreadable.
    """
    with connected(location) as connection:
        return _labels(connection)


def rename_segment(location: RegistryLocation, segment_id: str, name: str, notes: str = "") -> str:
    """Name a segment, in every version that has it, past ones and those to come. The last one to name it wins.

    Returns a remark, empty but where the model cannot be read (its files are lost or changed, or a newer version of the
    software wrote them): then only names that people gave could be compared.

    Raises
    ------
    RegistryError
        If no version has the segment, another segment beside it bears the name, the name is empty, or name and notes
        are too long.
    """
    label = json.dumps({"name": name.strip(), "notes": notes}, ensure_ascii=False)
    if not name.strip():
        raise RegistryError(f"the name of the segment {segment_id} is empty: give it one")
    if len(label) > LABEL_LIMIT:
        raise RegistryError(f"name and notes take {len(label):,} characters; the registry holds {LABEL_LIMIT:,}")
    with connected(location) as connection:
        versions = all_versions(connection)
        known = {one for version in versions for one in json.loads(tag_of(version, SEGMENTS))}
        if segment_id not in known:
            raise RegistryError(
                f"no version of {location.model_name!r} has a segment {segment_id!r}.{nearest_word(segment_id, known)}"
                f" Known: {', '.join(sorted(known)) or 'none'}"
            )
        beside, remark = _names_beside(connection, versions, segment_id)
        for other, shown in beside.items():
            if shown.casefold() == name.strip().casefold():
                raise RegistryError(
                    f"{shown!r} is the name of the segment {other} already: give {segment_id} another, or rename that "
                    "one first"
                )
        connection.client.set_registered_model_tag(location.model_name, f"{LABEL}{segment_id}", label)
        return remark


def described(version: Any, aliases: Mapping[str, tuple[str, ...]] | None = None) -> RegisteredVersion:
    """An entity of MLflow in our words; entities that came in a list lack their aliases."""
    number = str(version.version)
    return RegisteredVersion(
        version=number,
        run_id=version.run_id,
        digest=tag_of(version, DIGEST),
        created=datetime.fromtimestamp(version.creation_timestamp / 1000, tz=UTC),
        aliases=tuple(sorted(version.aliases if aliases is None else aliases.get(number, ()))),
        segment_ids=tuple(json.loads(tag_of(version, SEGMENTS))),
        succeeds=version.tags.get(SUCCEEDS, ""),
        lineage=version.tags.get(LINEAGE, ""),
        verdict=version.tags.get(VERDICT, ""),
    )


def _descent(model: SegmentModel) -> dict[str, str]:
    """The tags of a version that continues another."""
    lineage = model.provenance.get("lineage")
    return {SUCCEEDS: lineage["incumbent"], LINEAGE: lineage["summary"][:LABEL_LIMIT]} if lineage else {}


def _verdict(model: SegmentModel) -> dict[str, str]:
    """The tag of a version whose discovery ended in a verdict."""
    verdict = model.provenance.get("verdict")
    return {VERDICT: verdict["verdict"]} if verdict else {}


def _names_beside(connection: Connection, versions: Sequence[Any], segment_id: str) -> tuple[dict[str, str], str]:
    """The names of the other segments by id: in the champion where it has the segment, else in the newest that has.

    Of a model that cannot be read only the names that people gave; then with a remark that says so and why.
    """
    aliases = aliases_of(connection)
    bearing = [version for version in versions if segment_id in json.loads(tag_of(version, SEGMENTS))]
    champion = [version for version in bearing if CHAMPION in aliases.get(str(version.version), ())]
    version, remark = [*champion, *bearing][0], ""
    try:
        names = {card.id: card.name for card in load_version(connection, version).discovered_cards}
    except ArtefactError as error:
        names = {}
        remark = f"version {version.version} cannot be read, so only names that people gave were compared: {error}"
    for one, text in _label_texts(connection).items():
        if one in json.loads(tag_of(version, SEGMENTS)):
            with suppress(ValueError, TypeError):  # it says nothing that can be read, so no name either
                names[one] = _label(text).name
    names.pop(segment_id, None)
    return names, remark


def _labels(connection: Connection) -> dict[str, SegmentLabel]:
    found = {}
    for one, text in _label_texts(connection).items():
        try:
            found[one] = _label(text)
        except (ValueError, TypeError) as error:
            raise RegistryError(
                f"the tag {LABEL}{one} cannot be read: rename the segment to mend it ({error})"
            ) from error
    return found


def _label_texts(connection: Connection) -> dict[str, str]:
    tags = connection.client.get_registered_model(connection.location.model_name).tags
    return {key.removeprefix(LABEL): text for key, text in tags.items() if key.startswith(LABEL)}


def _label(text: str) -> SegmentLabel:
    """What a tag says; a ValueError or TypeError where it says nothing that we wrote."""
    try:
        label = SegmentLabel(**json.loads(text))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(label.name, str) or not isinstance(label.notes, str):
        raise TypeError("name and notes are texts")
    return label
