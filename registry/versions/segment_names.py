"""Names and notes that people give to segments: an overlay, kept as one tag a segment on the registered model.

So two people may rename two segments at once, a name survives a retrain, and the digest-checked model never changes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from registry.connection import Connection, RegistryLocation, connected
from registry.versions.entities import CHAMPION, SEGMENTS, TAG_LIMIT, aliases_of, all_versions, load_version, tag_of
from segment_model.cards import SegmentLabel
from segment_model.errors import ArtefactError, RegistryError, nearest_word

LABEL = "segment_label."


def labels(location: RegistryLocation) -> dict[str, SegmentLabel]:
    """The names and notes that people gave, by segment id.

    Raises
    ------
    RegistryError
        If nothing is registered, or a label was edited by hand into something unreadable.
    """
    with connected(location) as connection:
        return labels_of(connection)


def rename_segment(location: RegistryLocation, segment_id: str, name: str, notes: str = "") -> str:
    """Name a segment, in every past and future version that has it; a later name replaces an earlier one.

    Returns a remark, which is empty unless the model cannot be read (its files are lost or changed, or a newer version
    of the software wrote them), so that only names that people gave could be compared.

    Raises
    ------
    RegistryError
        If no version has the segment, another segment of the same model bears the name, the name is empty, or name and
        notes are too long.
    """
    label = json.dumps({"name": name.strip(), "notes": notes}, ensure_ascii=False)
    if not name.strip():
        raise RegistryError(f"the name of the segment {segment_id} is empty: give it one")
    if len(label) > TAG_LIMIT:
        raise RegistryError(f"name and notes take {len(label):,} characters; the registry holds {TAG_LIMIT:,}")
    with connected(location) as connection:
        versions = all_versions(connection)
        known = {known_id for version in versions for known_id in json.loads(tag_of(version, SEGMENTS))}
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


def _names_beside(connection: Connection, versions: Sequence[Any], segment_id: str) -> tuple[dict[str, str], str]:
    """The names of the other segments by id, and a remark.

    The names are those of the champion if it has the segment, else of the newest version that has it. If that model
    cannot be read, only the names that people gave are known, and the remark says why; else the remark is empty.
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
    for labelled_id, text in _label_texts(connection).items():
        if labelled_id in json.loads(tag_of(version, SEGMENTS)):
            with suppress(ValueError, TypeError):  # a label that cannot be read holds no name
                names[labelled_id] = _label(text).name
    names.pop(segment_id, None)
    return names, remark


def labels_of(connection: Connection) -> dict[str, SegmentLabel]:
    """The names and notes that people gave, by segment id, over an open connection.

    Raises
    ------
    RegistryError
        If a label cannot be read.
    """
    labels = {}
    for segment_id, text in _label_texts(connection).items():
        try:
            labels[segment_id] = _label(text)
        except (ValueError, TypeError) as error:
            raise RegistryError(
                f"the tag {LABEL}{segment_id} cannot be read: rename the segment to mend it ({error})"
            ) from error
    return labels


def _label_texts(connection: Connection) -> dict[str, str]:
    tags = connection.client.get_registered_model(connection.location.model_name).tags
    return {key.removeprefix(LABEL): text for key, text in tags.items() if key.startswith(LABEL)}


def _label(text: str) -> SegmentLabel:
    """The label that a tag holds; a ValueError or TypeError where it holds none."""
    try:
        label = SegmentLabel(**json.loads(text))
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(label.name, str) or not isinstance(label.notes, str):
        raise TypeError("name and notes are texts")
    return label
